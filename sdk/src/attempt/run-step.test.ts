import { describe, expect, test } from "vitest";
import type { WorkflowContext } from "../context/context.js";
import { attempt, latch, turns, type Code } from "../endpoint/session.fixture.js";
import { RetryableError, TerminalError } from "../errors.js";
import { completedVoid, completedWith, failedWith, run, sleep } from "../replay/entries.fixture.js";
import { serde } from "../serde/serde.js";

/** Code with one step, and how often its closure ran. */
function step(
  action: () => unknown,
  options: Parameters<WorkflowContext["run"]>[2] = {},
): { code: Code; runs: () => number } {
  let runs = 0;
  const closure = (): unknown => {
    runs++;
    return action();
  };
  return { code: async (ctx) => ctx.run("a", closure, options), runs: () => runs };
}

function thrower(error: unknown): () => never {
  return () => {
    throw error;
  };
}

describe("a step", () => {
  test("runs its closure, proposes the result, and goes on when it is recorded", async () => {
    const driver = attempt(async (ctx) => `got ${String(await ctx.run("a", () => 5))}`);

    expect(await driver.until("proposeCompletion")).toEqual(['Run "a" #1', "propose #1 = 5"]);
    await turns();
    expect(driver.said).toHaveLength(2);
    driver.accept(2, 1);
    expect(await driver.until("end")).toEqual(['end = "got 5"']);
  });

  test("takes no name, or an asynchronous closure", async () => {
    const driver = attempt(async (ctx) => ctx.run(async () => Promise.resolve("x")));

    expect(await driver.until("proposeCompletion")).toEqual(["Run #1", 'propose #1 = "x"']);
  });

  test("takes a closure that gives anything with a `then`", async () => {
    const thenable = { then: (done: (value: string) => void) => done("later") };
    const { code } = step(() => thenable);
    expect(await attempt(code).until("proposeCompletion")).toContain('propose #1 = "later"');
  });

  test.each([
    ["run", (ctx: WorkflowContext) => ctx.run("inner", () => 1)],
    ["sleep", (ctx: WorkflowContext) => ctx.sleep(1)],
    ["setState", (ctx: WorkflowContext) => ctx.set("a", 1)],
  ])("that uses the context (%s) fails the attempt, and says why", async (command, use) => {
    const driver = attempt(async (ctx) => ctx.run("outer", async () => use(ctx)));

    expect((await driver.until("failed")).at(-1)).toMatch(
      new RegExp(`the context is used inside a step \\(for "${command}"\\).*PDR2025`),
    );
    expect(driver.said).toHaveLength(2);
  });

  test("without a result has an empty one, and gives undefined", async () => {
    const driver = attempt(async (ctx) => ({
      nothing: (await ctx.run("a", () => {})) === undefined,
    }));

    expect(await driver.until("proposeCompletion")).toContain("propose #1 = empty");
    driver.accept(2, 1);
    expect(await driver.until("end")).toEqual(['end = {"nothing":true}']);
  });

  test("gives what was recorded, not what the closure gave: the same on every replay", async () => {
    const driver = attempt(async (ctx) => {
      const date = await ctx.run("a", () => new Date(0));
      return typeof date;
    });
    await driver.until("proposeCompletion");
    driver.accept(2, 1);
    expect(await driver.until("end")).toEqual(['end = "string"']);
  });

  test("is written and read by its serde", async () => {
    const driver = attempt(async (ctx) => {
      const bytes = await ctx.run("a", () => Buffer.from("raw"), { serde: serde.binary });
      return Buffer.from(bytes).toString("hex");
    });
    expect(await driver.until("proposeCompletion")).toContain("propose #1 = raw");
    driver.accept(2, 1);
    expect(await driver.until("end")).toEqual(['end = "726177"']);
  });

  test("that is not awaited does not start", async () => {
    let runs = 0;
    const driver = attempt(async (ctx) => {
      const promise = ctx.run("a", () => ++runs);
      await ctx.sleep(1);
      return promise;
    });

    expect(await driver.until("waiting")).toEqual([
      'Run "a" #1',
      "Sleep #2 1 ms",
      "waiting for first(cancel, #2), seen 0",
    ]);
    expect(runs).toBe(0);
    driver.notify(3, completedVoid(2));
    expect(await driver.until("proposeCompletion")).toEqual(["propose #1 = 1"]);
  });

  test("starts when a combination that holds it is awaited, beside the others", async () => {
    const gate = latch();
    const { DurablePromise } = await import("../futures/names.js");
    const driver = attempt(async (ctx) =>
      DurablePromise.all([
        ctx.run("a", async () => gate.opened.then(() => 1)),
        ctx.run("b", () => 2),
      ]),
    );

    expect(await driver.until("proposeCompletion")).toEqual([
      'Run "a" #1',
      'Run "b" #2',
      "propose #2 = 2",
    ]);
    driver.accept(3, 2);
    gate.open();
    expect(await driver.until("proposeCompletion")).toEqual(["propose #1 = 1"]);
    driver.accept(4, 1);
    expect(await driver.until("end")).toEqual(["end = [1,2]"]);
  });

  test("starts once, however often it is awaited", async () => {
    const { code, runs } = step(() => "x");
    const driver = attempt(async (ctx) => {
      const promise = ctx.run("b", () => "y");
      return Promise.all([promise, promise, promise.map((y) => y), code(ctx, undefined)]);
    });
    await driver.until("proposeCompletion");
    await driver.until("proposeCompletion");
    driver.accept(3, 1);
    driver.accept(4, 2);
    expect(await driver.until("end")).toEqual(['end = ["y","y","y","x"]']);
    expect(runs()).toBe(1);
  });

  test("refuses what is no function", async () => {
    const driver = attempt(async (ctx) => ctx.run("a", "b" as never));
    expect(await driver.until("failed")).toEqual(["failed ! 500 ctx.run takes a function to run"]);
  });
});

describe("a step on replay", () => {
  test("is not executed where its result is recorded", async () => {
    const { code, runs } = step(() => "new");
    const driver = attempt(code, { journal: [run(1, "a"), completedWith(1, "old")] });

    expect(await driver.until("end")).toEqual(['end = "old"']);
    expect(runs()).toBe(0);
  });

  test("is not executed where its result lies behind later entries", async () => {
    const { code, runs } = step(() => "new");
    const journal = [run(1, "a"), sleep(2), completedVoid(2), completedWith(1, "old")];
    const driver = attempt(
      async (ctx, given) => {
        const sleeping = ctx.sleep(1);
        return Promise.all([code(ctx, given), sleeping]);
      },
      // The code asks for the sleep first.
      { journal: [sleep(1), run(2, "a"), completedVoid(1), completedWith(2, "old")] },
    );
    expect(journal).toHaveLength(4);
    expect(await driver.until("end")).toEqual(['end = ["old",null]']);
    expect(runs()).toBe(0);
  });

  test("is executed again where only the command is recorded", async () => {
    const { code, runs } = step(() => "again");
    const driver = attempt(code, { journal: [run(1, "a")] });

    expect(await driver.until("proposeCompletion")).toEqual(['propose #1 = "again"']);
    expect(runs()).toBe(1);
    driver.accept(2, 1);
    expect(await driver.until("end")).toEqual(['end = "again"']);
  });

  test("throws the terminal failure that is recorded, with code and metadata", async () => {
    const driver = attempt(
      async (ctx) => {
        try {
          return await ctx.run("a", () => 1);
        } catch (error) {
          const { name, message, code } = error as TerminalError;
          return { name, message, code, terminal: error instanceof TerminalError };
        }
      },
      { journal: [run(1, "a"), failedWith(1, "no", 418)] },
    );
    expect(await driver.until("end")).toEqual([
      'end = {"name":"TerminalError","message":"no","code":418,"terminal":true}',
    ]);
  });
});

describe("a closure that fails", () => {
  test("for good has its failure recorded, and the code goes on with it", async () => {
    const error = new TerminalError("no", { errorCode: 404, metadata: { why: "gone" } });
    const { code } = step(thrower(error));
    const driver = attempt(code);

    expect(await driver.until("proposeCompletion")).toEqual([
      'Run "a" #1',
      "propose #1 ! 404 no why=gone",
    ]);
    driver.accept(2, 1);
    expect(await driver.until("end")).toEqual(["end ! 404 no why=gone"]);
  });

  test("otherwise fails the attempt, at the pace of the invocation's retry policy", async () => {
    const { code } = step(thrower(new Error("flaky")));
    expect(await attempt(code).until("failed")).toEqual(['Run "a" #1', "failed ! 500 flaky"]);
  });

  test("asynchronously does the same", async () => {
    const { code } = step(async () => Promise.reject(new Error("flaky")));
    expect(await attempt(code).until("failed")).toContain("failed ! 500 flaky");
  });

  test("can say when to try again", async () => {
    const { code } = step(thrower(new RetryableError("busy", { retryAfter: { seconds: 3 } })));
    expect(await attempt(code).until("failed")).toContain("failed ! 500 busy, again in 3000 ms");
  });

  test("is mapped by asTerminalError, of the handler before that of the service", async () => {
    class OutOfStock extends Error {}
    const { code } = step(thrower(new OutOfStock("none left")));
    const asTerminalError = (text: string) => (error: unknown) =>
      error instanceof OutOfStock ? new TerminalError(text, { errorCode: 409 }) : undefined;
    const serviceOptions = { asTerminalError: asTerminalError("service") };

    const ofService = attempt(code, { serviceOptions });
    expect(await ofService.until("proposeCompletion")).toContain("propose #1 ! 409 service");
    const options = { asTerminalError: asTerminalError("handler") };
    const ofHandler = attempt(code, { serviceOptions, options });
    expect(await ofHandler.until("proposeCompletion")).toContain("propose #1 ! 409 handler");
    const { code: other } = step(thrower(new Error("other")));
    expect(await attempt(other, { options }).until("failed")).toContain("failed ! 500 other");
  });

  test("does not take the process along when asTerminalError throws", async () => {
    const options = { asTerminalError: thrower(new Error("mapper")) };
    const { code: sync } = step(thrower(new Error("step")));
    expect(await attempt(sync, { options }).until("failed")).toContain("failed ! 500 mapper");
    const { code: async_ } = step(async () => Promise.reject(new Error("step")));
    expect(await attempt(async_, { options }).until("failed")).toContain("failed ! 500 mapper");
  });

  test("with something that is no error is told so too", async () => {
    const { code } = step(thrower("just text"));
    expect(await attempt(code).until("failed")).toContain("failed ! 500 just text");
    const { code: odd } = step(thrower(Object.create(null)));
    expect((await attempt(odd).until("failed")).at(-1)).toMatch(/^failed ! 500 /);
  });
});

describe("a closure with retry options", () => {
  const options = { maxRetryAttempts: 3, initialRetryInterval: 100, retryIntervalFactor: 2 };

  test("fails the attempt with the interval that comes next", async () => {
    const { code } = step(thrower(new Error("flaky")), options);
    expect(await attempt(code).until("failed")).toContain("failed ! 500 flaky, again in 100 ms");
  });

  test("counts the failures of earlier attempts", async () => {
    const { code } = step(thrower(new Error("flaky")), options);
    const second = attempt(code, { journal: [run(1, "a")], retryCount: 1 });
    expect(await second.until("failed")).toContain("failed ! 500 flaky, again in 200 ms");
    // The same where the command did not get to be recorded.
    const unrecorded = attempt(code, { retryCount: 1 });
    expect(await unrecorded.until("failed")).toContain("failed ! 500 flaky, again in 200 ms");
  });

  test("gives up after the last attempt: the step fails for good, with the last message", async () => {
    class Odd extends Error {
      readonly code = 503;
    }
    const { code } = step(thrower(new Odd("down")), options);
    const third = attempt(code, { journal: [run(1, "a")], retryCount: 2 });

    expect(await third.until("proposeCompletion")).toEqual(["propose #1 ! 503 down"]);
    third.accept(2, 1);
    expect(await third.until("end")).toEqual(["end ! 503 down"]);
  });

  test("of a single attempt never tries again", async () => {
    const { code } = step(thrower(new Error("no")), { maxRetryAttempts: 1 });
    expect(await attempt(code).until("proposeCompletion")).toContain("propose #1 ! 500 no");
  });

  test("has defaults for those that are not given: 50 ms, doubled, 10 s at most", async () => {
    const { code } = step(thrower(new Error("flaky")), { maxRetryAttempts: 100 });
    const intervalAfter = async (retryCount: number): Promise<string | undefined> =>
      (await attempt(code, { retryCount }).until("failed")).at(-1);

    expect(await intervalAfter(0)).toContain("again in 50 ms");
    expect(await intervalAfter(3)).toContain("again in 400 ms");
    expect(await intervalAfter(20)).toContain("again in 10000 ms");
  });

  test("keeps to the longest interval and any factor", async () => {
    const { code } = step(thrower(new Error("flaky")), {
      initialRetryInterval: { seconds: 1 },
      retryIntervalFactor: 1.5,
      maxRetryInterval: { seconds: 2 },
    });
    const intervalAfter = async (retryCount: number): Promise<string | undefined> =>
      (await attempt(code, { retryCount }).until("failed")).at(-1);

    expect(await intervalAfter(1)).toContain("again in 1500 ms");
    expect(await intervalAfter(2)).toContain("again in 2000 ms");
  });

  test("gives up once the time is used up, whichever attempt used it", async () => {
    const { code } = step(thrower(new Error("slow")), { maxRetryDuration: { seconds: 10 } });
    const early = attempt(code, { retryCount: 5, millisSinceProgress: 9_000n });
    expect((await early.until("failed")).at(-1)).toContain("failed ! 500 slow, again in");
    const late = attempt(code, { retryCount: 5, millisSinceProgress: 10_000n });
    expect(await late.until("proposeCompletion")).toContain("propose #1 ! 500 slow");
  });

  test("lets a RetryableError choose the next interval, within the limits", async () => {
    const busy = thrower(new RetryableError("busy", { retryAfter: 7 }));
    const { code } = step(busy, options);
    expect(await attempt(code).until("failed")).toContain("failed ! 500 busy, again in 7 ms");
    const last = attempt(code, { retryCount: 2 });
    expect(await last.until("proposeCompletion")).toContain("propose #1 ! 500 busy");
  });

  test("counts from one where other commands came first", async () => {
    const code: Code = async (ctx) => {
      await ctx.run("first", () => 1);
      return ctx.run("a", thrower(new Error("flaky")), options);
    };
    const driver = attempt(code, { retryCount: 2 });
    await driver.until("proposeCompletion");
    driver.accept(2, 1);
    expect(await driver.until("failed")).toContain("failed ! 500 flaky, again in 100 ms");
  });

  test("survives a retry time that is none", async () => {
    for (const retryAfter of [Infinity, NaN, -5, 1e300]) {
      const { code } = step(thrower(new RetryableError("odd", { retryAfter })));
      expect((await attempt(code).until("failed")).at(-1)).toMatch(/^failed ! 500 odd/);
    }
  });
});

describe("a result that can't be serialised", () => {
  test("fails the attempt and names the step", async () => {
    const { code } = step(() => 5n);
    const said = await attempt(code).until("failed");
    expect(said.at(-1)).toMatch(/step "a".*serialised.*PDR2002/);
  });

  test("is also one that no JSON can say, or that a serde makes no bytes of", async () => {
    const { code } = step(() => () => 1);
    expect((await attempt(code).until("failed")).at(-1)).toContain("PDR2002");
    const { code: text } = step(() => "text", { serde: serde.binary as never });
    expect((await attempt(text).until("failed")).at(-1)).toContain("PDR2002");
  });
});

describe("after the attempt is over", () => {
  test("the result of a closure that still ran is dropped", async () => {
    const gate = latch();
    const { code } = step(async () => gate.opened.then(() => "late"));
    const driver = attempt(code);
    await driver.until("command");
    driver.drop();
    await turns();
    gate.open();
    await turns();
    expect(driver.said).toEqual(['Run "a" #1']);
  });

  test("the failure of a closure that still ran is dropped", async () => {
    const gate = latch();
    const { code } = step(async () => gate.opened.then(thrower(new Error("late"))));
    const driver = attempt(code);
    await driver.until("command");
    driver.abort();
    await turns();
    gate.open();
    await turns();
    expect(driver.said).toEqual(['Run "a" #1']);
  });

  test("no closure starts any more", async () => {
    const gate = latch();
    let runs = 0;
    const driver = attempt(async (ctx) => {
      const promise = ctx.run("a", () => ++runs);
      await gate.opened;
      return promise;
    });
    await driver.until("command");
    driver.drop();
    await turns();
    gate.open();
    await turns();
    expect(runs).toBe(0);
    expect(driver.said).toEqual(['Run "a" #1']);
  });

  test("a closure can see so by the attempt's signal", async () => {
    const aborted: boolean[] = [];
    const gate = latch();
    const driver = attempt(async (ctx) => {
      const { attemptCompletedSignal } = ctx.request();
      attemptCompletedSignal.addEventListener("abort", () => {
        aborted.push(attemptCompletedSignal.aborted);
        gate.open();
      });
      return ctx.run("a", async () => gate.opened);
    });
    await driver.until("command");
    expect(aborted).toEqual([]);
    driver.abort();
    await gate.opened;
    expect(aborted).toEqual([true]);
  });
});
