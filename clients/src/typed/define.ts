// `defineService`, `defineObject`, `defineWorkflow`: what generated clients call. All behaviour is here and in the
// requests that every client makes; generated code is data.

import type { Output, Send } from "../client-types.js";
import type { Connection } from "../connection.js";
import { keyOf } from "../definition-name.js";
import { ClientError, ClientErrorCode } from "../errors.js";
import type { ScopedIngress } from "../ingress.js";
import { linkOf, type IngressLink } from "../ingress-link.js";
import { callHandler, sendToHandler, type HandlerRequest } from "../requests.js";
import { attach, output, type ResultTarget } from "../results.js";
import type { MaybeSerde } from "../values.js";
import type {
  HandlerData,
  ObjectClient,
  ServiceClient,
  ServiceData,
  Submission,
  WorkflowClient,
} from "./client-types.js";
import { descriptorOf } from "./handler-serdes.js";
import { checkedOptions, type AttachOptions } from "./options.js";

/** Makes the clients of a service. For generated code. */
export function defineService<Calls extends object, Sends extends object>(
  data: ServiceData,
): ServiceClient<Calls, Sends> {
  return callable(
    (ingress) => callsOf(data, linkOf(ingress), undefined),
    (ingress) => sendsOf(data, linkOf(ingress), undefined),
  ) as unknown as ServiceClient<Calls, Sends>;
}

/** Makes the clients of a virtual object. For generated code. */
export function defineObject<Calls extends object, Sends extends object>(
  data: ServiceData,
): ObjectClient<Calls, Sends> {
  return callable(
    (ingress, key) => callsOf(data, linkOf(ingress), keyOf(data.name, key)),
    (ingress, key) => sendsOf(data, linkOf(ingress), keyOf(data.name, key)),
  ) as unknown as ObjectClient<Calls, Sends>;
}

/** Makes the client of a workflow. For generated code. */
export function defineWorkflow<Calls extends object>(data: ServiceData): WorkflowClient<Calls> {
  const { run = {}, ...shared } = data.handlers;
  return ((ingress: ScopedIngress, givenKey: string) => {
    const link = linkOf(ingress);
    const key = keyOf(data.name, givenKey);
    const { connection, scope } = link;
    const result = resultsOf(
      connection,
      { target: "workflow", workflowName: data.name, workflowKey: key, scope },
      descriptorOf(run)._outputSerde,
    );
    return {
      ...callsOf({ name: data.name, handlers: shared }, link, key),
      submit: async (...args: unknown[]) => {
        const request = requestOf(data, link, key, "run", run, "submit", args);
        return submissionOf(connection, await sendToHandler(connection, request, true), request);
      },
      attach: result.attach,
      output: result.output,
    };
  }) as unknown as WorkflowClient<Calls>;
}

type Make = (ingress: ScopedIngress, key?: string) => object;

function callable(calls: Make, send: Make): object {
  return Object.assign((ingress: ScopedIngress, key?: string) => calls(ingress, key), { send });
}

function callsOf(data: ServiceData, link: IngressLink, key: string | undefined): object {
  return methodsOf(data, (name, handler) => async (...args) => {
    const request = requestOf(data, link, key, name, handler, name, args);
    return callHandler(link.connection, request);
  });
}

function sendsOf(data: ServiceData, link: IngressLink, key: string | undefined): object {
  return methodsOf(data, (name, handler) => async (...args) => {
    const request = requestOf(data, link, key, name, handler, name, args);
    const { connection } = link;
    return submissionOf(connection, await sendToHandler(connection, request), request);
  });
}

function methodsOf(
  { handlers }: ServiceData,
  method: (name: string, handler: HandlerData) => (...args: unknown[]) => Promise<unknown>,
): object {
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [name, method(name, handler)]),
  );
}

/** @throws ClientError  PDR5303: options that are none */
function requestOf(
  { name: service }: ServiceData,
  { scope }: IngressLink,
  key: string | undefined,
  handler: string,
  data: HandlerData,
  method: string,
  args: readonly unknown[],
): HandlerRequest {
  const [input, options] = data.input === false ? [undefined, args[0]] : args;
  return {
    target: { service, key, handler, scope },
    input,
    options: passedOn(checkedOptions(method, options)),
    declared: descriptorOf(data),
  };
}

/** What is an option here, and nothing that the requests would take beside it. */
function passedOn(options: ReturnType<typeof checkedOptions>): HandlerRequest["options"] {
  const { headers, timeout, signal, idempotencyKey, limitKey, delay } = options;
  return { headers, timeout, signal, idempotencyKey, limitKey, delay };
}

interface Results {
  readonly attach: (options?: AttachOptions) => Promise<unknown>;
  readonly output: (options?: AttachOptions) => Promise<Output<unknown>>;
}

function resultsOf(connection: Connection, target: ResultTarget, declared: MaybeSerde): Results {
  const requestWith = (method: string, given: AttachOptions | undefined) => {
    const { headers, timeout, signal } = checkedOptions(method, given);
    return { target, declared, options: { headers, timeout, signal } };
  };
  return {
    attach: async (options) => attach(connection, requestWith("attach", options)),
    output: async (options) => output(connection, requestWith("output", options)),
  };
}

/** Shown, compared and written as JSON, it is what the ingress said: its methods can't be seen. */
function submissionOf(
  connection: Connection,
  send: Send,
  { declared }: HandlerRequest,
): Submission {
  const { invocationId, attachable } = send;
  const target: ResultTarget = { target: "invocation", invocationId };
  const results = resultsOf(connection, target, declared?._outputSerde);
  const kept = <Args extends readonly unknown[], R>(ask: (...args: Args) => Promise<R>) => ({
    value: async (...args: Args) => {
      if (attachable) return ask(...args);
      throw new ClientError(
        ClientErrorCode.notKept,
        `nobody keeps the result of ${invocationId}, since it was sent without an idempotency key. Send it with { idempotencyKey: "…" }, and it is kept`,
      );
    },
  });
  return Object.defineProperties(send, {
    attach: kept(results.attach),
    output: kept(results.output),
  }) as Submission;
}
