// Combinations of durable promises: what they give, in which order of events, and what the attempt says it
// waits for meanwhile.

import { beforeAll, describe, expect, test } from "vitest";
import { currentHost } from "./current-host.js";
import {
  attempt,
  latch,
  sessionOf,
  startOf,
  turns,
  type AttemptDriver,
  type Code,
} from "../endpoint/session.fixture.js";
import { CancelledError, TerminalError, TimeoutError } from "../errors.js";
import {
  cancelSignal,
  command,
  completedVoid,
  completedWith,
  failedWith,
} from "../replay/entries.fixture.js";
import { DurablePromise, RestatePromise } from "./names.js";
import { isDurablePromise } from "./durable-promise.js";

type Context = Parameters<Code>[0];

/** Three promises of a workflow, with completion ids 1, 2 and 3. */
function three(ctx: Context) {
  return ["a", "b", "c"].map((name) => ctx.promise<string>(name).get()) as [
    DurablePromise<string>,
    DurablePromise<string>,
    DurablePromise<string>,
  ];
}

const commands = ["a", "b", "c"].map(
  (name, at) => `GetPromise (promise "${name}") #${String(at + 1)}`,
);

/** Journal index of the first notification: behind the input and three commands. */
const first = 4;

function throwing(error: Error): never {
  throw error;
}

async function outcome(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof AggregateError) {
      return { all: error.errors.map((each: Error) => each.message) };
    }
    return { failed: (error as Error).message };
  }
}

/** Code that awaits a combination of the three. */
function awaiting(
  combine: (ctx: Context, ...three_: ReturnType<typeof three>) => PromiseLike<unknown>,
): Code {
  return async (ctx) => outcome(combine(ctx, ...three(ctx)));
}

async function waitingFor(driver: AttemptDriver): Promise<string> {
  const said = await driver.until("waiting");
  return /waiting for (.*), seen/.exec(said.at(-1) ?? "")?.[1] ?? "";
}

beforeAll(() => {
  try {
    currentHost();
  } catch {
    // The first that asks is refused (current-host.test.ts); all others are told.
  }
});

describe("all", () => {
  const code = awaiting((_, ...promises) => DurablePromise.all(promises));

  test("gives all values in the order of its children, whatever the order of events", async () => {
    const driver = attempt(code);
    expect(await driver.until("waiting")).toEqual([
      ...commands,
      "waiting for first(cancel, all(#1, #2, #3)), seen 0",
    ]);
    driver.notify(first, completedWith(2, "b"));
    expect(await waitingFor(driver)).toBe("first(cancel, all(#1, #3))");
    driver.notify(first + 1, completedWith(3, "c"));
    expect(await waitingFor(driver)).toBe("first(cancel, all(#1))");
    driver.notify(first + 2, completedWith(1, "a"));
    expect(await driver.until("end")).toEqual(['end = ["a","b","c"]']);
  });

  test("rejects with the first failure, without waiting for the rest", async () => {
    const driver = attempt(code);
    driver.notify(first, completedWith(3, "c"));
    driver.notify(first + 1, failedWith(2, "no b"));
    expect((await driver.until("end")).at(-1)).toBe('end = {"failed":"no b"}');
  });

  test("of nothing is there at once", async () => {
    const driver = attempt(async () => DurablePromise.all([]));
    expect(await driver.until("end")).toEqual(["end = []"]);
  });

  test("of one promise twice waits for it once", async () => {
    const driver = attempt(awaiting((_, a) => DurablePromise.all([a, a])));
    await driver.until("waiting");
    driver.notify(first, completedWith(1, "a"));
    expect(await driver.until("end")).toEqual(['end = ["a","a"]']);
  });
});

describe("race", () => {
  const code = awaiting((_, ...promises) => DurablePromise.race(promises));

  test("is won by whose notification comes first", async () => {
    const driver = attempt(code);
    expect(await waitingFor(driver)).toBe("first(cancel, first(#1, #2, #3))");
    driver.notify(first, completedWith(2, "b"));
    driver.notify(first + 1, completedWith(1, "a"));
    expect(await driver.until("end")).toEqual(['end = "b"']);
  });

  test("is won by the same child on replay, though all have settled by then", async () => {
    const journal = [
      ...["a", "b", "c"].map((promise, at) =>
        command({ case: "getPromise", value: { promise, completionId: at + 1 } }),
      ),
      completedWith(2, "b"),
      completedWith(3, "c"),
      completedWith(1, "a"),
    ];
    expect(await attempt(code, { journal }).until("end")).toEqual(['end = "b"']);
  });

  test("rejects where the first to settle fails", async () => {
    const driver = attempt(code);
    driver.notify(first, failedWith(3, "no c"));
    driver.notify(first + 1, completedWith(1, "a"));
    expect((await driver.until("end")).at(-1)).toBe('end = {"failed":"no c"}');
  });

  test("between promises that have settled before is won by the first of its children", async () => {
    const code_: Code = async (ctx) => {
      const [a, b, c] = three(ctx);
      await c;
      return DurablePromise.race([a, b]);
    };
    const driver = attempt(code_);
    driver.notify(first, completedWith(2, "b"));
    driver.notify(first + 1, completedWith(1, "a"));
    driver.notify(first + 2, completedWith(3, "c"));
    expect((await driver.until("end")).at(-1)).toBe('end = "a"');
  });

  test("starts no step where it is decided already", async () => {
    let runs = 0;
    const driver = attempt(async (ctx) => {
      const [a] = three(ctx);
      await a;
      return DurablePromise.race([ctx.run("late", () => ++runs), a]);
    });
    await driver.until("waiting");
    driver.notify(first, completedWith(1, "a"));
    expect((await driver.until("end")).at(-1)).toBe('end = "a"');
    expect(runs).toBe(0);
  });

  test("of nothing pends for ever, and can be cancelled", async () => {
    const driver = attempt(async () => outcome(DurablePromise.race([])));
    expect(await waitingFor(driver)).toBe("first(cancel, first())");
    driver.notify(1, cancelSignal);
    expect(await driver.until("end")).toEqual(['end = {"failed":"Cancelled"}']);
  });

  test("of nothing can be cancelled behind other awaits, in the attempt that it is of", async () => {
    const code: Code = async (ctx) => {
      await ctx.sleep(1);
      await Promise.resolve();
      return outcome(DurablePromise.all([DurablePromise.resolve(1), DurablePromise.race([])]));
    };
    const session = sessionOf(code);
    const [one, other] = [session.start(startOf({})), session.start(startOf({}))];
    for (const driver of [one, other]) driver.notify(2, completedVoid(1));
    const pending = "waiting for first(cancel, all(first())), seen 2";
    expect((await one.until("waiting")).at(-1)).toBe(pending);
    expect((await other.until("waiting")).at(-1)).toBe(pending);
    other.notify(3, cancelSignal);
    expect(await other.until("end")).toEqual(['end = {"failed":"Cancelled"}']);
    await turns();
    expect(one.said.at(-1)).toBe(pending);
  });

  test("of nothing can time out; what has settled can't", async () => {
    const driver = attempt(async () => [
      await outcome(DurablePromise.race([]).orTimeout(5)),
      await DurablePromise.resolve(1).orTimeout(5),
    ]);
    expect(await driver.until("waiting")).toEqual([
      "Sleep #1 5 ms",
      "waiting for first(cancel, first(#1, first())), seen 0",
    ]);
    driver.notify(2, completedVoid(1));
    expect(await driver.until("end")).toEqual(['end = [{"failed":"Timeout occurred"},1]']);
  });

  test("of nothing can't time out outside of a handler", () => {
    expect(() => DurablePromise.race([]).orTimeout(5)).toThrow(/outside of a handler.*PDR2003/);
  });

  test("is not decided by what arrives while the code is at work on something else", async () => {
    const gate = latch();
    const code_: Code = async (ctx) => {
      const [a, b] = three(ctx);
      await gate.opened;
      return DurablePromise.race([a, b]);
    };
    const driver = attempt(code_);
    await driver.until("command");
    driver.notify(first, completedWith(2, "b"));
    driver.notify(first + 1, completedWith(1, "a"));
    await turns();
    gate.open();
    expect((await driver.until("end")).at(-1)).toBe('end = "b"');
  });
});

describe("any", () => {
  const code = awaiting((_, ...promises) => DurablePromise.any(promises));

  test("gives the first success, passing over failures", async () => {
    const driver = attempt(code);
    expect(await waitingFor(driver)).toBe("first(cancel, any(#1, #2, #3))");
    driver.notify(first, failedWith(1, "no a"));
    expect(await waitingFor(driver)).toBe("first(cancel, any(#2, #3))");
    driver.notify(first + 1, completedWith(3, "c"));
    expect(await driver.until("end")).toEqual(['end = "c"']);
  });

  test("rejects with all failures when none succeeds", async () => {
    const driver = attempt(code);
    driver.notify(first, failedWith(2, "no b"));
    driver.notify(first + 1, failedWith(1, "no a"));
    driver.notify(first + 2, failedWith(3, "no c"));
    expect((await driver.until("end")).at(-1)).toBe('end = {"all":["no a","no b","no c"]}');
  });

  test("of nothing rejects", async () => {
    const driver = attempt(async () => outcome(DurablePromise.any([])));
    expect(await driver.until("end")).toEqual(['end = {"all":[]}']);
  });
});

describe("allSettled", () => {
  test("gives all outcomes, in the order of its children", async () => {
    const driver = attempt(
      awaiting(async (_, ...promises) => {
        const outcomes = await DurablePromise.allSettled(promises);
        return outcomes.map((each) =>
          each.status === "fulfilled" ? each.value : (each.reason as Error).message,
        );
      }),
    );
    expect(await waitingFor(driver)).toBe("first(cancel, settled(#1, #2, #3))");
    driver.notify(first, failedWith(3, "no c"));
    expect(await waitingFor(driver)).toBe("first(cancel, settled(#1, #2))");
    driver.notify(first + 1, completedWith(1, "a"));
    driver.notify(first + 2, completedWith(2, "b"));
    expect((await driver.until("end")).at(-1)).toBe('end = ["a","b","no c"]');
  });

  test("of nothing is there at once", async () => {
    expect(await attempt(async () => DurablePromise.allSettled([])).until("end")).toEqual([
      "end = []",
    ]);
  });
});

describe("a tree of combinations", () => {
  test("is told as it is, without what has settled", async () => {
    const driver = attempt(
      awaiting((ctx, a, b, c) =>
        DurablePromise.all([
          DurablePromise.race([a, b]),
          DurablePromise.allSettled([c, ctx.sleep(5)]),
        ]),
      ),
    );
    expect(await waitingFor(driver)).toBe("first(cancel, all(first(#1, #2), settled(#3, #4)))");
    driver.notify(first + 1, completedVoid(4));
    expect(await waitingFor(driver)).toBe("first(cancel, all(first(#1, #2), settled(#3)))");
    driver.notify(first + 2, completedWith(2, "b"));
    expect(await waitingFor(driver)).toBe("first(cancel, all(settled(#3)))");
  });

  test("that several branches of the code await is told side by side", async () => {
    const driver = attempt(async (ctx) => {
      const [a, b, c] = three(ctx);
      return Promise.all([a, DurablePromise.any([b, c])]);
    });
    expect(await waitingFor(driver)).toBe("first(cancel, #1, any(#2, #3))");
    driver.notify(first, completedWith(1, "a"));
    expect(await waitingFor(driver)).toBe("first(cancel, any(#2, #3))");
    driver.notify(first + 1, completedWith(3, "c"));
    expect((await driver.until("end")).at(-1)).toBe('end = ["a","c"]');
  });

  test("is made of promises of one attempt only, and of durable ones only", async () => {
    let other: DurablePromise<void> | undefined;
    const holder = attempt(async (ctx) => {
      other = ctx.sleep(1);
      await other;
    });
    await holder.until("waiting");
    const mixed = attempt(async (ctx) => DurablePromise.race([ctx.sleep(1), other as never]));
    expect((await mixed.until("failed")).at(-1)).toContain("PDR2003");
    const native = attempt(async (ctx) =>
      DurablePromise.race([ctx.sleep(1), Promise.resolve() as never]),
    );
    expect((await native.until("failed")).at(-1)).toContain("PDR2003");
  });
});

describe("settled promises", () => {
  test("can be made, and stand beside those of an attempt", async () => {
    const driver = attempt(async (ctx) =>
      RestatePromise.all([RestatePromise.resolve(1), ctx.promise("a").get()]),
    );
    expect((await driver.until("waiting")).at(-1)).toBe(
      "waiting for first(cancel, all(#1)), seen 0",
    );
    driver.notify(2, completedWith(1, "a"));
    expect(await driver.until("end")).toEqual(['end = [1,"a"]']);
  });

  test("in front of others leave time-outs, failures and cancellation as they are", async () => {
    const both = (ctx: Context) =>
      RestatePromise.all([RestatePromise.resolve(1), ctx.promise("a").get()]);
    const timed = attempt(async (ctx) => outcome(both(ctx).orTimeout(50)));
    expect((await timed.until("waiting")).at(-1)).toContain("#2");
    timed.notify(3, completedVoid(2));
    expect(await timed.until("end")).toEqual(['end = {"failed":"Timeout occurred"}']);

    const mapped = attempt(async (ctx) =>
      both(ctx).map(() => {
        throw new Error("mapper");
      }),
    );
    await mapped.until("waiting");
    mapped.notify(2, completedWith(1, "a"));
    expect(await mapped.until("failed")).toEqual(["failed ! 500 mapper"]);

    const cancelled = attempt(async (ctx) => outcome(both(ctx)));
    await cancelled.until("waiting");
    cancelled.notify(2, cancelSignal);
    expect(await cancelled.until("end")).toEqual(['end = {"failed":"Cancelled"}']);
  });

  test("may have failed", async () => {
    const driver = attempt(async () =>
      outcome(RestatePromise.race([RestatePromise.reject(new TerminalError("no"))])),
    );
    expect(await driver.until("end")).toEqual(['end = {"failed":"no"}']);
  });
});

describe("map", () => {
  test("changes a value, or makes one of a failure", async () => {
    const driver = attempt(async (ctx) => {
      const [a, b] = three(ctx);
      const recovered = b.map((_, error) => error?.message);
      return DurablePromise.all([a.map((value) => value?.length), recovered]);
    });
    driver.notify(first, failedWith(2, "no b"));
    driver.notify(first + 1, completedWith(1, "four"));
    expect((await driver.until("end")).at(-1)).toBe('end = [4,"no b"]');
  });

  test("runs once, however often it is awaited", async () => {
    let runs = 0;
    const driver = attempt(async (ctx) => {
      const mapped = three(ctx)[0].map((value) => `${String(value)}${String(++runs)}`);
      return Promise.all([mapped, mapped, DurablePromise.all([mapped])]);
    });
    await driver.until("waiting");
    driver.notify(first, completedWith(1, "a"));
    expect(await driver.until("end")).toEqual(['end = ["a1","a1",["a1"]]']);
  });

  test("does not run before the promise, or a combination that holds it, is awaited", async () => {
    const runs: string[] = [];
    const driver = attempt(async (ctx) => {
      const [a, b, c] = three(ctx);
      const mapped = a.map((value) => {
        runs.push(`a ${String(value)}`);
        return "mapped";
      });
      void a.map(() => runs.push("never"));
      const combined = DurablePromise.all([b.map(() => runs.push("b")), mapped]);
      await c;
      runs.push("c");
      await mapped;
      runs.push("awaited");
      await combined;
      return runs;
    });
    await driver.until("waiting");
    driver.notify(first, completedWith(1, "1"));
    driver.notify(first + 1, completedWith(2, "2"));
    driver.notify(first + 2, completedWith(3, "3"));
    expect((await driver.until("end")).at(-1)).toBe('end = ["c","a 1","awaited","b"]');
  });

  test("runs once in a race that it loses, and once when it is awaited later", async () => {
    let runs = 0;
    const driver = attempt(async (ctx) => {
      const [a, b] = three(ctx);
      const mapped = a.map((value) => `${String(value)}${String(++runs)}`);
      const won = await DurablePromise.race([mapped, b]);
      return [won, runs, await mapped, await mapped];
    });
    await driver.until("waiting");
    driver.notify(first, completedWith(2, "b"));
    driver.notify(first + 1, completedWith(1, "a"));
    expect((await driver.until("end")).at(-1)).toBe('end = ["b",0,"a1","a1"]');
  });

  test("is the same on replay, and in a combination that is awaited when all has settled", async () => {
    const code = awaiting(async (ctx, a, b, c) => {
      await c;
      await ctx.sleep(1);
      return [
        await DurablePromise.race([a.map((value) => `mapped ${String(value)}`), b]),
        await DurablePromise.any([a.map((): string => throwing(new TerminalError("no"))), b]),
      ];
    });
    const journal = [
      ...["a", "b", "c"].map((promise, at) =>
        command({ case: "getPromise", value: { promise, completionId: at + 1 } }),
      ),
      completedWith(2, "b"),
      completedWith(1, "a"),
      completedWith(3, "c"),
    ];
    const driver = attempt(code, { journal });
    await driver.until("waiting");
    driver.notify(8, completedVoid(4));
    expect(await driver.until("end")).toEqual(['end = ["mapped a","b"]']);
  });

  test("that throws a terminal error rejects; any other fails the attempt", async () => {
    const mapping = (error: Error): Code => awaiting((_, a) => a.map(() => throwing(error)));
    const terminal = attempt(mapping(new TerminalError("no")));
    await terminal.until("waiting");
    terminal.notify(first, completedWith(1, "a"));
    expect(await terminal.until("end")).toEqual(['end = {"failed":"no"}']);

    const other = attempt(mapping(new Error("bug")));
    await other.until("waiting");
    other.notify(first, completedWith(1, "a"));
    expect(await other.until("failed")).toEqual(["failed ! 500 bug"]);
  });
});

describe("a child whose outcome the server can't know", () => {
  // The server wakes a suspended attempt when the tree resolves, and knows only how leaves end.

  test("is awaited by itself too where a combination looks at outcomes", async () => {
    const all = awaiting((_, a, b) => DurablePromise.all([a.map(() => 1), b]));
    expect(await waitingFor(attempt(all))).toBe("first(cancel, #1, all(#1, #2))");
    const any = awaiting((_, a, b) =>
      DurablePromise.any([a, b.map((_b, error) => error?.message)]),
    );
    expect(await waitingFor(attempt(any))).toBe("first(cancel, #2, any(#1, #2))");
  });

  test("is so however deep it lies", async () => {
    const deep = awaiting((_, a, b, c) =>
      DurablePromise.all([DurablePromise.race([a.map(() => 1), b]), c]),
    );
    expect(await waitingFor(attempt(deep))).toBe("first(cancel, #1, all(#3, first(#1, #2)))");
  });

  test("is also a promise with a time-out: its timer succeeds when it fails", async () => {
    const all = awaiting((_, a, b) => DurablePromise.all([a.orTimeout(5), b]));
    const driver = attempt(all);
    expect(await waitingFor(driver)).toBe("first(cancel, first(#1, #4), all(#2, first(#1, #4)))");
    driver.notify(first + 1, completedVoid(4));
    expect(await driver.until("end")).toEqual(['end = {"failed":"Timeout occurred"}']);
  });

  test("is only a part of the tree where no outcome matters", async () => {
    const race = awaiting((_, a, b) => DurablePromise.race([a.map(() => 1), b.orTimeout(5)]));
    expect(await waitingFor(attempt(race))).toBe("first(cancel, first(#1, first(#2, #4)))");
    const settled = awaiting((_, a, b) =>
      DurablePromise.all([DurablePromise.allSettled([a.map(() => 1), b.orTimeout(5)])]),
    );
    expect(await waitingFor(attempt(settled))).toBe(
      "first(cancel, all(settled(#1, first(#2, #4))))",
    );
    const alone = awaiting((_, a) => a.map(() => 1).orTimeout(5));
    expect(await waitingFor(attempt(alone))).toBe("first(cancel, first(#1, #4))");
  });
});

describe("orTimeout", () => {
  const code: Code = async (ctx) => {
    try {
      return await ctx.promise<string>("a").get().orTimeout({ seconds: 1 });
    } catch (error) {
      return { timedOut: error instanceof TimeoutError, code: (error as TimeoutError).code };
    }
  };

  test("adds a sleep, and lets a value through that comes in time", async () => {
    const driver = attempt(code);
    expect(await driver.until("waiting")).toEqual([
      commands[0],
      "Sleep #2 1000 ms",
      "waiting for first(cancel, first(#1, #2)), seen 0",
    ]);
    driver.notify(3, completedWith(1, "in time"));
    driver.notify(4, completedVoid(2));
    expect(await driver.until("end")).toEqual(['end = "in time"']);
  });

  test("lets a failure through that comes in time", async () => {
    const driver = attempt(code);
    driver.notify(3, failedWith(1, "no", 404));
    expect((await driver.until("end")).at(-1)).toBe('end = {"timedOut":false,"code":404}');
  });

  test("rejects with TimeoutError, code 408, when the sleep is over first", async () => {
    const driver = attempt(code);
    driver.notify(3, completedVoid(2));
    driver.notify(4, completedWith(1, "too late"));
    expect((await driver.until("end")).at(-1)).toBe('end = {"timedOut":true,"code":408}');
  });

  test("uncaught ends the invocation with 408", async () => {
    const driver = attempt(async (ctx) => ctx.promise("a").get().orTimeout(5));
    driver.notify(3, completedVoid(2));
    expect((await driver.until("end")).at(-1)).toBe("end ! 408 Timeout occurred");
  });

  test("of a step does not stop its closure, and leaves its late result alone", async () => {
    const gate = latch();
    const driver = attempt(async (ctx) =>
      outcome(ctx.run("slow", async () => gate.opened.then(() => "late")).orTimeout(5)),
    );
    await driver.until("command");
    driver.notify(3, completedVoid(2));
    expect((await driver.until("end")).at(-1)).toBe('end = {"failed":"Timeout occurred"}');
    gate.open();
    await turns();
    expect(driver.said.at(-1)).toBe('end = {"failed":"Timeout occurred"}');
  });
});

describe("a durable promise", () => {
  test("is awaitable in every way that a promise is", async () => {
    const driver = attempt(async (ctx) => {
      const seen: string[] = [];
      const [a, b] = three(ctx);
      await a.then((value) => seen.push(`then ${value}`));
      await a.finally(() => seen.push("finally"));
      await b.catch((error: unknown) => seen.push(`catch ${(error as Error).message}`));
      await b.then(undefined, () => seen.push("rejected"));
      return { seen, durable: isDurablePromise(a), text: a[Symbol.toStringTag] };
    });
    driver.notify(first, completedWith(1, "a"));
    driver.notify(first + 1, failedWith(2, "no b"));
    expect((await driver.until("end")).at(-1)).toBe(
      'end = {"seen":["then a","finally","catch no b","rejected"],"durable":true,"text":"DurablePromise"}',
    );
  });

  test("can be awaited again after the attempt was cancelled", async () => {
    const driver = attempt(async (ctx) => {
      const [a] = three(ctx);
      try {
        await a;
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
      }
      return a;
    });
    await driver.until("waiting");
    driver.notify(first, cancelSignal);
    expect(await waitingFor(driver)).toBe("first(cancel, #1)");
    driver.notify(first + 1, completedWith(1, "a"));
    expect(await driver.until("end")).toEqual(['end = "a"']);
  });
});
