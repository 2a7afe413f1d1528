// The client package of the field's reference system, and ours in its place, against our ingress: what lasts longer than
// a call. Calls and sends are in field-clients.test.ts.

import type { Ingress, RetryFailure } from "@restatedev/restate-sdk-clients";
import { beforeAll, describe, expect, test } from "vitest";
import {
  callErrorOf,
  definitions,
  packages,
  type Awaiting,
  type Counter,
  type Formats,
  type Greeter,
  type Signup,
} from "../harness/both-clients.js";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import { until } from "../harness/until.js";

const { greeter, counter, formats, awaiting, signup } = definitions;
const bed = useBed("after all");

describe.each(packages)("%s", (_name, clients, differs) => {
  const { connect, defaultShouldRetry, HttpCallError, rpc } = clients;
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

  const toGreeter = () => ingress.serviceClient<Greeter>(greeter);
  const callError = (promise: PromiseLike<unknown>) => callErrorOf(HttpCallError, promise);

  describe("workflows", () => {
    test("are submitted once, looked at, attached to and called", async () => {
      const client = ingress.workflowClient<Signup>(signup, "field/wf é");

      const submission = await client.workflowSubmit({ name: "Ada" });
      const again = await client.workflowSubmit({ name: "Bo" });
      const early = await client.workflowOutput();
      const wasVerified = await client.isVerified();
      const attached = client.workflowAttach();
      await client.verify("s3");

      const expected = { name: "Ada", key: "field/wf é", secret: "s3" };
      expect(submission).toMatchObject({ status: "Accepted", attachable: true });
      expect(again).toEqual({ ...submission, status: "PreviouslyAccepted" });
      expect([early.ready, wasVerified]).toEqual([false, false]);
      if (differs.throwsEarly) expect(() => early.result).toThrow(/non ready workflow/);
      else expect(early.result).toBeUndefined();
      expect(await attached).toEqual(expected);
      expect(await ingress.result(submission)).toEqual(expected);
      expect(await client.workflowOutput()).toEqual({ ready: true, result: expected });
      expect(await client.isVerified()).toBe(true);
    });

    test("can be submitted for later", async () => {
      const client = ingress.workflowClient<Signup>(signup, "field later");
      const before = Date.now();

      await client.workflowSubmit({ name: "Ada" }, rpc.sendOpts({ delay: 200 }));
      await client.verify("early");
      const result = await client.workflowAttach();

      expect(result.secret).toBe("early");
      expect(Date.now() - before).toBeGreaterThanOrEqual(195);
    });

    test("that were never submitted are not there", async () => {
      const client = ingress.workflowClient<Signup>(signup, "field nobody");

      const errors = [
        await callError(client.workflowAttach()),
        await callError(client.workflowOutput()),
      ];

      for (const error of errors) {
        expect(error).toMatchObject({ status: 404, body: { code: 404, source: "ingress" } });
      }
    });

    test("refuse to be run twice by calls, and idempotency keys", async () => {
      const run = (opts?: any) =>
        ingress.call({
          service: "Signup",
          key: "field twice",
          handler: "run",
          parameter: {},
          opts,
        });
      await ingress.workflowClient<Signup>(signup, "field twice").workflowSubmit({ name: "Ada" });

      const twice = await callError(run());
      const keyed = await callError(run(rpc.opts({ idempotencyKey: "k" })));

      expect(twice).toMatchObject({
        status: 409,
        body: {
          code: 409,
          message: "the workflow method was already invoked",
          source: "invocation",
        },
      });
      expect(keyed).toMatchObject({ status: 400, body: { source: "ingress" } });
    });
  });

  describe("scopes", () => {
    test("have objects, idempotency keys and workflows of their own", async () => {
      const scoped = ingress.scope("field");
      const options = rpc.opts<string, number>({ idempotencyKey: "field scope", limitKey: "a/b" });
      const plain = rpc.opts<string, number>({ idempotencyKey: "field scope" });
      const gate = "field scope";

      const inside = await scoped.objectClient<Counter>(counter, "shared key").add(1);
      const outside = await ingress.objectClient<Counter>(counter, "shared key").add(10);
      const handle = await scoped
        .objectSendClient<Counter>(counter, "shared key")
        .add(2, rpc.sendOpts({ idempotencyKey: "field scope", delay: 20 }));
      const once = [
        await scoped.serviceClient<Greeter>(greeter).once(gate, options),
        await scoped.serviceClient<Greeter>(greeter).once(gate, options),
        await ingress.serviceClient<Greeter>(greeter).once(gate, plain),
      ];
      const workflow = scoped.workflowClient<Signup>(signup, "shared key");
      const submission = await workflow.workflowSubmit({ name: "Ada" });
      await workflow.verify("s3");

      expect([inside, outside]).toEqual([1, 10]);
      expect(await ingress.result(handle)).toBe(3);
      expect(new Set(once).size).toBe(2);
      expect(once[1]).toBe(once[0]);
      expect(await ingress.result(submission)).toMatchObject({ name: "Ada", secret: "s3" });
      // Attaching within a scope is left out: this client asks for the workflow outside of it.
    });
  });

  describe("awakeables", () => {
    async function begin(key: string) {
      const client = ingress.objectClient<Awaiting>(awaiting, key);
      const handle = await ingress
        .objectSendClient<Awaiting>(awaiting, key)
        .wait(rpc.sendOpts({ idempotencyKey: key }) as never);
      const id = await until(
        `${key} has an awakeable`,
        async () => (await client.id()) ?? undefined,
      );
      return { id, result: () => ingress.result<unknown>(handle) };
    }

    test("are resolved with a value, and the first one wins", async () => {
      const { id, result } = await begin("field value");

      await ingress.resolveAwakeable(id, { ok: [1, "é"] });
      await ingress.resolveAwakeable(id, "late");
      await ingress.rejectAwakeable(id, "too late");

      expect(id).toMatch(/^sign_1/);
      expect(await result()).toEqual({ value: { ok: [1, "é"] } });
      await ingress.resolveAwakeable(id, "after the end");
    });

    test("are resolved with nothing", async () => {
      const { id, result } = await begin("field nothing");

      await ingress.resolveAwakeable(id);

      expect(await result()).toEqual({ value: "nothing" });
    });

    test("are rejected with a reason", async () => {
      const { id, result } = await begin("field reason");

      await ingress.rejectAwakeable(id, "no: é");

      expect(await result()).toEqual({ failure: "no: é", code: 500 });
    });

    test("with ids that are none are refused", async () => {
      const errors = [
        await callError(ingress.resolveAwakeable("sign_1nonsense", 1)),
        await callError(ingress.rejectAwakeable("inv_1x", "no")),
      ];

      expect(errors.map(({ status }) => status)).toEqual([400, 400]);
    });
  });

  describe("retries", () => {
    const fast = { initialInterval: 20, maxInterval: 50, maxAttempts: false as const };

    test("are stopped by the header that says whose failure it is", async () => {
      const seen: RetryFailure[] = [];
      const shouldRetry = (failure: RetryFailure): boolean => {
        seen.push(failure);
        return defaultShouldRetry(failure);
      };
      const client = connect({ url, retry: { ...fast, shouldRetry } }).serviceClient<Formats>(
        formats,
      );

      const error = await callError(
        client.fail({ code: 503 }, rpc.opts({ idempotencyKey: "field 503" })),
      );

      expect(error.status).toBe(503);
      expect(seen).toHaveLength(1);
      const [failure] = seen;
      expect(failure?.kind === "response" && failure.headers.get("x-restate-error-source")).toBe(
        "invocation",
      );
    });

    test("tell handlers the number of the attempt, and the key", async () => {
      const { headers, idempotencyKey } = await toGreeter().request(
        rpc.opts({ idempotencyKey: "field key" }) as never,
      );

      expect(headers).toMatchObject({ "x-restateclient-retry-attempt": "1" });
      expect(idempotencyKey).toBe("field key");
    });

    test("carry a call, a submission and a wait over the death of the server", async () => {
      const server = await bed.startServer();
      const services = await bed.startServices({
        modules: ["greeter"],
        env: { PERDURE_TEST_GATES: gates.url },
      });
      await server.register(services.url);
      const connected = connect({ url: server.ingress.url, retry: fast });
      const client = connected.workflowClient<Signup>(signup, "k");
      const gate = "field death";
      gates.shut(gate);

      await client.workflowSubmit({ name: "Ada" });
      const attached = client.workflowAttach();
      const called = connected
        .serviceClient<Greeter>(greeter)
        .once(gate, rpc.opts({ idempotencyKey: gate }));
      await gates.reached(gate);
      await server.kill();
      const submitted = connected
        .workflowClient<Signup>(signup, "k2")
        .workflowSubmit({ name: "Bo" });
      await server.start();
      gates.open(gate);
      await client.verify("s3");

      expect((await submitted).status).toBe("Accepted");
      expect(await attached).toMatchObject({ name: "Ada", secret: "s3" });
      expect(typeof (await called)).toBe("number");
    });
  });
});
