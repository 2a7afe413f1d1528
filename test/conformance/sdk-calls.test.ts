// 11.2: calls, sends, state, failures, workflows. Names begin with the number of the case and its name, so that a
// case can be found; inventory.test.ts holds that all are there.

import { randomBytes, randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { until } from "../harness/until.js";
import { bytesOf, inEveryMode, valueOf } from "./modes.js";

const files = [
  "block-and-wait-workflow",
  "counter",
  "failing",
  "list-object",
  "map-object",
  "proxy",
  "test-utils",
];
const aWhileMs = 2_000;

inEveryMode(useBed("after all"), files, (stage) => {
  const counted = async (key: string): Promise<number> =>
    (await stage().call(`Counter/${key}/get`)).json as number;
  const becomes = (key: string, count: number): Promise<unknown> =>
    until(`the counter is ${count}`, async () => (await counted(key)) === count);
  const ping = { serviceName: "TestUtilsService", handlerName: "uppercaseEcho" };
  const adding = (key: string) => ({
    serviceName: "Counter",
    virtualObjectKey: key,
    handlerName: "add",
    message: bytesOf(1),
  });

  test.each([
    ["11.2 #1 CallOrdering.ordering: send, call, call", [true, false, false]],
    ["11.2 #2 CallOrdering.ordering: call, send, call", [false, true, false]],
    ["11.2 #3 CallOrdering.ordering: send, send, call", [true, true, false]],
  ])("%s arrive in the order in which they were made", async (_, oneWay) => {
    const virtualObjectKey = randomUUID();
    const requests = oneWay.map((oneWayCall, at) => ({
      proxyRequest: {
        serviceName: "ListObject",
        virtualObjectKey,
        handlerName: "append",
        message: bytesOf(String(at)),
      },
      oneWayCall,
      awaitAtTheEnd: !oneWayCall,
    }));

    const { status } = await stage().call("Proxy/manyCalls", requests);
    const { json } = await stage().call(`ListObject/${virtualObjectKey}/clear`);

    expect(status).toBe(200);
    expect(json).toEqual(["0", "1", "2"]);
  });

  test("11.2 #22 Ingress.headersPassThrough: a header of the caller is there in the handler", async () => {
    const headers = { "x-my-custom-header": "x-my-custom-value" };

    const { json } = await stage().call("TestUtilsService/echoHeaders", undefined, { headers });

    expect(json).toMatchObject(headers);
  });

  test("11.2 #23 Ingress.rawHandler: random bytes come back as they were", async () => {
    const bytes = randomBytes(100);

    const response = await fetch(
      `${stage().server.ingress.url}/restate/call/TestUtilsService/rawEcho`,
      { method: "POST", body: bytes, headers: { "content-type": "application/octet-stream" } },
    );

    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test("11.2 #36 ServiceToService.regularCall: a call by name gives the raw result", async () => {
    const { json } = await stage().call("Proxy/call", { ...ping, message: bytesOf("ping") });

    expect(valueOf(json as number[])).toBe("PING");
  });

  test("11.2 #37 ServiceToService.oneWayCall: a send by name takes place", async () => {
    const key = randomUUID();

    const { json } = await stage().call("Proxy/oneWayCall", adding(key));
    await becomes(key, 1);

    expect(json).toMatch(/^inv_1/);
  });

  test("11.2 #38 ServiceToService.oneWayCallWithIdempotencyKey: repeated sends are one", async () => {
    const key = randomUUID();
    const idempotencyKey = randomUUID();
    const request = { ...adding(key), idempotencyKey };

    const ids = [];
    for (let at = 0; at < 3; at++) ids.push((await stage().call("Proxy/oneWayCall", request)).json);
    const result = await stage().server.ingress.get(
      `/restate/invocation/Counter/${key}/add/${idempotencyKey}/attach`,
    );

    expect(new Set(ids).size).toBe(1);
    expect(result.json).toEqual({ oldValue: 0, newValue: 1 });
    expect(await counted(key)).toBe(1);
  });

  test("11.2 #39 ServiceToService.callWithIdempotencyKey: repeated calls get the first result", async () => {
    const key = randomUUID();
    const request = { ...adding(key), idempotencyKey: randomUUID() };

    const results = [];
    for (let at = 0; at < 3; at++) {
      results.push(valueOf((await stage().call("Proxy/call", request)).json as number[]));
    }

    expect(results).toEqual(Array(3).fill({ oldValue: 0, newValue: 1 }));
    expect(await counted(key)).toBe(1);
  });

  test("11.2 #40 ServiceToService.oneWayCallWithDelay: ten sends for later all come, and not before", async () => {
    const key = randomUUID();
    const began = Date.now();

    for (let at = 0; at < 10; at++) {
      await stage().call("Proxy/oneWayCall", { ...adding(key), delayMillis: aWhileMs });
    }
    const early = await counted(key);
    const hasTaken = Date.now() - began;
    await becomes(key, 10);

    if (hasTaken < aWhileMs) expect(early).toBe(0);
    expect(Date.now() - began).toBeGreaterThanOrEqual(aWhileMs);
  });

  test("11.2 #48 State.add: gives the old value and the new one", async () => {
    const key = randomUUID();

    const first = await stage().call(`Counter/${key}/add`, 1);
    const second = await stage().call(`Counter/${key}/add`, 2);

    expect(first.json).toEqual({ oldValue: 0, newValue: 1 });
    expect(second.json).toEqual({ oldValue: 1, newValue: 3 });
  });

  test("11.2 #49 State.proxyOneWayAdd: three sends add three", async () => {
    const key = randomUUID();

    for (let at = 0; at < 3; at++) await stage().call("Proxy/oneWayCall", adding(key));

    await becomes(key, 3);
  });

  test("11.2 #50 State.listStateAndClearAll: clears one object, and leaves the other alone", async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const set = (object: string, key: string) =>
      stage().call(`MapObject/${object}/set`, { key, value: `${key}-value` });
    await set(one, "a");
    await set(one, "b");
    await set(other, "c");

    const { json } = await stage().call(`MapObject/${one}/clearAll`);
    const gone = await stage().call(`MapObject/${one}/get`, "a");
    const kept = await stage().call(`MapObject/${other}/get`, "c");

    expect(json).toHaveLength(2);
    expect(json).toEqual(
      expect.arrayContaining([
        { key: "a", value: "a-value" },
        { key: "b", value: "b-value" },
      ]),
    );
    expect(gone.json).toBe("");
    expect(kept.json).toBe("c-value");
  });

  const metadata = { first: "1", second: "two" };
  const failing = (handler: string, errorMessage: string, more: object = {}, key = randomUUID()) =>
    stage().call(`Failing/${key}/${handler}`, { errorMessage, ...more });

  test("11.2 #51 UserErrors.invokeTerminallyFailingCall: the caller gets the message", async () => {
    const answer = await failing("terminallyFailingCall", "my error");

    expect(answer.status).toBe(500);
    expect(answer.json).toMatchObject({ code: 500, message: "my error", source: "invocation" });
  });

  test("11.2 #52 UserErrors.failSeveralTimes: an object that failed can fail again", async () => {
    const key = randomUUID();

    const first = await failing("terminallyFailingCall", "my error", {}, key);
    const second = await failing("terminallyFailingCall", "another error", {}, key);

    expect([first.json.message, second.json.message]).toEqual(["my error", "another error"]);
  });

  test("11.2 #53 UserErrors.internalCallFailurePropagation: a failure reaches the caller's caller", async () => {
    const answer = await failing("callTerminallyFailingCall", "internal error");

    expect(answer).toMatchObject({ status: 500, json: { message: "internal error" } });
  });

  test("11.2 #54 UserErrors.sideEffectWithTerminalError: a step's failure reaches the client", async () => {
    const answer = await failing("terminallyFailingSideEffect", "failed in the step");

    expect(answer).toMatchObject({ status: 500, json: { message: "failed in the step" } });
  });

  test.each([
    ["11.2 #55 UserErrors.invokeTerminallyFailingCallWithMetadata", "terminallyFailingCall"],
    ["11.2 #56 UserErrors.internalCallFailurePropagationWithMetadata", "callTerminallyFailingCall"],
    ["11.2 #57 UserErrors.sideEffectWithTerminalErrorWithMetadata", "terminallyFailingSideEffect"],
  ])("%s: the body has all of it", async (_, handler) => {
    const answer = await failing(handler, "with more", { metadata });

    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.json).toMatchObject({ message: "with more", metadata });
  });

  test("11.2 #58 UserErrors.failSeveralTimesWithMetadata: each failure has its own", async () => {
    const key = randomUUID();

    const first = await failing("terminallyFailingCall", "one", { metadata }, key);
    const second = await failing("terminallyFailingCall", "two", { metadata: { third: "3" } }, key);

    expect([first.json.metadata, second.json.metadata]).toEqual([metadata, { third: "3" }]);
  });

  test("11.2 #59 UserErrors.setStateThenFailShouldPersistState: the state stays", async () => {
    const key = randomUUID();

    const answer = await stage().call(`Counter/${key}/addThenFail`, 1);

    expect(answer).toMatchObject({ status: 500, json: { message: key } });
    expect(await counted(key)).toBe(1);
  });

  test("11.2 #60 UserErrors.invocationWithEventualSuccess: the fourth attempt gives the result", async () => {
    const answer = await stage().call(`Failing/${randomUUID()}/failingCallWithEventualSuccess`);

    expect(answer).toMatchObject({ status: 200, json: 4 });
  });

  test("11.2 #61 WorkflowAPI.setAndResolve: is submitted once, looked into, unblocked and attached to", async () => {
    const path = `BlockAndWaitWorkflow/${randomUUID()}`;
    const workflow = `/restate/workflow/${path}`;

    const submitted = await stage().send(`${path}/run`, "Francesco");
    await until("its state is there", async () => {
      const { json } = await stage().call(`${path}/getState`);
      return json === "Francesco";
    });
    const early = await stage().server.ingress.get(`${workflow}/output`);
    const unblocked = await stage().call(`${path}/unblock`, "Till");
    const attached = await stage().server.ingress.get(`${workflow}/attach`);
    const output = await stage().server.ingress.get(`${workflow}/output`);
    const again = await stage().send(`${path}/run`, "Francesco");
    const called = await stage().call(`${path}/run`, "Francesco");

    expect(submitted).toMatchObject({ status: 202, json: { status: "Accepted" } });
    expect([early.status, unblocked.status]).toEqual([470, 200]);
    expect([attached.json, output.json]).toEqual(["Till", "Till"]);
    expect(again.json).toMatchObject({
      status: "PreviouslyAccepted",
      invocationId: submitted.json.invocationId,
    });
    expect(called.status).toBe(409);
  });
});
