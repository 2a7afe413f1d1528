// What our own clients offer beyond what clients.test.ts runs through both, against a real server: definitions as
// values, serdes, awakeables, odd keys, typed errors, retries over the death of the server.

import { connect, HttpCallError, rpc, serde, type Ingress } from "@perdure/clients";
import { beforeAll, describe, expect, test } from "vitest";
import { errorOf } from "../harness/error-of.js";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import { until } from "../harness/until.js";
import { measuring, tallying } from "../services/contracts.js";
import { awaiting, formats, keyed } from "../services/formats.js";
import { counter, greeter, signup } from "../services/greeter.js";
import { MeasuringClass, tallyingObject } from "../services/measuring.js";

const bed = useBed("after all");
let gates: Gates;
let ingress: Ingress;

beforeAll(async () => {
  gates = await bed.openGates();
  const { server } = await bed.serve({
    modules: ["greeter", "formats", "measuring"],
    env: { PERDURE_TEST_GATES: gates.url },
  });
  ingress = connect({ url: server.ingress.url });
});

const callError = (promise: Promise<unknown>): Promise<HttpCallError> =>
  errorOf(HttpCallError, promise);

describe("a definition value", () => {
  test("gives its name, its types and its serdes", async () => {
    const greeting: string = await ingress.serviceClient(greeter).greet("Ada");
    const measured: Uint8Array = await ingress
      .serviceClient(formats)
      .measure(new Uint8Array([7, 8]));
    const handle = await ingress
      .serviceSendClient(formats)
      .measure(new Uint8Array([9]), rpc.sendOpts({ idempotencyKey: "measured" }));

    expect(greeting).toBe("Hi Ada");
    expect(measured).toEqual(new Uint8Array([2, 7, 8]));
    expect(await ingress.result(handle)).toEqual(new Uint8Array([1, 9]));
  });

  test("is called by its kind", async () => {
    const said = await ingress.client(keyed, "k").key("x");
    const handle = await ingress.sendClient(counter, "by kind").add(2);
    const sum = await ingress.client(counter, "by kind").add(3);

    expect(said).toEqual({ key: "k", said: "x" });
    expect(handle).toMatchObject({ status: "Accepted", attachable: false });
    expect(sum).toBe(5);
  });

  test("of a workflow is submitted, and its run is a handler to a client of any kind", async () => {
    const client = ingress.workflowClient(signup, "by value");
    const submission = await client.workflowSubmit({ name: "Ada" });
    await client.verify("s3");

    const result = await client.workflowAttach();
    const twice = await callError(ingress.client(signup, "by value").run({ name: "Bo" }));

    expect(result).toEqual({ name: "Ada", key: "by value", secret: "s3" });
    expect(await ingress.result(submission)).toEqual(result);
    expect(twice).toMatchObject({ status: 409, source: "invocation" });
  });
});

describe("a contract", () => {
  test("is enough to call by, typed and with its serdes", async () => {
    const client = ingress.client(measuring);
    const handle = await ingress
      .sendClient(measuring)
      .measure(new Uint8Array([9]), rpc.sendOpts({ idempotencyKey: "contract" }));

    expect(await client.measure(new Uint8Array([7, 8]))).toEqual(new Uint8Array([2, 7, 8]));
    expect(await client.double(21)).toBe(42);
    expect(await ingress.result(handle)).toEqual(new Uint8Array([1, 9]));
    expect(await ingress.serviceClient(measuring).double(1)).toBe(2);
  });

  test("of an object takes a key, and its implementation stands for it", async () => {
    const said = [
      await ingress.client(tallying, "k").tally("x"),
      await ingress.objectClient(tallying, "").tally("x"),
      await ingress.client(tallyingObject, "k").tally("y"),
    ];

    expect(said).toEqual(["k: x", ": x", "k: y"]);
  });
});

test("a decorated class gives its serdes", async () => {
  const measured = await ingress.serviceClient(MeasuringClass).measure(new Uint8Array([7]));

  expect(measured).toEqual(new Uint8Array([1, 7]));
});

describe("keys", () => {
  test.each(["", " ", "a/b", "100%", "%2F", "日本", "?#", "...", "a/../b", "//"])(
    "%j is carried whole",
    async (key) => {
      const [called, gotten] = await Promise.all([
        ingress.objectClient(keyed, key).key("x"),
        ingress.call({ service: "Keyed", key, handler: "key", parameter: "y" }),
      ]);

      expect([called, gotten]).toEqual([
        { key, said: "x" },
        { key, said: "y" },
      ]);
    },
  );

  test.each(["", "..", "a/b"])("a workflow of the key %j has a result", async (key) => {
    const client = ingress.workflowClient(signup, key);

    const error = await callError(client.workflowAttach());

    expect(error).toMatchObject({ status: 404, source: "ingress" });
    expect(error.message).toContain(`Signup/${key}`);
  });
});

describe("sends", () => {
  test("say when they run", async () => {
    const before = Date.now();
    const later = rpc.sendOpts({ delay: { hours: 1 } });

    const handle = await ingress.serviceSendClient(greeter).greet("Ada", later);
    const now = await ingress.serviceSendClient(greeter).greet("Ada");

    const dueMs = Date.parse(handle.executionTime ?? "") - 3_600_000;
    expect(dueMs).toBeGreaterThanOrEqual(before - 1_000);
    expect(dueMs).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(now.executionTime).toBeUndefined();
  });
});

describe("awakeables", () => {
  async function begin(key: string) {
    const client = ingress.objectClient(awaiting, key);
    const handle = await ingress
      .objectSendClient(awaiting, key)
      .wait(rpc.sendOpts({ idempotencyKey: key }));
    const id = await until(`${key} has an awakeable`, async () => (await client.id()) ?? undefined);
    return { id, result: () => ingress.result(handle) };
  }

  test("are resolved and rejected", async () => {
    const [value, nothing, failure] = await Promise.all(["v", "n", "f"].map(begin));
    if (value === undefined || nothing === undefined || failure === undefined) throw new Error();

    await ingress.resolveAwakeable(value.id, { ok: true });
    await ingress.resolveAwakeable(nothing.id);
    await ingress.rejectAwakeable(failure.id, "no: é");
    await ingress.resolveAwakeable(value.id, "the second one is too late");

    expect(await value.result()).toEqual({ value: { ok: true } });
    expect(await nothing.result()).toEqual({ value: "nothing" });
    expect(await failure.result()).toEqual({ failure: "no: é", code: 500 });
  });

  test("with ids that are none are refused", async () => {
    const error = await callError(ingress.resolveAwakeable("sign_1nonsense", 1));

    expect(error).toMatchObject({ status: 400, errorCode: "PDR3023", source: "ingress" });
  });
});

describe("errors", () => {
  test("carry what the handler threw", async () => {
    const failure = { code: 422, metadata: { plan: "gold" } };

    const error = await callError(ingress.serviceClient(formats).fail(failure));

    expect(error).toMatchObject({
      status: 422,
      code: 422,
      source: "invocation",
      errorCode: "PDR3030",
      metadata: { plan: "gold" },
    });
    expect(error.message).toContain("calling Formats/fail failed with HTTP 422: as asked");
    expect(error.invocationId).toMatch(/^inv_1/);
  });

  test("of codes that HTTP does not know keep them", async () => {
    const error = await callError(ingress.serviceClient(formats).fail({ code: 1_000 }));

    expect(error).toMatchObject({ status: 500, code: 1_000 });
  });
});

describe("inputs", () => {
  test("that are not there are neither a body nor a content type", async () => {
    expect(await ingress.serviceClient(formats).nothing(undefined)).toBeUndefined();
    expect(await ingress.serviceClient(greeter).nothing()).toBeUndefined();
  });

  test("may be left out in a GET", async () => {
    const headers = await ingress
      .serviceClient(formats)
      .headers(rpc.opts({ method: "GET", headers: { "x-run": "1" } }));

    expect(headers).toMatchObject({ "x-run": "1", "x-restateclient-retry-attempt": "1" });
  });

  test("of other types are refused by the ingress", async () => {
    const options = rpc.opts<any, any>({ input: serde.binary });
    const error = await callError(
      ingress.serviceClient(greeter).greet(new Uint8Array([1]) as never, options),
    );

    expect(error).toMatchObject({ status: 400, source: "ingress" });
  });
});

test("retries carry calls, submissions and waits over the death of the server", async () => {
  const server = await bed.startServer();
  const services = await bed.startServices({
    modules: ["greeter"],
    env: { PERDURE_TEST_GATES: gates.url },
  });
  await server.register(services.url);
  const retry = { initialInterval: 20, maxInterval: 50, maxAttempts: false } as const;
  const connected = connect({ url: server.ingress.url, retry });
  const client = connected.workflowClient(signup, "k");
  const gate = "our death";
  gates.shut(gate);

  await client.workflowSubmit({ name: "Ada" });
  const attached = client.workflowAttach();
  const called = connected.serviceClient(greeter).once(gate, rpc.opts({ idempotencyKey: gate }));
  const plain = connected
    .serviceClient(greeter)
    .sleep(60_000)
    .catch((error: unknown) => error);
  await gates.reached(gate);
  await server.kill();
  const submitted = connected.workflowClient(signup, "k2").workflowSubmit({ name: "Bo" });
  const unsafe = connected
    .serviceClient(greeter)
    .greet("Ada")
    .catch((error: unknown) => error);

  // What may not be sent twice fails at once, and says so; what may goes on when the server is back.
  expect(await plain).toMatchObject({ code: "PDR5301" });
  expect(await unsafe).toMatchObject({ code: "PDR5301" });
  await server.start();
  gates.open(gate);
  await client.verify("s3");
  expect((await submitted).status).toBe("Accepted");
  expect(await attached).toMatchObject({ name: "Ada", secret: "s3" });
  expect(typeof (await called)).toBe("number");
});
