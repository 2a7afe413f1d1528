// Runs in a browser, in a page of another origin than the ingress: calls the tour with connect-web and with the
// descriptors that codegen wrote, and posts what came of it to the page's own server. The expectations are in
// typed.test.ts.

import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import {
  Signup,
  SignupWithEventsWorkflow,
  SignupWorkflow,
  UserService,
} from "@perdure/example-tour/gen/es/tour/v1/tour_pb.js";
import { FailureDetailSchema, Ingress } from "@perdure/proto/ingress/v1/ingress";

// Tests are compiled without the DOM's types; of those, this is all that the page needs.
const { search } = (globalThis as unknown as { location: { search: string } }).location;
const baseUrl = new URLSearchParams(search).get("ingress") ?? "";

const transports: Record<string, Transport> = {
  "Connect with JSON": createConnectTransport({ baseUrl, useBinaryFormat: false }),
  Connect: createConnectTransport({ baseUrl, useBinaryFormat: true }),
  "gRPC-Web": createGrpcWebTransport({ baseUrl }),
};
const user = { name: "Ada", email: "ada@mail.com" };

const checks: Record<string, (transport: Transport, key: string) => Promise<unknown>> = {
  async workflow(transport, key) {
    const client = createClient(SignupWorkflow, transport);
    const { newlyAccepted } = await client.submit({ key, input: user });
    const { output } = await client.attach({ key });
    const { ready } = await client.output({ key });
    return { newlyAccepted, success: output?.success, ready };
  },

  async headers(transport, key) {
    const client = createClient(UserService, transport);
    let id: string | null = null;
    const options = {
      headers: { "idempotency-key": key },
      onHeader: (headers: Headers) => (id = headers.get("x-restate-id")),
    };
    const first = await client.createUser({ input: { userId: key, user } }, options);
    const second = await client.createUser({ input: { userId: key, user } }, options);
    return [first.output, first.invocationId === second.invocationId, id === second.invocationId];
  },

  async failure(transport, key) {
    const client = createClient(SignupWithEventsWorkflow, transport);
    await client.run({ key, input: { name: "", email: "" } });
    const error = await errorOf(client.waitForUserCreation({ key }));
    const [detail] = error.findDetails(FailureDetailSchema);
    return { code: Code[error.code], message: error.rawMessage, detail: detail?.code };
  },

  async refusal(transport) {
    const error = await errorOf(createClient(SignupWorkflow, transport).output({ key: "" }));
    return [Code[error.code], error.metadata.get("x-perdure-error-code")];
  },

  async deadline(transport, key) {
    const client = createClient(Signup, transport);
    const waiting = client.run({ key, input: { email: user.email } }, { timeoutMs: 200 });
    return Code[(await errorOf(waiting)).code];
  },

  async watch(transport, key) {
    const target = { case: "workflow" as const, value: { workflow: "SignupWorkflow", key } };
    await createClient(SignupWorkflow, transport).submit({ key, input: user });
    const told: unknown[] = [];
    const messages = createClient(Ingress, transport).watch({ invocation: { target } });
    for await (const { event } of messages) {
      if (event.case === "stepRecorded") told.push(event.value.name);
    }
    return told;
  },
};

async function errorOf(answer: Promise<unknown>): Promise<ConnectError> {
  return answer.then(
    (value) => new ConnectError(`no error, but ${String(value)}`),
    (error: unknown) => ConnectError.from(error),
  );
}

const found: Record<string, unknown> = {};
for (const [name, transport] of Object.entries(transports)) {
  for (const [what, check] of Object.entries(checks)) {
    const answer = check(transport, `${what} ${name}`);
    found[`${what} over ${name}`] = await answer.catch((error: unknown) => String(error));
  }
}
await fetch("/report", { method: "POST", body: JSON.stringify(found) });
