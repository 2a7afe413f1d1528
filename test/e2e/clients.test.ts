// Two clients against the real ingress: our own, and the one that users of the field's reference system have, from
// npm and unchanged. The same tests for both.

import { connect as connectOurs, HttpCallError as OurError, rpc as ourRpc } from "@perdure/clients";
import {
  connect as connectTheirs,
  HttpCallError as TheirError,
  rpc as theirRpc,
} from "@restatedev/restate-sdk-clients";
import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";

const bed = useBed("after all");
let gates: Gates;
let url = "";

beforeAll(async () => {
  gates = await bed.openGates();
  const [server, services] = await Promise.all([
    bed.startServer(),
    bed.startServices({ modules: ["greeter"], env: { PERDURE_TEST_GATES: gates.url } }),
  ]);
  await server.register(services.url);
  url = server.ingress.url;
});

interface Greeter {
  greet(ctx: unknown, name: string): Promise<string>;
  nothing(ctx: unknown): Promise<void>;
  once(ctx: unknown, gate: string): Promise<number>;
  refuse(ctx: unknown, code: number): Promise<never>;
}
interface Counter {
  add(ctx: unknown, by: number): Promise<number>;
  get(ctx: unknown): Promise<number>;
}
interface Signup {
  run(ctx: unknown, user: { name: string }): Promise<{ name: string; key: string; secret: string }>;
  verify(ctx: unknown, secret: string): Promise<void>;
  isVerified(ctx: unknown): Promise<boolean>;
}

const greeter = { name: "Greeter" };
const counter = { name: "Counter" };
const signup = { name: "Signup" };

/** What both offer, as far as it is the same. Each client's own types are checked where it is made. */
interface Clients {
  readonly greeter: any;
  readonly greeterSend: any;
  counter(key: string): any;
  counterSend(key: string): any;
  signup(key: string): any;
  result(handle: any): Promise<any>;
  readonly opts: (options: any) => any;
  readonly sendOpts: (options: any) => any;
  readonly errorClass: typeof OurError | typeof TheirError;
}

const makers: Record<string, () => Clients> = {
  "@perdure/clients": () => {
    const ingress = connectOurs({ url });
    return {
      greeter: ingress.serviceClient<Greeter>(greeter),
      greeterSend: ingress.serviceSendClient<Greeter>(greeter),
      counter: (key) => ingress.objectClient<Counter>(counter, key),
      counterSend: (key) => ingress.objectSendClient<Counter>(counter, key),
      signup: (key) => ingress.workflowClient<Signup>(signup, key),
      result: (handle) => ingress.result(handle),
      opts: ourRpc.opts,
      sendOpts: ourRpc.sendOpts,
      errorClass: OurError,
    };
  },
  "@restatedev/restate-sdk-clients": () => {
    const ingress = connectTheirs({ url });
    return {
      greeter: ingress.serviceClient<Greeter>(greeter),
      greeterSend: ingress.serviceSendClient<Greeter>(greeter),
      counter: (key) => ingress.objectClient<Counter>(counter, key),
      counterSend: (key) => ingress.objectSendClient<Counter>(counter, key),
      signup: (key) => ingress.workflowClient<Signup>(signup, key),
      result: (handle) => ingress.result(handle),
      opts: theirRpc.opts,
      sendOpts: theirRpc.sendOpts,
      errorClass: TheirError,
    };
  },
};

describe.each(Object.keys(makers))("%s", (name) => {
  let clients: Clients;
  const key = (suffix: string): string => `${name} ${suffix}`;

  beforeAll(() => {
    const made = makers[name]?.();
    if (made === undefined) throw new Error(`no client ${name}`);
    clients = made;
  });

  test("calls services and objects", async () => {
    const results = [
      await clients.greeter.greet("Ada"),
      await clients.greeter.nothing(),
      await clients.counter(key("a/b")).add(2),
      await clients.counter(key("a/b")).add(3),
      await clients.counter(key("a/b")).get(),
    ];

    expect(results).toEqual(["Hi Ada", undefined, 2, 5, 5]);
  });

  test("calls once for each idempotency key", async () => {
    const gate = key("once");
    const options = clients.opts({ idempotencyKey: gate });

    const first = await clients.greeter.once(gate, options);
    const second = await clients.greeter.once(gate, options);

    expect(second).toBe(first);
    expect(gates.count(gate)).toBe(1);
  });

  test("sends, and waits for the result of what was sent", async () => {
    const handle = await clients.greeterSend.greet(
      "Bo",
      clients.sendOpts({ idempotencyKey: key("send") }),
    );
    const again = await clients.greeterSend.greet(
      "Bo",
      clients.sendOpts({ idempotencyKey: key("send") }),
    );

    expect(handle).toMatchObject({ status: "Accepted", attachable: true });
    expect(again).toMatchObject({
      status: "PreviouslyAccepted",
      invocationId: handle.invocationId,
    });
    expect(await clients.result(handle)).toBe("Hi Bo");
  });

  test("sends with a delay", async () => {
    const before = Date.now();
    const options = clients.sendOpts({ delay: 120, idempotencyKey: key("later") });
    const handle = await clients.counterSend(key("later")).add(1, options);

    const result = await clients.result(handle);

    expect(result).toBe(1);
    expect(Date.now() - before).toBeGreaterThanOrEqual(115);
  });

  test("submits a workflow, looks for its output, calls its handlers and attaches", async () => {
    const client = clients.signup(key("wf"));
    const submission = await client.workflowSubmit({ name: "Ada" });
    const again = await client.workflowSubmit({ name: "Bo" });
    const early = await client.workflowOutput();
    const before = await client.isVerified();
    const attached = client.workflowAttach();
    await client.verify("s3");

    const expected = { name: "Ada", key: key("wf"), secret: "s3" };
    expect(submission).toMatchObject({ status: "Accepted", attachable: true });
    expect(again).toMatchObject({
      status: "PreviouslyAccepted",
      invocationId: submission.invocationId,
    });
    expect([early.ready, before]).toEqual([false, false]);
    expect(await attached).toEqual(expected);
    expect(await clients.result(submission)).toEqual(expected);
    const late = await client.workflowOutput();
    expect([late.ready, late.result, await client.isVerified()]).toEqual([true, expected, true]);
  });

  test("tells how a call failed", async () => {
    const failed = await clients.greeter.refuse(422).catch((error: unknown) => error);
    const unknown = await clients
      .signup(key("nobody"))
      .workflowAttach()
      .catch((error: unknown) => error);

    expect(failed).toBeInstanceOf(clients.errorClass);
    expect([failed.status, unknown.status]).toEqual([422, 404]);
    expect(JSON.parse(failed.responseText)).toMatchObject({
      message: "no such luck",
      metadata: { plan: "gold" },
      source: "invocation",
    });
  });
});
