// The client package of the field's reference system, and ours in its place, against our ingress: calls, sends and how
// they fail. Workflows, awakeables, scopes and retries are in field-clients-lifecycle.test.ts.

import type { Ingress, Serde } from "@restatedev/restate-sdk-clients";
import { beforeAll, describe, expect, test } from "vitest";
import {
  callErrorOf,
  definitions,
  exportedNames,
  packages,
  type Counter,
  type Formats,
  type Greeter,
  type Keyed,
} from "../harness/both-clients.js";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";

const { greeter, counter, formats } = definitions;
const bed = useBed("after all");

test("every value that the field's package exports is exported by ours", () => {
  expect(exportedNames.ours).toEqual(expect.arrayContaining(exportedNames.theirs));
});

describe.each(packages)("%s", (_name, clients, differs) => {
  const { connect, HttpCallError, rpc, serde } = clients;
  let gates: Gates;
  let ingress: Ingress;
  let url = "";

  beforeAll(async () => {
    gates = await bed.openGates();
    const { server } = await bed.serve({
      modules: ["greeter", "formats"],
      env: { PERDURE_TEST_GATES: gates.url },
    });
    url = server.ingress.url;
    ingress = connect({ url });
  });

  /** The field's own types leave this one out where optional properties are exact. */
  const json = serde.json as Serde<any>;

  const toGreeter = () => ingress.serviceClient<Greeter>(greeter);
  const toFormats = () => ingress.serviceClient<Formats>(formats);
  const callError = (promise: PromiseLike<unknown>) => callErrorOf(HttpCallError, promise);

  describe("calls", () => {
    test("reach services and objects, with input and without", async () => {
      const alice = ingress.objectClient<Counter>(counter, "field alice");

      expect(await toGreeter().greet("Ada")).toBe("Hi Ada");
      expect(await toGreeter().nothing()).toBeUndefined();
      expect([await alice.add(2), await alice.add(3), await alice.get()]).toEqual([2, 5, 5]);
    });

    test.each([
      "plain",
      "a/b",
      "a b",
      "100%",
      "ä ö",
      "日本",
      "?x=1&y",
      "#1",
      "..a",
      "a+b",
      "%2F",
      "👍",
    ])("carry the key %j whole", async (key) => {
      const client = ingress.objectClient<Keyed>({ name: "Keyed" }, key);

      expect(await client.key("x")).toEqual({ key, said: "x" });
    });

    test("go by names alone", async () => {
      const typed = rpc.opts<string, string>({ input: json, output: json });
      const greeting = await ingress.call<string, string>({
        service: "Greeter",
        handler: "greet",
        parameter: "Ada",
        opts: typed,
      });
      const keyed = await ingress.call<string, unknown>({
        service: "Keyed",
        handler: "key",
        key: "k/1",
        parameter: "x",
      });

      expect([greeting, keyed]).toEqual(["Hi Ada", { key: "k/1", said: "x" }]);
    });

    test("go by an interface's descriptor, with its serdes", async () => {
      const contract = {
        name: "Formats",
        _kind: "service",
        _handlers: { measure: { _inputSerde: serde.binary, _outputSerde: serde.binary } },
      } as const;
      const keyed = { name: "Keyed", _kind: "object", _handlers: { key: {} } } as const;

      const measured = await ingress.client(contract).measure(new Uint8Array([7, 8]));
      const said = await ingress.client(keyed, "k").key("x");
      const handle = await ingress.sendClient(keyed, "k").key("x");

      expect(measured).toEqual(new Uint8Array([2, 7, 8]));
      expect(said).toEqual({ key: "k", said: "x" });
      expect(handle).toMatchObject({ status: "Accepted", attachable: false });
    });

    test("carry bytes, nothing, and any JSON", async () => {
      const options = rpc.opts({ input: serde.binary, output: serde.binary });
      const empty = rpc.opts<void, void>({ input: serde.empty, output: serde.empty });

      expect(await toFormats().measure(new Uint8Array([0, 255]), options)).toEqual(
        new Uint8Array([2, 0, 255]),
      );
      expect(await toFormats().nothing(empty as never)).toBeUndefined();
      for (const value of [null, 0, "", [], { a: [1, "é"] }, false, "x".repeat(1_000_000)]) {
        expect(await toFormats().same(value)).toEqual(value);
      }
    });

    test("use the connection's serde and headers", async () => {
      const connected = connect({ url, serde: serde.binary, headers: { "x-team": "blue" } });
      const client = connected.serviceClient<Formats>(formats);
      const own = rpc.opts({ headers: { "x-run": "1" }, input: json, output: json });

      const measured = await client.measure(new Uint8Array([5]));
      const headers = await client.headers(own as never);

      expect(measured).toEqual(new Uint8Array([1, 5]));
      expect(headers).toMatchObject({ "x-team": "blue", "x-run": "1" });
    });

    test("with an idempotency key are one invocation, whoever asks and when", async () => {
      const gate = "field once";
      const options = rpc.opts<string, number>({ idempotencyKey: gate });

      const together = await Promise.all([
        toGreeter().once(gate, options),
        toGreeter().once(gate, options),
      ]);
      const later = await toGreeter().once(gate, options);

      expect(new Set([...together, later]).size).toBe(1);
      expect(gates.count(gate)).toBe(1);
    });

    test("give up when their timeout is over or their signal aborts", async () => {
      const timedOut = await toGreeter()
        .sleep(20_000, rpc.opts({ timeout: 50 }))
        .then(undefined, (error: unknown) => error);
      const controller = new AbortController();
      const aborted = toGreeter()
        .sleep(20_000, rpc.opts({ signal: controller.signal }))
        .then(undefined, (error: unknown) => error);
      controller.abort();

      expect(timedOut).toMatchObject({ name: "TimeoutError" });
      expect(await aborted).toMatchObject({ name: "AbortError" });
    });
  });

  describe("sends", () => {
    test("return at once, and say whether they were the first", async () => {
      const client = ingress.objectSendClient<Counter>(counter, "field send");
      const options = rpc.sendOpts<number>({ idempotencyKey: "field send" });

      const fresh = await client.add(1);
      const first = await client.add(10, options);
      const again = await client.add(10, options);

      expect(fresh).toMatchObject({ status: "Accepted", attachable: false });
      expect(fresh.invocationId).toMatch(/^inv_1/);
      expect(first).toMatchObject({ status: "Accepted", attachable: true });
      expect(again).toEqual({ ...first, status: "PreviouslyAccepted" });
      expect(await ingress.result(first)).toBe(11);
      expect(await ingress.result(again)).toBe(11);
    });

    test("without an idempotency key have no result to be asked for", async () => {
      const handle = await ingress.serviceSendClient<Greeter>(greeter).greet("Ada");

      await expect(ingress.result(handle)).rejects.toThrow(differs.notAttachable);
    });

    test.each([250, { milliseconds: 250 }, { seconds: 0.25 }])(
      "wait for a delay of %j",
      async (delay) => {
        const key = `field delayed ${JSON.stringify(delay)}`;
        const client = ingress.objectSendClient<Counter>(counter, key);
        const before = Date.now();

        const handle = await client.add(1, rpc.sendOpts({ delay, idempotencyKey: key }));
        const early = await ingress.objectClient<Counter>(counter, key).get();
        const result = await ingress.result(handle);

        expect([early, result]).toEqual([0, 1]);
        expect(Date.now() - before).toBeGreaterThanOrEqual(245);
      },
    );

    test("go by names alone", async () => {
      const handle = await ingress.send({
        service: "Greeter",
        handler: "greet",
        parameter: "Ada",
        opts: rpc.sendOpts<string>({ idempotencyKey: "field names", input: json }),
      });

      expect(await ingress.result(handle)).toBe("Hi Ada");
    });

    test("have results that are read by the serde that is given", async () => {
      const handle = await ingress
        .serviceSendClient<Formats>(formats)
        .measure(
          new Uint8Array([1]),
          rpc.sendOpts({ input: serde.binary, idempotencyKey: "field bytes" }),
        );

      const result = await ingress.result(handle, serde.binary as never);

      expect(result).toEqual(new Uint8Array([1, 1]));
    });

    test("that fail tell so to who asks for the result", async () => {
      const handle = await ingress
        .serviceSendClient<Formats>(formats)
        .fail({ code: 422 }, rpc.sendOpts({ idempotencyKey: "field failing" }));

      const error = await callError(ingress.result(handle));

      expect(error).toMatchObject({ status: 422, body: { code: 422, message: "as asked" } });
    });
  });

  describe("errors", () => {
    test("of a handler carry its code, message and metadata", async () => {
      const metadata = { plan: "gold", reason: "é" };

      const error = await callError(toFormats().fail({ code: 422, metadata }));

      expect(error.status).toBe(422);
      expect(error.body).toMatchObject({
        code: 422,
        message: "as asked",
        metadata,
        source: "invocation",
      });
      expect(error.message).toContain("422");
    });

    test.each([
      [400, 400],
      [404, 404],
      [470, 470],
      [500, 500],
      [503, 503],
      [999, 999],
      [1_000, 500],
      [99, 500],
    ])("of code %d have the status %d", async (code, status) => {
      const error = await callError(toFormats().fail({ code }));

      expect(error).toMatchObject({ status, body: { code } });
    });

    test.each<[string, number, () => PromiseLike<unknown>]>([
      [
        "an unknown service",
        404,
        () => ingress.call({ service: "Nobody", handler: "x", parameter: 1 }),
      ],
      [
        "an unknown handler",
        404,
        () => ingress.call({ service: "Greeter", handler: "x", parameter: 1 }),
      ],
      ["a private handler", 400, () => toGreeter().hidden()],
      [
        "a key too many",
        400,
        () => ingress.call({ service: "Greeter", key: "k", handler: "greet", parameter: "x" }),
      ],
      [
        "a key too few",
        400,
        () => ingress.call({ service: "Counter", handler: "get", parameter: undefined }),
      ],
      [
        "an input of the wrong type",
        400,
        () => toGreeter().greet("x", rpc.opts({ input: serde.binary as never })),
      ],
      ["a limit key without scope", 400, () => toGreeter().greet("x", rpc.opts({ limitKey: "a" }))],
    ])("for %s are the ingress's own", async (_what, status, call) => {
      const error = await callError(call());

      expect(error).toMatchObject({ status, body: { code: status, source: "ingress" } });
      expect(error.body.message).not.toBe("");
    });
  });
});
