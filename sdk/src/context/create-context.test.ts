// What contexts have beside steps, state, promises and calls.

import { describe, expect, test } from "vitest";
import { attempt, sessionOf, startOf, turns } from "../endpoint/session.fixture.js";
import { completedVoid, completedWith, input, run, sleep } from "../replay/entries.fixture.js";
import { createRand } from "./rand.js";

describe("the request", () => {
  test("tells what was asked for, of whom, by which invocation", async () => {
    const driver = attempt(
      async (ctx) => {
        const { target, id, headers, attemptHeaders, body, extraArgs, idempotencyKey } =
          ctx.request();
        const { scope, limitKey } = ctx.request();
        return {
          target: { service: target.service, key: target.key, handler: target.handler },
          text: String(target),
          id: String(id),
          headers: [...headers],
          attemptHeaders: [...attemptHeaders],
          body: Buffer.from(body).toString(),
          extraArgs,
          idempotencyKey,
          scope,
          limitKey,
          key: ctx.key,
        };
      },
      {
        handler: "W/ada/run",
        entries: [input("given", { "X-Trace": "a", Accept: "b" })],
        attemptHeaders: [{ name: "TraceParent", value: "c" }],
        idempotencyKey: "k",
        scope: "tenant-1",
        limitKey: "llm/large",
      },
    );
    const said = await driver.until("end");
    expect(JSON.parse(said[0]?.slice("end = ".length) ?? "")).toEqual({
      target: { service: "W", key: "ada", handler: "run" },
      text: "W/ada/run",
      id: "inv_1test",
      headers: [
        ["x-trace", "a"],
        ["accept", "b"],
      ],
      attemptHeaders: [["traceparent", "c"]],
      body: '"given"',
      extraArgs: [],
      idempotencyKey: "k",
      scope: "tenant-1",
      limitKey: "llm/large",
      key: "ada",
    });
  });

  test("of a plain service has no key, and no scope unless it was called in one", async () => {
    const driver = attempt(
      async (ctx) => {
        const { target, scope, limitKey, idempotencyKey } = ctx.request();
        return [String(target), target.key, scope, limitKey, idempotencyKey];
      },
      {
        handler: "W/run",
      },
    );
    expect(await driver.until("end")).toEqual(['end = ["W/run",null,null,null,null]']);
  });
});

describe("random numbers", () => {
  test("are the same on every replay, and others for another invocation", async () => {
    const draw = async (randomSeed: bigint): Promise<string | undefined> => {
      const driver = attempt(async ({ rand }) => [rand.random(), rand.uuidv4(), rand.random()], {
        randomSeed,
      });
      return (await driver.until("end"))[0];
    };
    expect(await draw(7n)).toBe(await draw(7n));
    expect(await draw(7n)).not.toBe(await draw(8n));
  });

  test("stay what they are in all releases", () => {
    const rand = createRand(42n);
    expect([rand.random(), rand.random()]).toEqual([0.8143051451229099, 0.3188210400616611]);
    expect(rand.uuidv4()).toBe("fbe07cfb-0c24-4d8c-b37d-9f600cd835b8");
  });

  test("are from 0 to 1, spread evenly, for any seed", () => {
    for (const seed of [0n, 1n, (1n << 64n) - 1n]) {
      const rand = createRand(seed);
      const drawn = Array.from({ length: 10_000 }, () => rand.random());
      expect(drawn.every((number) => number >= 0 && number < 1)).toBe(true);
      const mean = drawn.reduce((sum, number) => sum + number, 0) / drawn.length;
      expect(mean).toBeGreaterThan(0.48);
      expect(mean).toBeLessThan(0.52);
    }
  });

  test("make version 4 UUIDs, all different", () => {
    const rand = createRand(3n);
    const ids = Array.from({ length: 1_000 }, () => rand.uuidv4());
    expect(new Set(ids).size).toBe(1_000);
    for (const id of ids) {
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    }
  });
});

describe("the console", () => {
  test("is silent for what was said by an earlier attempt, and speaks from then on", async () => {
    const options = { journal: [run(1, "a"), completedWith(1, 1), sleep(2), completedVoid(2)] };
    const session = sessionOf(async (ctx) => {
      ctx.console.log("before the step");
      await ctx.run("a", () => 1);
      ctx.console.log("between");
      await ctx.sleep(1);
      ctx.console.log("after the sleep");
      await ctx.sleep(2);
      ctx.console.log("at last");
    }, options);
    const driver = session.start(startOf(options));
    await driver.until("waiting");
    expect(session.log).toEqual(["info W/k/run inv_1test: after the sleep"]);
    driver.notify(6, completedVoid(3));
    await driver.until("end");
    expect(session.log.slice(1)).toEqual(["info W/k/run inv_1test: at last"]);
  });
});

describe("the date", () => {
  test("is a step: recorded, and the same on replay", async () => {
    const driver = attempt(async (ctx) => [await ctx.date.now(), await ctx.date.toJSON()], {
      journal: [
        run(1),
        completedWith(1, 1_000),
        run(2),
        completedWith(2, "1970-01-01T00:00:01.000Z"),
      ],
    });
    expect(await driver.until("end")).toEqual(['end = [1000,"1970-01-01T00:00:01.000Z"]']);

    const fresh = attempt(async (ctx) => ctx.date.now());
    const before = Date.now();
    const said = await fresh.until("proposeCompletion");
    expect(Number(said.at(-1)?.slice("propose #1 = ".length))).toBeGreaterThanOrEqual(before);
  });

  test("is read from the endpoint's clock", async () => {
    const endpoint = { now: () => 5_000.7 };
    const number = attempt(async (ctx) => ctx.date.now(), { endpoint });
    const text = attempt(async (ctx) => ctx.date.toJSON(), { endpoint });

    expect((await number.until("proposeCompletion")).at(-1)).toBe("propose #1 = 5000");
    expect((await text.until("proposeCompletion")).at(-1)).toBe(
      'propose #1 = "1970-01-01T00:00:05.000Z"',
    );
  });
});

describe("a sleep", () => {
  test("takes milliseconds or units, and a name", async () => {
    const driver = attempt(async (ctx) => {
      void ctx.sleep(1.9);
      void ctx.sleep({ days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 }, "nap");
      void ctx.sleep(0);
    });
    expect((await driver.until("end")).slice(0, 3)).toEqual([
      "Sleep #1 1 ms",
      'Sleep "nap" #2 90061001 ms',
      "Sleep #3 0 ms",
    ]);
  });

  test("refuses what is no duration: the attempt fails", async () => {
    for (const duration of [-1, NaN, Infinity, 1e300, { seconds: -1 }]) {
      const driver = attempt(async (ctx) => ctx.sleep(duration));
      expect((await driver.until("failed")).at(-1)).toContain("a duration of zero or more");
      await turns(1);
      expect(driver.said).toHaveLength(1);
    }
  });

  test("refuses no duration at all", async () => {
    const driver = attempt(async (ctx) => ctx.sleep(undefined as never));
    expect((await driver.until("failed")).at(-1)).toContain("a duration of zero or more");
  });
});
