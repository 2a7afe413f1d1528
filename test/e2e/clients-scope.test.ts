// Scopes by our own clients against a real server: keys, idempotency keys and workflows mean something else in each,
// and nothing of a scope is seen from outside.

import { connect, HttpCallError, rpc, type Ingress } from "@perdure/clients";
import { beforeAll, describe, expect, test } from "vitest";
import { errorOf } from "../harness/error-of.js";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import { counter, greeter, signup } from "../services/greeter.js";

const bed = useBed("after all");
let gates: Gates;
let ingress: Ingress;

beforeAll(async () => {
  gates = await bed.openGates();
  const { server } = await bed.serve({
    modules: ["greeter"],
    env: { PERDURE_TEST_GATES: gates.url },
  });
  ingress = connect({ url: server.ingress.url });
});

const callError = (promise: Promise<unknown>): Promise<HttpCallError> =>
  errorOf(HttpCallError, promise);

describe("scopes", () => {
  test("have objects of their own, under the same keys", async () => {
    const [a, b, none] = [ingress.scope("a"), ingress.scope("b"), ingress].map((to) =>
      to.objectClient(counter, "k"),
    );

    const sums = [await a?.add(1), await b?.add(10), await none?.add(100), await a?.add(2)];

    expect(sums).toEqual([1, 10, 100, 3]);
    expect([await a?.get(), await b?.get(), await none?.get()]).toEqual([3, 10, 100]);
  });

  test("have objects with the empty key", async () => {
    const client = ingress.scope("a").objectClient(counter, "");

    expect([await client.add(1), await client.get()]).toEqual([1, 1]);
    expect(await ingress.objectClient(counter, "").get()).toBe(0);
  });

  test("have idempotency keys of their own", async () => {
    const options = rpc.opts({ idempotencyKey: "same" });
    const once = (to: Pick<Ingress, "serviceClient">) =>
      to.serviceClient(greeter).once("scopes", options);

    const values = [
      await once(ingress.scope("a")),
      await once(ingress.scope("a")),
      await once(ingress.scope("b")),
      await once(ingress),
    ];

    expect(values[1]).toBe(values[0]);
    expect(new Set(values).size).toBe(3);
    expect(gates.count("scopes")).toBe(3);
  });

  test("have workflows of their own, submitted, looked at and waited for there", async () => {
    const inside = ingress.scope("a").workflowClient(signup, "wf");
    const outside = ingress.workflowClient(signup, "wf");

    const submission = await inside.workflowSubmit({ name: "Ada" });
    const early = await inside.workflowOutput();
    const notThere = [
      await callError(outside.workflowOutput()),
      await callError(outside.workflowAttach()),
    ];
    const other = await outside.workflowSubmit({ name: "Bo" });
    await inside.verify("inside");
    const result = await inside.workflowAttach();

    expect(early.ready).toBe(false);
    expect(notThere.map(({ status }) => status)).toEqual([404, 404]);
    expect(other.status).toBe("Accepted");
    expect(other.invocationId).not.toBe(submission.invocationId);
    expect(result).toEqual({ name: "Ada", key: "wf", secret: "inside" });
    expect(await inside.workflowOutput()).toEqual({ ready: true, result });
    expect(await ingress.result(submission)).toEqual(result);
    expect((await outside.workflowOutput()).ready).toBe(false);
  });

  test("are sent to, also later, also by names, and with a limit key", async () => {
    const scope = "a";
    const options = rpc.sendOpts({ delay: 50, idempotencyKey: "later", limitKey: "t/u" });

    const handle = await ingress.scope(scope).objectSendClient(counter, "later").add(5, options);
    const sum = await ingress.result(handle);
    const again = await ingress.call({
      service: "Counter",
      handler: "add",
      key: "later",
      parameter: 1,
      scope,
    });

    expect(handle).toMatchObject({ status: "Accepted", attachable: true });
    expect([sum, again]).toEqual([5, 6]);
  });

  test.each<[string, string, string | undefined]>([
    ["a scope with a slash", "a/b", undefined],
    ["a scope that is too long", "x".repeat(37), undefined],
    ["a limit key of three parts", "a", "1/2/3"],
    ["a limit key with a blank", "a", "1 2"],
  ])("%s is refused", async (_what, scope, limitKey) => {
    const client = ingress.scope(scope).serviceClient(greeter);

    const error = await callError(client.greet("Ada", rpc.opts({ limitKey })));

    expect(error).toMatchObject({ status: 400, source: "ingress" });
  });
});
