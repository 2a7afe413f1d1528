import { create } from "@bufbuild/protobuf";
import { ServerFrameSchema, type Hello } from "@perdure/proto/protocol/v1/deployment";
import { drop } from "@perdure/protocol/messages";
import { protocolVersions } from "@perdure/protocol/versions";
import { describe, expect, test } from "vitest";
import { service } from "../definitions/define.js";
import type { Context } from "../context/context.js";
import { completedVoid, completedWith, input, run, sleep } from "../replay/entries.fixture.js";
import { latch, numberOf, SessionDriver, sessionOf, startOf, turns } from "./session.fixture.js";

const echo = service({
  name: "Echo",
  handlers: { echo: async (_: Context, value: unknown) => value },
});

describe("a session", () => {
  test("begins with Hello: versions, instance and build", async () => {
    const driver = new SessionDriver([echo]);
    await turns();
    const hello = driver.control[0]?.frame;
    expect(hello?.case).toBe("hello");
    expect(hello?.value as Hello).toMatchObject({
      minProtocolVersion: protocolVersions.min,
      maxProtocolVersion: protocolVersions.max,
      instanceId: "instance",
      buildId: "build",
    });
  });

  test("answers a ping with its nonce", async () => {
    const driver = new SessionDriver([echo]);
    driver.send(
      create(ServerFrameSchema, {
        frame: { case: "ping", value: { $typeName: "perdure.protocol.v1.Ping", nonce: 77n } },
      }),
    );
    await turns();
    expect(driver.control.at(-1)?.frame).toMatchObject({ case: "pong", value: { nonce: 77n } });
  });

  test("runs many attempts at once, each with its own stream id and number", async () => {
    const driver = new SessionDriver([echo]);
    const attempts = Array.from({ length: 50 }, (_, at) =>
      driver.start({ handler: "Echo/echo", entries: [input(at)], number: numberOf(at, 3) }),
    );
    for (const [at, attempt] of attempts.entries()) {
      expect(await attempt.until("end")).toEqual([`end = ${String(at)}`]);
      expect(attempt.frames[0]?.attempt).toMatchObject({ epoch: 3, counter: at });
    }
    expect(driver.session.running).toBe(0);
    expect(driver.stray).toEqual([]);
  });

  test("fails an attempt for a service or a handler that it does not have", async () => {
    const driver = new SessionDriver([echo]);
    for (const handler of ["Other/echo", "Echo/other"]) {
      const said = await driver.start({ handler }).until("failed");
      expect(said).toEqual([
        expect.stringContaining(`! 404 this deployment has no handler ${handler} any more`),
      ]);
    }
    expect(driver.session.running).toBe(0);
  });

  test("waits for entries that come behind Start, in pieces, before it runs the code", async () => {
    let runs = 0;
    const driver = sessionOf(async (ctx) => {
      runs++;
      return [await ctx.run("a", () => "new"), await ctx.sleep(1), await ctx.run("b", () => "new")];
    });
    const attempt = driver.start({ entries: [input()], knownEntries: 6 });
    const startEntries = (...entries: ReturnType<typeof input>[]): void => {
      const $typeName = "perdure.protocol.v1.StartEntries";
      attempt.send({ case: "startEntries", value: { $typeName, entries } });
    };
    startEntries(run(1, "a"), completedWith(1, "A"));
    await turns();
    expect(runs).toBe(0);
    startEntries(sleep(2));
    startEntries(completedVoid(2), run(3, "b"));
    attempt.notify(6, completedWith(3, "B"));
    expect(await attempt.until("end")).toEqual(['end = ["A",null,"B"]']);
  });

  test("forgets an attempt that is dropped before all of its entries have come", async () => {
    let runs = 0;
    const driver = sessionOf(async () => ++runs);
    const attempt = driver.start({ entries: [input()], knownEntries: 2 });
    attempt.drop();
    const $typeName = "perdure.protocol.v1.StartEntries";
    attempt.send({ case: "startEntries", value: { $typeName, entries: [run(1)] } });
    await turns();
    expect(runs).toBe(0);
  });

  test("passes over frames of attempts that it does not know, and of other numbers", async () => {
    const driver = sessionOf(async (ctx) => ctx.promise("p"));
    const attempt = driver.start({ number: numberOf(2) });
    await attempt.until("waiting");
    const stale = { $typeName: "perdure.protocol.v1.Notify" as const, index: 2 };
    for (const number of [numberOf(1), numberOf(2, 9)]) {
      attempt.send({ case: "notify", value: { ...stale, entry: completedWith(1, "old") } }, number);
      attempt.send(drop, number);
    }
    attempt.notify(2, completedWith(1, "new"));
    expect(await attempt.until("end")).toEqual(['end = "new"']);
    attempt.notify(3, completedWith(1, "late"));
    await turns();
    expect(attempt.said).toHaveLength(3);
  });

  test("gives a stream id that is used again to the new attempt", async () => {
    const driver = sessionOf(async (ctx) => ctx.promise("p"));
    const first = driver.start({ streamId: 7, number: numberOf(1) });
    await first.until("waiting");
    const second = driver.start({ streamId: 7, number: numberOf(2) });
    await second.until("waiting");
    second.notify(2, completedWith(1, "x"));
    expect(await second.until("end")).toEqual(['end = "x"']);
    expect(driver.session.running).toBe(0);
  });

  test("counts as running what computes, not what only waits", async () => {
    const gate = latch();
    const driver = sessionOf(async (ctx, kind: string) =>
      kind === "wait" ? ctx.sleep(1) : ctx.run("slow", async () => gate.opened),
    );
    await driver.start(startOf({ input: "wait" })).until("waiting");
    const computing = driver.start(startOf({ input: "compute" }));
    await computing.until("command");
    expect(driver.session.running).toBe(1);
    gate.open();
    await computing.until("proposeCompletion");
    computing.accept(2, 1);
    await computing.until("end");
    expect(driver.session.running).toBe(0);
  });
});

describe("a session that ends", () => {
  test("drops its attempts, and its stream is over", async () => {
    let signal: AbortSignal | undefined;
    const driver = sessionOf(async (ctx) => {
      signal = ctx.request().attemptCompletedSignal;
      await ctx.sleep(1);
    });
    const attempt = driver.start();
    await attempt.until("waiting");
    driver.close();
    await driver.ended;
    expect(signal?.aborted).toBe(true);
    expect(attempt.said).toHaveLength(2);
  });

  test("with an error does the same, and says so at debug", async () => {
    const driver = sessionOf(async (ctx) => ctx.sleep(1));
    const failing = (async function* () {
      yield await Promise.reject<never>(new Error("connection reset"));
    })();
    const frames = [];
    for await (const message of driver.session.run(failing)) frames.push(...message.frames);
    expect(frames.map(({ frame }) => frame.case)).toEqual(["hello"]);
    expect(driver.log).toEqual(["debug session ended: Error: connection reset"]);
  });

  test("from this side tells first that it drains, and loses nothing that was said", async () => {
    const gate = latch();
    const driver = sessionOf(async (ctx) => {
      ctx.set("a", 1);
      await gate.opened;
      return "done";
    });
    const attempt = driver.start();
    await attempt.until("command");
    driver.session.drain();
    await turns();
    expect(driver.control.at(-1)?.frame.case).toBe("draining");
    gate.open();
    // The code ends in the turn in which the session is closed.
    await Promise.resolve().then(() => Promise.resolve());
    expect(driver.session.running).toBe(0);
    driver.session.close();
    expect(await attempt.until("end")).toEqual(['end = "done"']);
    await driver.ended;
  });

  test("from this side drops what still runs", async () => {
    let signal: AbortSignal | undefined;
    const driver = sessionOf(async (ctx) => {
      signal = ctx.request().attemptCompletedSignal;
      await ctx.sleep(1);
    });
    await driver.start().until("waiting");
    driver.session.close();
    await driver.ended;
    expect(signal?.aborted).toBe(true);
  });
});
