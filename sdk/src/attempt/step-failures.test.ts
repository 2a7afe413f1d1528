// What the closure of a step is given, how it pauses an invocation, and how steps that run side by side count
// their failures.

import { AttemptFailed_Behavior as Behavior } from "@perdure/proto/protocol/v1/deployment";
import { describe, expect, test } from "vitest";
import {
  attempt,
  latch,
  sessionOf,
  startOf,
  type AttemptDriver,
  type Code,
} from "../endpoint/session.fixture.js";
import { PauseError, TerminalError } from "../errors.js";
import { DurablePromise } from "../futures/names.js";
import { completedWith, failedWith, run } from "../replay/entries.fixture.js";

function behaviorOf(driver: AttemptDriver): Behavior | undefined {
  const { frame } = driver.frames.at(-1) ?? {};
  return frame?.case === "failed" ? frame.value.behavior : undefined;
}

describe("the closure of a step", () => {
  test("is given a signal, which fires when the attempt is over", async () => {
    for (const end of ["abort", "drop"] as const) {
      const gate = latch();
      const started = latch();
      let seen: AbortSignal | undefined;
      const driver = attempt(async (ctx) =>
        ctx.run("slow", async ({ signal }) => {
          seen = signal;
          signal.addEventListener("abort", () => {
            gate.open();
          });
          started.open();
          await gate.opened;
        }),
      );
      await started.opened;
      await driver.until("command");
      expect(seen?.aborted).toBe(false);
      driver[end]();
      await gate.opened;
      expect(seen?.aborted).toBe(true);
      expect(driver.said).toEqual(['Run "slow" #1']);
    }
  });

  test("need not take it", async () => {
    const driver = attempt(async (ctx) => ctx.run(() => 5));
    expect(await driver.until("proposeCompletion")).toEqual(["Run #1", "propose #1 = 5"]);
  });
});

describe("a PauseError", () => {
  test("of a step pauses the invocation, whatever the step's retry options say", async () => {
    for (const options of [{}, { maxRetryAttempts: 1 }]) {
      const driver = attempt(async (ctx) =>
        ctx.run(
          "a",
          () => {
            throw new PauseError("look at it");
          },
          options,
        ),
      );
      expect(await driver.until("failed")).toEqual(['Run "a" #1', "failed ! 500 look at it"]);
      expect(behaviorOf(driver)).toBe(Behavior.PAUSE);
    }
  });

  test("elsewhere is tried again, and said in the log", async () => {
    const code: Code = async () => {
      throw new PauseError("look at it");
    };
    const session = sessionOf(code);
    const driver = session.start(startOf({}));
    expect(await driver.until("failed")).toEqual(["failed ! 500 look at it"]);
    expect(behaviorOf(driver)).toBe(Behavior.RETRY);
    expect(session.log.filter((line) => line.includes("PauseError"))).toHaveLength(1);
  });
});

describe("steps side by side", () => {
  const options = { maxRetryAttempts: 3, initialRetryInterval: 100 };
  const flaky = (): never => {
    throw new Error("flaky");
  };

  test("count the failures of earlier attempts, though they are not the last command", async () => {
    const code: Code = async (ctx) =>
      DurablePromise.all([ctx.run("a", flaky, options), ctx.run("b", () => 1)]);
    const journal = [run(1, "a"), run(2, "b"), completedWith(2, 1)];
    const second = attempt(code, { journal, retryCount: 1 });
    expect(await second.until("failed")).toEqual(["failed ! 500 flaky, again in 200 ms"]);
    const third = attempt(code, { journal, retryCount: 2 });
    expect(await third.until("proposeCompletion")).toEqual(["propose #1 ! 500 flaky"]);
  });

  test("give up by their own limits, counting the attempts since the last progress", async () => {
    const code: Code = async (ctx) =>
      DurablePromise.allSettled([
        ctx.run("a", flaky, options),
        ctx.run("b", flaky, { ...options, maxRetryAttempts: 2 }),
      ]);
    const first = attempt(code);
    expect(await first.until("failed")).toContain("failed ! 500 flaky, again in 100 ms");
    const journal = [run(1, "a"), run(2, "b")];
    // The attempt ends with the first that fails.
    const third = attempt(code, { journal, retryCount: 2 });
    expect((await third.until("proposeCompletion")).at(-1)).toBe("propose #1 ! 500 flaky");
    expect((await third.until("proposeCompletion")).at(-1)).toBe("propose #2 ! 500 flaky");
    // A result is progress: from there on the other counts for itself.
    const onlyB = attempt(code, { journal: [...journal, failedWith(1, "flaky")], retryCount: 0 });
    expect(await onlyB.until("failed")).toEqual(["failed ! 500 flaky, again in 100 ms"]);
  });

  test("leave a step that is new alone: what failed before was theirs", async () => {
    const code: Code = async (ctx) => {
      const slow = ctx.run("slow", async () => new Promise<never>(() => undefined));
      const next = ctx.run("done", () => 1).map(() => undefined);
      await next;
      return DurablePromise.all([slow, ctx.run("new", flaky, options)]);
    };
    const journal = [run(1, "slow"), run(2, "done"), completedWith(2, 1)];
    const driver = attempt(code, { journal, retryCount: 2 });
    expect(await driver.until("failed")).toEqual([
      'Run "new" #3',
      "failed ! 500 flaky, again in 100 ms",
    ]);
  });

  test("that fail for good are recorded each", async () => {
    const code: Code = async (ctx) =>
      DurablePromise.allSettled(
        ["a", "b"].map((name) =>
          ctx.run(name, () => {
            throw new TerminalError(name, { errorCode: 418, metadata: { step: name } });
          }),
        ),
      ).map((outcomes) =>
        outcomes?.map((each) => (each.status === "rejected" ? (each.reason as Error).message : "")),
      );
    const driver = attempt(code);
    await driver.until("proposeCompletion");
    expect(await driver.until("proposeCompletion")).toEqual(["propose #2 ! 418 b step=b"]);
    driver.accept(3, 1);
    driver.accept(4, 2);
    expect(await driver.until("end")).toEqual(['end = ["a","b"]']);
  });
});
