// Steps, failures and retries, end to end: what runs again, what doesn't, and what callers are told.

import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { Http } from "../harness/http.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { until } from "../harness/until.js";

const bed = useBed("after all");
let server: ServerProcess;
let ingress: Http;
let gates: Gates;
let services: ServicesProcess;

beforeAll(async () => {
  gates = await bed.openGates();
  ({ server, services } = await bed.serve({
    modules: ["contexts"],
    env: { PERDURE_TEST_GATES: gates.url },
  }));
  ingress = server.ingress;
});

const dropped = {
  target: "idempotentInvocation",
  service: "Steps",
  handler: "suspends",
  idempotencyKey: "dropped",
};
const call = (handler: string, input?: unknown): ReturnType<Http["post"]> =>
  ingress.post(`/restate/call/Steps/${handler}`, input);

describe("steps", () => {
  test("run one after the other", async () => {
    const answer = await call("sum", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);

    expect(answer).toMatchObject({ status: 200, json: 55 });
  });

  test("that are recorded don't run again when the handler fails after them", async () => {
    const answer = await call("failsBetween", "between");

    expect(answer.json).toHaveLength(3);
    expect(gates.count("between/handler")).toBe(2);
    expect(["first", "second", "third"].map((step) => gates.count(`between/${step}`))).toEqual([
      1, 1, 1,
    ]);
  });

  test("that fail are tried again until they succeed", async () => {
    const answer = await call("flakyStep", { id: "flaky", failures: 3 });

    expect(answer).toMatchObject({ status: 200, json: 3 });
    expect(gates.count("flaky")).toBe(4);
  });

  test("whose attempts are used up reject with a terminal error, which the handler can catch", async () => {
    const answer = await call("caught", "used-up");

    expect(answer.json).toEqual({
      name: "TerminalError",
      message: "failure 3 of used-up",
      code: 500,
    });
    expect(gates.count("used-up")).toBe(3);
  });

  test("whose attempts are used up end a handler that doesn't catch it", async () => {
    const answer = await call("flakyStep", { id: "uncaught", failures: 4 });

    expect(answer).toMatchObject({
      status: 500,
      json: { message: "failure 4 of uncaught", source: "invocation" },
    });
  });

  test("that throw a terminal error are not tried again", async () => {
    const answer = await call("terminalStep", "refused");

    expect(answer.json).toBe('refused 402 {"why":"money"}');
    expect(gates.count("refused")).toBe(1);
  });
});

describe("a handler that fails", () => {
  test("is tried again when it asks to", async () => {
    const before = Date.now();

    const answer = await call("asksForRetry", "asks");

    expect(answer.json - before).toBeGreaterThanOrEqual(19);
    expect(gates.count("asks")).toBe(2);
  });

  test("ends with its last failure when its policy says kill", async () => {
    const answer = await call("killed", "killed");

    expect(answer).toMatchObject({ status: 500, json: { message: "never works" } });
    expect(gates.count("killed")).toBe(3);
  });

  test("is paused when its policy says pause, its reason shown, and goes on when it is told to", async () => {
    const sent = await ingress.post("/restate/send/Steps/paused", "paused");
    const id: string = sent.json.invocationId;
    const path = `/invocations/${id}`;
    const paused = await until("it is paused", async () => {
      const { json } = await server.admin.get(path);
      return json.status === "paused" && json;
    });
    const [line] = await server.process.waitForOutput(/^.*PDR2013.*$/m);
    const output = await ingress.get(`/restate/output/${id}`);

    const resumed = await server.admin.send(`${path}/resume`, { method: "PATCH" });
    await gates.reached("paused", 4);

    expect(paused.last_failure.message).toBe("never works either");
    expect(line).toContain(`Steps/paused ${id}`);
    expect(line).toContain("never works either");
    expect(output.status).toBe(470);
    expect(resumed.status).toBe(200);
  });

  test("because it returns what can't be serialised says so, and is tried again", async () => {
    const answer = await call("unwritable", "unwritable");

    expect(answer).toMatchObject({ status: 500, json: { source: "invocation" } });
    expect(answer.json.message).toMatch(/Steps\/unwritable returned can't be serialised.*PDR2002/);
    expect(services.output).toMatch(/WARN Steps\/unwritable inv_1.*BigInt.*PDR2002/);
    expect(gates.count("unwritable")).toBe(2);
  });

  test("with an error of its domain ends as asTerminalError says", async () => {
    const answer = await call("outOfRange");

    expect(answer).toMatchObject({ status: 416, json: { message: "out of range: too far" } });
  });
});

describe("what must be the same when a handler runs again", () => {
  test("is: random numbers and the recorded time", async () => {
    const answer = await call("random", "random");

    const drawn = gates.notes("random");
    expect(drawn).toHaveLength(2);
    expect(drawn[0]).toBe(drawn[1]);
    expect(answer.text).toBe(drawn[0]);
    expect(answer.json.uuid).toMatch(
      /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
    );
    expect(Math.abs(Date.now() - answer.json.now)).toBeLessThan(20_000);
  });

  test("is not said twice on the console", async () => {
    await call("logs", "logging");

    const lines = services.output.split("\n").filter((line) => line.includes("logging"));
    const said = lines.map(
      (line) => /^\S+Z INFO \S+ inv_\S+: (logging .*)$/.exec(line)?.[1] ?? line,
    );
    expect(said).toEqual(["logging begins", "logging goes on", "logging ends"]);
  });
});

describe("an attempt that only waits", () => {
  test("is dropped after its inactivity timeout and resumed when there is something to do", async () => {
    const headers = { "idempotency-key": "dropped" };
    const answer = ingress.post("/restate/call/Steps/suspends", "dropped", { headers });
    await gates.reached("dropped/over");
    const id = (await ingress.post("/restate/lookup", dropped)).json.invocationId;
    const { status } = (await server.admin.get(`/invocations/${id}`)).json;
    const attemptsThen = gates.count("dropped/attempt");
    const afterThen = gates.count("dropped/after");

    expect((await answer).status).toBe(200);
    expect([status, attemptsThen, afterThen]).toEqual(["suspended", 1, 0]);
    expect(gates.count("dropped/attempt")).toBe(2);
    expect(gates.count("dropped/before")).toBe(1);
    expect(gates.count("dropped/after")).toBe(1);
  });

  test("stays where it is until then", async () => {
    await call("stays", "stayed");

    expect(gates.count("stayed/attempt")).toBe(1);
  });

  test("is dropped at once where the timeout is zero", async () => {
    const answer = await call("suspendsAtOnce", "at-once");

    expect(answer.json).toBe(7);
    expect(gates.count("at-once/attempt")).toBeGreaterThanOrEqual(3);
  });

  test("waits in its hundreds beside work that goes on", async () => {
    const sleepers = await Promise.all(
      Array.from({ length: 300 }, () => ingress.post("/restate/send/Steps/sleeps", 500)),
    );

    const answer = await call("sum", [1, 2]);
    const results = await Promise.all(
      sleepers.map(({ json }) => ingress.get(`/restate/attach/${json.invocationId}`)),
    );

    expect(answer.json).toBe(3);
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(results.map(({ text }) => text)).size).toBe(300);
  });
});
