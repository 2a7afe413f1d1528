// What generated clients send, and what they make of the answers. The definitions are as codegen writes them.

import { describe, expect, expectTypeOf, test } from "vitest";
import type { Output } from "../client-types.js";
import { connect } from "../connect.js";
import { ClientError, HttpCallError } from "../errors.js";
import { errorOf, inTurn, json, silence, startIngress } from "../ingress.fixture.js";
import { rpc } from "../options.js";
import type { ObjectClient, ServiceClient, Submission, WorkflowClient } from "./client-types.js";
import { defineObject, defineService, defineWorkflow } from "./define.js";
import type { AttachOptions, CallOptions, SendOptions, SubmitOptions } from "./options.js";

const dateSchema = { type: "string", format: "date-time", "x-perdure-type": "Date" };
const bigintSchema = { type: "string", "x-perdure-type": "bigint" };
const userSchema = {
  $ref: "#/$defs/User",
  $defs: {
    User: {
      type: "object",
      properties: { name: { type: "string" }, born: dateSchema },
      required: ["name", "born"],
    },
  },
};

interface User {
  name: string;
  born: Date;
}

interface CounterClient {
  add(input: number, options?: CallOptions): Promise<bigint>;
  get(options?: CallOptions): Promise<number>;
  toString(options?: CallOptions): Promise<string>;
}
interface CounterSendClient {
  add(input: number, options?: SendOptions): Promise<Submission<bigint>>;
  get(options?: SendOptions): Promise<Submission<number>>;
}
const counter: ObjectClient<CounterClient, CounterSendClient> = defineObject({
  name: "Counter",
  handlers: {
    add: { output: bigintSchema },
    get: { input: false },
    // `as const`: the compiler takes the name for the method that every object has, and not for a handler.
    toString: { input: false as const },
  },
});

interface FilesClient {
  turn(input: Uint8Array, options?: CallOptions): Promise<Uint8Array>;
  greet(input?: string, options?: CallOptions): Promise<string>;
}
interface FilesSendClient {
  greet(input?: string, options?: SendOptions): Promise<Submission<string>>;
}
const files: ServiceClient<FilesClient, FilesSendClient> = defineService({
  name: "Files",
  handlers: { turn: { inputBytes: true, outputBytes: true }, greet: {} },
});

interface SignupClient {
  submit(input: User, options?: SubmitOptions): Promise<Submission<User>>;
  attach(options?: AttachOptions): Promise<User>;
  output(options?: AttachOptions): Promise<Output<User>>;
  verifyEmail(input: { secret: string }, options?: CallOptions): Promise<void>;
}
const signup: WorkflowClient<SignupClient> = defineWorkflow({
  name: "Signup",
  handlers: { run: { input: userSchema, output: userSchema }, verifyEmail: {} },
});

const user = { name: "Ada", born: new Date("1815-12-10T00:00:00.000Z") };
const userJson = { name: "Ada", born: "1815-12-10T00:00:00.000Z" };
const accepted = { invocationId: "inv_1", status: "Accepted" };

describe("a generated client of an object", () => {
  test("calls its handlers by key, with values of their types", async () => {
    const ingress = await startIngress(() => json("9007199254740993"));
    const client = counter(connect({ url: ingress.url }), "a/b");

    expect(await client.add(2)).toBe(9_007_199_254_740_993n);
    expect(ingress.requests[0]).toMatchObject({
      method: "POST",
      path: "/restate/call/Counter/a%2Fb/add",
      body: "2",
      headers: { "content-type": "application/json" },
    });
  });

  test("sends its options beside the input, or alone where there is none", async () => {
    const ingress = await startIngress(() => json("1"));
    const client = counter(connect({ url: ingress.url }).scope("acme"), "k");
    await client.add(1, {
      idempotencyKey: "once",
      limitKey: "tenant",
      headers: { "x-by": "test" },
    });
    await client.get({ idempotencyKey: "twice" });

    const [add, get] = ingress.requests;
    expect(add).toMatchObject({
      path: "/restate/scope/acme/call/Counter/k/add",
      body: "1",
      headers: {
        "idempotency-key": "once",
        "x-restate-limit-key": "tenant",
        "x-by": "test",
      },
    });
    expect(get).toMatchObject({ path: "/restate/scope/acme/call/Counter/k/get", body: "" });
    expect(get?.headers).toMatchObject({ "idempotency-key": "twice" });
    expect(get?.headers).not.toHaveProperty("content-type");
  });

  test("reaches handlers whose names every object has", async () => {
    const ingress = await startIngress(() => json("hello"));
    expect(await counter(connect({ url: ingress.url }), "k").toString()).toBe("hello");
    expect(ingress.requests[0]?.path).toBe("/restate/call/Counter/k/toString");
  });

  test("sends, with a delay, and attaches to what it sent", async () => {
    const ingress = await startIngress(inTurn(json(accepted), json("5")));
    const connection = connect({ url: ingress.url });
    const sent = await counter
      .send(connection, "k")
      .add(1, { delay: { seconds: 5 }, idempotencyKey: "once" });

    expect(ingress.requests[0]?.path).toBe("/restate/send/Counter/k/add?delay=5000ms");
    expect(sent).toStrictEqual({ ...accepted, attachable: true });
    expect(JSON.parse(JSON.stringify(sent))).toEqual({ ...accepted, attachable: true });
    expect(await sent.attach()).toBe(5n);
    expect(await connection.result(sent)).toBe(5n);
    expect(ingress.requests[1]).toMatchObject({
      path: "/restate/attach",
      body: JSON.stringify({ target: "invocation", invocationId: "inv_1" }),
    });
  });

  test("says that nobody keeps the result of what was sent without an idempotency key", async () => {
    const ingress = await startIngress(() => json(accepted));
    const sent = await counter.send(connect({ url: ingress.url }), "k").get();

    for (const asked of [sent.attach(), sent.output()]) {
      const error = await errorOf(asked);
      expect(error).toBeInstanceOf(ClientError);
      expect(error).toMatchObject({ code: "PDR5304" });
      expect((error as Error).message).toContain("inv_1, since it was sent without an idempotency");
    }
    expect(ingress.requests).toHaveLength(1);
  });

  test("rejects with the failure of the handler", async () => {
    const failure = { code: 409, message: "empty", source: "invocation", errorCode: "PDR3030" };
    const ingress = await startIngress(() => json(failure, 409));
    const error = await errorOf(counter(connect({ url: ingress.url }), "k").get());
    expect(error).toBeInstanceOf(HttpCallError);
    expect(error).toMatchObject({ status: 409, code: 409, source: "invocation" });
    expect((error as Error).message).toContain("calling Counter/k/get failed");
  });

  test("ends a wait when its signal aborts, or its timeout is over", async () => {
    const controller = new AbortController();
    const ingress = await startIngress(() => {
      controller.abort();
      return silence;
    });
    const client = counter(connect({ url: ingress.url }), "k");
    const { signal } = controller;
    expect(await errorOf(client.add(1, { signal }))).toMatchObject({ name: "AbortError" });
    expect(await errorOf(client.get({ timeout: 20 }))).toMatchObject({ name: "TimeoutError" });
  });
});

describe("a generated client of a service", () => {
  test("has no key, and takes bytes as they are", async () => {
    const bytes = new Uint8Array([104, 105]);
    const ingress = await startIngress(() => ({ body: new Uint8Array([1, 255]) }));
    const turned = await files(connect({ url: ingress.url })).turn(bytes);
    expect(turned).toEqual(new Uint8Array([1, 255]));
    expect(ingress.requests[0]).toMatchObject({
      path: "/restate/call/Files/turn",
      body: "hi",
      headers: { "content-type": "application/octet-stream" },
    });
  });

  test("may leave out an input, also before options", async () => {
    const ingress = await startIngress(() => json("hi"));
    const client = files(connect({ url: ingress.url }));
    await client.greet();
    await client.greet(undefined, { idempotencyKey: "k" });
    expect(ingress.requests.map(({ body }) => body)).toEqual(["", ""]);
    expect(ingress.requests[1]?.headers).toMatchObject({ "idempotency-key": "k" });
  });

  test("uses the connection's serde where plain JSON would do", async () => {
    const ingress = await startIngress(() => json("HI"));
    const serde = {
      contentType: "application/json",
      serialize: (value: unknown) => Buffer.from(JSON.stringify(value).toUpperCase()),
      deserialize: (bytes: Uint8Array) => Buffer.from(bytes).toString().toLowerCase(),
    };
    const connection = connect({ url: ingress.url, serde });
    expect(await files(connection).greet("ada")).toBe('"hi"');
    expect(ingress.requests[0]?.body).toBe('"ADA"');
  });
});

describe("a generated client of a workflow", () => {
  test("submits the run, attaches to it and looks for its output", async () => {
    const notReady = { status: 470, body: "{}" };
    const ingress = await startIngress(
      inTurn(json(accepted), json(userJson), notReady, json(userJson), json(userJson)),
    );
    const client = signup(connect({ url: ingress.url }), "ada");

    const submission = await client.submit(user, { delay: 1_000 });
    expect(submission).toEqual({ ...accepted, attachable: true });
    expect(await client.attach()).toEqual(user);
    expect(await client.output()).toEqual({ ready: false, result: undefined });
    expect(await client.output()).toEqual({ ready: true, result: user });
    expect(await submission.attach()).toEqual(user);
    const target = JSON.stringify({
      target: "workflow",
      workflowName: "Signup",
      workflowKey: "ada",
    });
    expect(ingress.requests.map(({ path, body }) => [path, body])).toEqual([
      ["/restate/send/Signup/ada/run?delay=1000ms", JSON.stringify(userJson)],
      ["/restate/attach", target],
      ["/restate/output", target],
      ["/restate/output", target],
      ["/restate/attach", JSON.stringify({ target: "invocation", invocationId: "inv_1" })],
    ]);
  });

  test("calls its other handlers, and has no method for the run", async () => {
    const ingress = await startIngress(() => ({}));
    const client = signup(connect({ url: ingress.url }).scope("acme"), "ada");
    await client.verifyEmail({ secret: "s" });
    expect(ingress.requests[0]?.path).toBe("/restate/scope/acme/call/Signup/ada/verifyEmail");
    expect(Object.keys(client).sort()).toEqual(["attach", "output", "submit", "verifyEmail"]);
  });

  test("of a scope waits for the workflow of that scope", async () => {
    const ingress = await startIngress(() => json(userJson));
    await signup(connect({ url: ingress.url }).scope("acme"), "ada").attach({
      headers: { "x-by": "test" },
    });
    expect(ingress.requests[0]?.body).toContain('"scope":"acme"');
    expect(ingress.requests[0]?.headers).toMatchObject({ "x-by": "test" });
  });
});

describe("misuses are told before anything is sent", () => {
  const unused = connect({ url: "http://127.0.0.1:1" });

  test.each<[string, () => unknown, string, RegExp]>([
    [
      "no ingress",
      () => counter({} as never, "k"),
      "PDR5305",
      /was given another object: pass what/,
    ],
    ["a url", () => counter("http://x" as never, "k"), "PDR5305", /was given a string/],
    ["no ingress for sends", () => files.send(undefined as never), "PDR5305", /given a undefined/],
    [
      "no key",
      () => counter(unused, undefined as never),
      "PDR5303",
      /client of Counter needs a key/,
    ],
    ["no key of a workflow", () => signup(unused, 5 as never), "PDR5303", /Signup needs a key/],
  ])("%s", (_, misuse, code, message) => {
    expect(misuse).toThrow(expect.objectContaining({ name: "ClientError", code }));
    expect(misuse).toThrow(message);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "options made by rpc",
      () => counter(unused, "k").add(1, rpc.opts({}) as never),
      /add takes its options as they are/,
    ],
    [
      "options that are none",
      () => counter(unused, "k").get(5 as never),
      /get takes an object of .* a number/,
    ],
    ["null", () => signup(unused, "k").attach(null as never), /attach takes an object .* null/],
    [
      "a date that is none",
      () => signup(unused, "k").submit({ name: "Ada", born: new Date(NaN) }),
      /the input can't be serialised: born: an invalid Date/,
    ],
  ])("%s", async (_, misuse, message) => {
    const error = await errorOf(misuse());
    expect(error).toMatchObject({ name: "ClientError", code: "PDR5303" });
    expect((error as Error).message).toMatch(message);
  });
});

test("types of generated clients are those of their interfaces", () => {
  const uses = async (): Promise<void> => {
    const ingress = connect({ url: "http://ingress" });
    expectTypeOf(counter(ingress, "k")).toEqualTypeOf<CounterClient>();
    expectTypeOf(counter.send(ingress.scope("s"), "k")).toEqualTypeOf<CounterSendClient>();
    expectTypeOf(signup(ingress, "k")).toEqualTypeOf<SignupClient>();
    const sent = await counter.send(ingress, "k").add(1, { delay: 5 });
    expectTypeOf(sent.attach).returns.resolves.toEqualTypeOf<bigint>();
    expectTypeOf(sent.output).returns.resolves.toEqualTypeOf<Output<bigint>>();
    expectTypeOf(ingress.result(sent)).resolves.toEqualTypeOf<bigint>();
    // @ts-expect-error a service has no key
    files(ingress, "k");
    // @ts-expect-error an object needs one
    counter(ingress);
    // @ts-expect-error a call has no delay
    await counter(ingress, "k").add(1, { delay: 5 });
    // @ts-expect-error a workflow's own key is its idempotency key
    await signup(ingress, "k").submit(user, { idempotencyKey: "k" });
    // @ts-expect-error nothing is begun
    await signup(ingress, "k").attach({ idempotencyKey: "k" });
  };
  expectTypeOf(uses).toBeFunction();
});
