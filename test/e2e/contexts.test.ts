// Contexts end to end: combinations of promises, state, workflow promises, calls and sends between all kinds.

import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { Answer, Http } from "../harness/http.js";
import { until } from "../harness/until.js";

const bed = useBed("after all");
let ingress: Http;
let gates: Gates;

beforeAll(async () => {
  gates = await bed.openGates();
  const { server } = await bed.serve({
    modules: ["contexts"],
    env: { PERDURE_TEST_GATES: gates.url },
  });
  ingress = server.ingress;
});

const call = (path: string, input?: unknown): Promise<Answer> =>
  ingress.post(`/restate/call/${path}`, input);

describe("combinations of promises", () => {
  test.each([
    ["all", [1, null, 8]],
    ["allFails", "left"],
    ["race", "quick"],
    ["any", [42, "AggregateError", ["first", "second"]]],
    ["allSettled", [4, "failed: bad"]],
    ["settledAlready", [["fulfilled", "rejected"], []]],
    ["orTimeout", ["in time", true, 408]],
    ["map", ["got 4", "mended broken"]],
  ])("%s", async (handler, expected) => {
    const answer = await call(`Combining/${handler}`);

    expect(answer).toMatchObject({ status: 200, json: expected });
  });

  test("have the same winner when the handler runs again", async () => {
    const answer = await call("Combining/raceAgain", "racers");

    const winners = gates.notes("racers");
    expect(winners).toHaveLength(3);
    expect(new Set(winners)).toEqual(new Set([answer.json]));
  });
});

describe.each(["Notebook", "LazyNotebook"])("the state of %s", (name) => {
  test("is kept by key, and read beside exclusive handlers", async () => {
    await call(`${name}/mine/write`, { by: "me", at: 1 });
    await call(`${name}/yours/write`, { by: "you", at: 2 });
    const length = await call(`${name}/mine/write`, { by: "me", at: 3 });

    const mine = await call(`${name}/mine/read`);
    const keys = await call(`${name}/mine/keys`);
    const value = await call(`${name}/mine/value`, "by me");
    const absent = await call(`${name}/mine/value`, "by you");
    const untouched = await call(`${name}/nobodys/read`);

    expect(length.json).toBe(2);
    expect(mine.json).toEqual([
      { by: "me", at: 1 },
      { by: "me", at: 3 },
    ]);
    expect(keys.json).toEqual(["by me", "notes"]);
    expect([value.json, absent.json, untouched.json]).toEqual([3, null, []]);
  });

  test("is cleared by name and altogether", async () => {
    await call(`${name}/old/write`, { by: "me", at: 1 });
    await call(`${name}/old/write`, { by: "you", at: 2 });

    const erased = await call(`${name}/old/erase`, "by me");
    const burnt = await call(`${name}/old/burn`);
    const keys = await call(`${name}/old/keys`);

    expect(erased.json).toEqual({ gone: null, left: ["by you", "notes"] });
    expect(burnt.json).toEqual([null, ["ashes"]]);
    expect(keys.json).toEqual(["ashes"]);
  });

  test("that was set stays set when the handler fails after it", async () => {
    const failed = await call(`${name}/failing/failsAfterSet`, "v");
    const value = await call(`${name}/failing/value`, "kept");

    expect(failed.status).toBe(500);
    expect(value.json).toBe("v");
  });
});

describe("a workflow's promise", () => {
  test("is awaited by the run and resolved by a shared handler", async () => {
    const story = call("Story/resolved/run", "T");
    await until("the title is set", async () => (await call("Story/resolved/title")).json === "T");
    const before = await call("Story/resolved/ending");
    await call("Story/resolved/end", "happily");

    expect((await story).json).toEqual({ title: "T", ending: "happily", chapters: [] });
    const after = await call("Story/resolved/ending");
    expect([before.text, after.json]).toEqual(["", "happily"]);
  });

  test("that is rejected fails whoever awaits it", async () => {
    const story = call("Story/rejected/run", "T");
    await call("Story/rejected/spoil", "it was a dream");

    expect(await story).toMatchObject({ status: 500, json: { message: "it was a dream" } });
    const peeked = await call("Story/rejected/ending");
    expect(peeked).toMatchObject({ status: 500, json: { message: "it was a dream" } });
  });

  test("may be resolved before anybody waits", async () => {
    await call("Story/early/end", "first");

    const story = await call("Story/early/run", "T");

    expect(story.json.ending).toBe("first");
  });
});

describe("handlers", () => {
  test("call handlers of every kind", async () => {
    const answer = await call("Caller/everyKind", "k1");

    expect(answer.json).toEqual({
      length: 1,
      story: { title: "called", ending: "well", chapters: [{ by: "caller", at: 1 }] },
      double: 16,
    });
  });

  test("see the failure of what they called, with code and metadata", async () => {
    const answer = await call("Caller/failing");

    expect(answer.json).toEqual({
      name: "TerminalError",
      message: "deep down",
      code: 418,
      metadata: { side: "deep down" },
    });
  });

  test("are told that a workflow ran already", async () => {
    const answer = await call("Caller/startedTwice", "twice");

    expect(answer.json).toBe("409 the workflow method was already invoked");
  });

  test("send in order, and know the ids of what they sent", async () => {
    const sent = await call("Caller/sends", { key: "ordered", count: 20 });
    const last = (sent.json as string[]).at(-1);
    await ingress.get(`/restate/attach/${last}`);

    const notes = await call("Notebook/ordered/read");

    expect(new Set(sent.json).size).toBe(20);
    expect(notes.json.map(({ at }: { at: number }) => at)).toEqual(
      Array.from({ length: 20 }, (_, at) => at + 1),
    );
  });

  test("send with a delay", async () => {
    const before = Date.now();
    const sent = await call("Caller/sendsLater", "delayed");
    const early = await call("Notebook/delayed/read");
    await ingress.get(`/restate/attach/${sent.json}`);
    const took = Date.now() - before;

    const late = await call("Notebook/delayed/read");

    expect([early.json.length, late.json.length]).toEqual([0, 1]);
    expect(took).toBeGreaterThanOrEqual(145);
  });

  test("send to workflows, whose result is there by key", async () => {
    const sent = await call("Caller/sendsToWorkflow", "sent");
    await call("Story/sent/end", "somehow");

    const result = await ingress.get("/restate/workflow/Story/sent/attach");

    expect(result.headers.get("x-restate-id")).toBe(sent.json);
    expect(result.json).toMatchObject({ title: "sent", ending: "somehow" });
  });

  test("call once for each idempotency key", async () => {
    const answer = await call("Caller/twice", "one-key");

    expect(answer.json[0]).toBe(answer.json[1]);
    expect(gates.count("one-key")).toBe(1);
  });

  test("call and send by name alone, and hand headers on", async () => {
    const generic = await call("Caller/generic", 6);
    const headers = await call("Caller/headers");

    expect([generic.json, headers.json]).toEqual([[12, true], "t1"]);
  });
});
