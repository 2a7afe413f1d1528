// The life of an attempt: fresh, replayed, suspended and resumed, ended, failed, dropped; and what it says
// while it waits.

import { AttemptFailed_Behavior as Behavior } from "@perdure/proto/protocol/v1/deployment";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  attempt,
  latch,
  sessionOf,
  startOf,
  turns,
  type Code,
} from "../endpoint/session.fixture.js";
import { RetryableError, TerminalError } from "../errors.js";
import {
  completedVoid,
  completedWith,
  command,
  input,
  jsonValue,
  run,
  sleep,
} from "../replay/entries.fixture.js";
import { serde } from "../serde/serde.js";

/** What the process would have died of. */
function unhandled(): unknown[] {
  const reasons: unknown[] = [];
  const listener = (reason: unknown): void => {
    reasons.push(reason);
  };
  process.on("unhandledRejection", listener);
  process.on("uncaughtException", listener);
  onTestFinished(() => {
    process.off("unhandledRejection", listener);
    process.off("uncaughtException", listener);
  });
  return reasons;
}

describe("a handler", () => {
  test("gets its input and gives its output", async () => {
    const driver = attempt(async (_, user: { name: string }) => ({ hello: user.name }), {
      input: { name: "Ada" },
    });
    expect(await driver.until("end")).toEqual(['end = {"hello":"Ada"}']);
  });

  test("that takes and gives nothing is as good", async () => {
    const driver = attempt(async (_, given) => {
      if (given !== undefined) throw new Error("there was an input");
    });
    expect(await driver.until("end")).toEqual(["end = empty"]);
  });

  test("reads and writes by its serdes, those of the handler before that of the service", async () => {
    const bytes: Code = async (_, given: Uint8Array) => Buffer.from(given);
    const raw = { entries: [command({ case: "input", value: { value: jsonValue("x") } })] };
    const byService = attempt(bytes, { ...raw, serviceOptions: { serde: serde.binary as never } });
    expect(await byService.until("end")).toEqual(['end = "x"']);
    const byHandler = attempt(bytes, { ...raw, options: { serde: serde.binary as never } });
    expect(await byHandler.until("end")).toEqual(['end = "x"']);
    const nothing = [command({ case: "input", value: {} })];
    const onlyOut = attempt(async () => Buffer.from("out"), {
      entries: nothing,
      options: { output: serde.binary, input: serde.empty },
      serviceOptions: { serde: serde.json },
    });
    expect(await onlyOut.until("end")).toEqual(["end = out"]);
  });

  test("whose input can't be read fails for good, with 400, before any code runs", async () => {
    let runs = 0;
    const broken = command({
      case: "input",
      value: { value: { content: { case: "inline", value: Buffer.from("{not json") } } },
    });
    const driver = attempt(async () => ++runs, { entries: [broken] });
    expect(await driver.until("end")).toEqual([
      expect.stringMatching(/^end ! 400 Failed to deserialize input: .*JSON/),
    ]);
    expect(runs).toBe(0);
  });

  test("whose output can't be written fails the attempt, and says which handler", async () => {
    for (const value of [5n, () => 1]) {
      const driver = attempt(async () => value);
      expect(await driver.until("failed")).toEqual([
        expect.stringMatching(/what W\/run returned can't be serialised: .*PDR2002\)$/),
      ]);
    }
  });

  test("needs a journal that begins with its input", async () => {
    const driver = attempt(async () => 1, { entries: [run(1)] });
    expect((await driver.until("failed")).at(-1)).toContain("begins with its input");
  });
});

describe("an error that a handler throws", () => {
  const throwing =
    (error: unknown): Code =>
    async () => {
      throw error;
    };

  test("ends the invocation where it is terminal, with code and metadata", async () => {
    const error = new TerminalError("no", { errorCode: 418, metadata: { why: "teapot" } });
    expect(await attempt(throwing(error)).until("end")).toEqual(["end ! 418 no why=teapot"]);
  });

  test("is terminal too where it comes of another copy of the SDK", async () => {
    const foreign = Object.assign(new Error("no"), { name: "TerminalError", code: 404 });
    expect(await attempt(throwing(foreign)).until("end")).toEqual(["end ! 404 no"]);
  });

  test("fails the attempt otherwise, with its code and stack", async () => {
    const error = Object.assign(new Error("flaky"), { code: 503 });
    const driver = attempt(throwing(error));
    expect(await driver.until("failed")).toEqual(["failed ! 503 flaky"]);
    const { frame } = driver.frames[0] ?? {};
    if (frame?.case !== "failed") throw new Error("no failure");
    expect(frame.value.stacktrace).toContain("attempt.test.ts");
    expect(frame.value.behavior).toBe(Behavior.RETRY);
    expect(frame.value.relatedCommandIndex).toBe(0);
  });

  test("counts the commands up to the one that it came after", async () => {
    const driver = attempt(async (ctx) => {
      ctx.set("a", 1);
      ctx.set("b", 1);
      throw new Error("no");
    });
    await driver.until("failed");
    expect(driver.frames.at(-1)?.frame).toMatchObject({ value: { relatedCommandIndex: 2 } });
  });

  test("can say when to try again", async () => {
    const error = new RetryableError("busy", { retryAfter: { minutes: 1 }, errorCode: 429 });
    expect(await attempt(throwing(error)).until("failed")).toEqual([
      "failed ! 429 busy, again in 60000 ms",
    ]);
    const wrapped = RetryableError.from(new Error("inner"), { retryAfter: 5 });
    expect(await attempt(throwing(wrapped)).until("failed")).toEqual([
      "failed ! 500 inner, again in 5 ms",
    ]);
  });

  test("has code 500 where its own is no code", async () => {
    for (const code of ["ENOENT", -1, 1.5, 2 ** 40, null]) {
      const error = Object.assign(new Error("no"), { code });
      expect(await attempt(throwing(error)).until("failed")).toEqual(["failed ! 500 no"]);
    }
  });

  test("is turned into a terminal one by asTerminalError", async () => {
    const options = {
      asTerminalError: (error: unknown) =>
        error instanceof RangeError ? new TerminalError("mapped", { errorCode: 422 }) : undefined,
    };
    expect(await attempt(throwing(new RangeError("x")), { options }).until("end")).toEqual([
      "end ! 422 mapped",
    ]);
    expect(await attempt(throwing(new Error("x")), { options }).until("failed")).toEqual([
      "failed ! 500 x",
    ]);
  });

  test("fails the attempt, not the process, where asTerminalError throws or gives nonsense", async () => {
    const reasons = unhandled();
    const throws = () => {
      throw new Error("mapper");
    };
    const thrown = attempt(throwing(new Error("x")), { options: { asTerminalError: throws } });
    expect(await thrown.until("failed")).toEqual(["failed ! 500 mapper"]);
    const nonsense = (async () => Promise.resolve(new TerminalError("x"))) as never;
    const odd = attempt(throwing(new Error("x")), { options: { asTerminalError: nonsense } });
    expect(await odd.until("failed")).toEqual(["failed ! 500 x"]);
    await turns();
    expect(reasons).toEqual([]);
  });

  test("fails the attempt, not the process, whatever was thrown", async () => {
    const reasons = unhandled();
    const odd = [
      "text",
      undefined,
      null,
      Symbol("s"),
      Object.create(null),
      { toString: () => 5n },
      Object.assign(new Error("x"), { message: { not: "text" }, stack: 5 }),
      new RetryableError("x", { retryAfter: NaN }),
      new RetryableError("x", { retryAfter: null as never }),
    ];
    for (const error of odd) {
      expect((await attempt(throwing(error)).until("failed")).at(-1)).toMatch(/^failed ! 500 /);
    }
    await turns();
    expect(reasons).toEqual([]);
  });

  test("is logged with the handler, the key and the invocation", async () => {
    const driver = sessionOf(throwing(new Error("flaky")));
    await driver.start().until("failed");
    expect(driver.log).toEqual(["warn W/k/run inv_1test: attempt failed: flaky"]);
  });
});

describe("a journal mismatch", () => {
  const code: Code = async (ctx) => {
    try {
      return await ctx.run("new", () => 1);
    } catch {
      return "caught";
    } finally {
      ctx.set("finally", true);
    }
  };

  test("fails the attempt with code 570, and is logged: the words, the entry, both sides, what to do", async () => {
    const driver = sessionOf(code);
    const said = await driver.start(startOf({ journal: [run(1, "old")] })).until("failed");
    expect(said).toEqual([expect.stringMatching(/^failed ! 570 journal mismatch at entry 1/)]);
    expect(driver.log).toHaveLength(1);
    for (const part of [
      "warn",
      "journal mismatch",
      "entry 1",
      'Run "old"',
      'Run "new"',
      "Deploy",
    ]) {
      expect(driver.log[0]).toContain(part);
    }
  });

  test("does not run the code's catch and finally blocks", async () => {
    const ran: string[] = [];
    const driver = attempt(
      async (ctx) => {
        try {
          await ctx.run("new", () => ran.push("closure"));
        } catch {
          ran.push("catch");
        } finally {
          ran.push("finally");
        }
      },
      { journal: [run(1, "old")] },
    );
    await driver.until("failed");
    await turns();
    expect(ran).toEqual([]);
  });

  test("may pause or fail the invocation, as the options say", async () => {
    const behaviorOf = async (options: object): Promise<Behavior | undefined> => {
      const driver = attempt(code, { journal: [run(1, "old")], ...options });
      await driver.until("failed");
      const { frame } = driver.frames.at(-1) ?? {};
      return frame?.case === "failed" ? frame.value.behavior : undefined;
    };
    expect(await behaviorOf({})).toBe(Behavior.RETRY);
    expect(await behaviorOf({ options: { onJournalMismatchErrors: "pause" } })).toBe(
      Behavior.PAUSE,
    );
    expect(await behaviorOf({ serviceOptions: { onJournalMismatchErrors: "fail" } })).toBe(
      Behavior.FAIL,
    );
  });

  test("is one where the code returns too early", async () => {
    const driver = attempt(async () => "done", { journal: [run(1, "a")] });
    expect(await driver.until("failed")).toEqual([
      expect.stringContaining('recorded was Run "a", the code now has returned'),
    ]);
  });

  test("is one where the code throws a terminal error too early", async () => {
    const driver = attempt(
      async () => {
        throw new TerminalError("no");
      },
      { journal: [run(1, "a")] },
    );
    expect((await driver.until("failed")).at(-1)).toContain("journal mismatch at entry 1");
  });

  test("is one where the code waits and the journal goes on", async () => {
    const driver = attempt(
      async (ctx) => {
        await ctx.sleep(1);
        await ctx.run("a", () => 1);
      },
      { journal: [sleep(1), run(2, "a")] },
    );
    expect((await driver.until("failed")).at(-1)).toContain("was not awaited then");
  });
});

describe("an attempt that waits", () => {
  test("says so once, and again when it has seen more or awaits something else", async () => {
    const driver = attempt(async (ctx) => {
      const later = ctx.sleep(1);
      await ctx.sleep(2);
      await later;
    });
    expect(await driver.until("waiting")).toEqual([
      "Sleep #1 1 ms",
      "Sleep #2 2 ms",
      "waiting for first(cancel, #2), seen 0",
    ]);
    await turns();
    expect(driver.said).toHaveLength(3);
    driver.notify(3, completedVoid(9));
    expect(await driver.until("waiting")).toEqual(["waiting for first(cancel, #2), seen 3"]);
    driver.notify(4, completedVoid(2));
    expect(await driver.until("waiting")).toEqual(["waiting for first(cancel, #1), seen 4"]);
    driver.notify(5, completedVoid(1));
    expect(await driver.until("end")).toEqual(["end = empty"]);
  });

  test("does not say so while a closure runs or its result is on its way", async () => {
    const gate = latch();
    const driver = attempt(async (ctx) =>
      Promise.all([ctx.sleep(1), ctx.run("a", async () => gate.opened)]),
    );
    await driver.until("command");
    await turns();
    gate.open();
    expect(await driver.until("proposeCompletion")).toEqual(['Run "a" #2', "propose #2 = empty"]);
    await turns();
    expect(driver.said).toHaveLength(3);
    driver.accept(3, 2);
    expect(await driver.until("waiting")).toEqual(["waiting for first(cancel, #1), seen 3"]);
  });

  test("does not say so while the code is at work on something that is not durable", async () => {
    const gate = latch();
    const driver = attempt(async (ctx) => {
      ctx.set("a", 1);
      await gate.opened;
      await ctx.sleep(1);
    });
    await driver.until("command");
    await turns();
    expect(driver.said).toHaveLength(1);
    gate.open();
    expect((await driver.until("waiting")).at(-1)).toContain("#1");
  });

  test("does not say so where its next notification is there already", async () => {
    const driver = attempt(async (ctx) => ctx.sleep(1), { journal: [sleep(1), completedVoid(1)] });
    expect(await driver.until("end")).toEqual(["end = empty"]);
    expect(driver.said).toHaveLength(1);
  });

  test("sees notifications one at a time, each when the code has come to rest", async () => {
    const seen: string[] = [];
    const driver = attempt(async (ctx) => {
      const branch = async (name: string): Promise<void> => {
        await ctx.promise(name);
        seen.push(name);
        for (let hop = 0; hop < 20; hop++) await Promise.resolve();
        seen.push(`${name} went on`);
      };
      await Promise.all(["a", "b", "c"].map(branch));
      return seen;
    });
    await driver.until("waiting");
    driver.notify(4, completedWith(2, 0));
    driver.notify(5, completedWith(3, 0));
    driver.notify(6, completedWith(1, 0));
    await driver.until("end");
    expect(seen).toEqual(["b", "b went on", "c", "c went on", "a", "a went on"]);
  });
});

describe("code with a branch that does something else in between", () => {
  test("sees no notification before it is quiet, though one comes in the same turn", async () => {
    const gate = latch();
    const seen: string[] = [];
    const driver = attempt(async (ctx) => {
      ctx.set("a", 1);
      await gate.opened;
      const first = ctx.promise("a").then(() => seen.push("notified"));
      for (let hop = 0; hop < 50; hop++) await Promise.resolve();
      seen.push("quiet");
      await first;
    });
    await driver.until("command");
    gate.open();
    driver.notify(3, completedWith(1, 0));
    await driver.until("end");
    expect(seen).toEqual(["quiet", "notified"]);
  });

  test("gets what was handed out before it asked for it", async () => {
    const gate = latch();
    const driver = attempt(
      async (ctx) => {
        const late = gate.opened.then(async () => ctx.promise("late"));
        await ctx.sleep(1);
        gate.open();
        return late;
      },
      {
        journal: [
          sleep(1),
          command({ case: "getPromise", value: { promise: "late", completionId: 2 } }),
          completedWith(2, "early"),
          completedVoid(1),
        ],
      },
    );
    expect(await driver.until("end")).toEqual(['end = "early"']);
  });
});

describe("an attempt that was suspended", () => {
  const code: Code = async (ctx, name: string) => {
    const greeting = await ctx.run("greet", () => `Hello ${name}`);
    await ctx.sleep({ days: 1 });
    return `${greeting}, again`;
  };

  test("is dropped, and goes on in another with the longer journal", async () => {
    const session = sessionOf(code);
    const first = session.start(startOf({ input: "Ada" }));
    await first.until("proposeCompletion");
    first.accept(2, 1);
    expect((await first.until("waiting")).at(-1)).toBe("waiting for first(cancel, #2), seen 2");
    first.drop();
    await turns();
    expect(session.session.running).toBe(0);

    const journal = [run(1, "greet"), completedWith(1, "Hello Ada"), sleep(2), completedVoid(2)];
    const second = session.start(startOf({ input: "Ada", journal }));
    expect(await second.until("end")).toEqual(['end = "Hello Ada, again"']);
    expect(first.said).toHaveLength(4);
  });

  test("goes on from a journal that only has the commands", async () => {
    const journal = [run(1, "greet"), completedWith(1, "Hello Ada"), sleep(2)];
    const driver = attempt(code, { input: "Ada", journal });
    expect(await driver.until("waiting")).toEqual(["waiting for first(cancel, #2), seen 2"]);
    driver.notify(4, completedVoid(2));
    expect(await driver.until("end")).toEqual(['end = "Hello Ada, again"']);
  });

  test("ignores a notification that Start had already", async () => {
    const journal = [run(1, "greet"), completedWith(1, "Hello Ada"), sleep(2), completedVoid(2)];
    const gate = latch();
    const driver = attempt(
      async (ctx, name: string) => {
        const result = await code(ctx, name);
        await gate.opened;
        return result;
      },
      { input: "Ada", journal },
    );
    driver.notify(4, completedVoid(2));
    driver.notify(2, completedWith(1, "Hello again"));
    gate.open();
    expect(await driver.until("end")).toEqual(['end = "Hello Ada, again"']);
  });
});

describe("code of an attempt that is over", () => {
  test("comes to rest: no catch or finally block runs, and nothing leaves", async () => {
    const ran: string[] = [];
    const gate = latch();
    const reasons = unhandled();
    const driver = attempt(async (ctx) => {
      try {
        await gate.opened;
        ran.push("went on");
        ctx.set("a", 1);
        ctx.clear("a");
        await ctx.run("late", () => ran.push("closure"));
        ran.push("after");
      } catch {
        ran.push("catch");
      } finally {
        ran.push("finally");
      }
    });
    await turns();
    driver.drop();
    await turns();
    gate.open();
    await turns();
    expect(ran).toEqual(["went on"]);
    expect(driver.said).toEqual([]);
    expect(reasons).toEqual([]);
  });

  test("does not take the process along: a branch that nobody awaits", async () => {
    const reasons = unhandled();
    const gate = latch();
    const driver = attempt(async (ctx) => {
      void gate.opened.then(async () => ctx.run("stray", () => 1));
      return "returned";
    });
    expect(await driver.until("end")).toEqual(['end = "returned"']);
    gate.open();
    await turns();
    expect(reasons).toEqual([]);
    expect(driver.said).toHaveLength(1);
  });

  test("is told by the signal of its request, however it ended", async () => {
    const signals: AbortSignal[] = [];
    const code: Code = async (ctx, how: string) => {
      signals.push(ctx.request().attemptCompletedSignal);
      if (how === "fail") throw new Error("no");
      if (how === "wait") await ctx.sleep(1);
    };
    await attempt(code, { input: "return" }).until("end");
    await attempt(code, { input: "fail" }).until("failed");
    const waiting = attempt(code, { input: "wait" });
    await waiting.until("waiting");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
    waiting.abort();
    await turns();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  });

  test("that asks for the signal only then finds it fired", async () => {
    const gate = latch();
    let aborted: boolean | undefined;
    const driver = attempt(async (ctx) => {
      await gate.opened;
      ({ aborted } = ctx.request().attemptCompletedSignal);
    });
    await turns();
    driver.drop();
    await turns();
    gate.open();
    await turns();
    expect(aborted).toBe(true);
  });
});

test("an attempt reads the input that is in its journal", async () => {
  const entries = [input("from the journal")];
  expect(await attempt(async (_, given) => given, { entries }).until("end")).toEqual([
    'end = "from the journal"',
  ]);
});
