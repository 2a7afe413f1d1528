// The checklist of the field's protocol tests, area by area: what is not tested elsewhere stands here. The rest:
//   async results      ../futures/combinators.test.ts
//   calls              ../context/calls.test.ts, ../context/scope.test.ts, cancel.test.ts, explicit-cancel.test.ts
//   failures           attempt.test.ts, ../replay/match.test.ts, ../endpoint/session.test.ts
//   cancellation       cancel.test.ts (implicit), explicit-cancel.test.ts
//   input and output   attempt.test.ts, ../context/create-context.test.ts
//   promises, state    ../context/promises.test.ts, ../context/state.test.ts
//   run                run-step.test.ts, step-failures.test.ts
//   signals            ../context/signals.test.ts, ../context/awakeables.test.ts

import { AttemptFailed_Behavior as Behavior } from "@perdure/proto/protocol/v1/deployment";
import { describe, expect, test } from "vitest";
import { attempt, invocationOfTests, type Code } from "../endpoint/session.fixture.js";
import { DurablePromise } from "../futures/names.js";
import {
  cancelSignal,
  command,
  completedVoid,
  completedWith,
  jsonValue,
  run,
  signal,
  sleep,
} from "../replay/entries.fixture.js";

type Context = Parameters<Code>[0];

const getState = command({ case: "getState", value: { completionId: 1, key: "k" } });

describe("async results", () => {
  test("the same handle can be awaited twice, at once and one after the other", async () => {
    const driver = attempt(async (ctx) => {
      const slept = ctx.sleep(1).map(() => "slept");
      const [first, second] = await Promise.all([slept, slept]);
      return [first, second, await slept];
    });
    await driver.until("waiting");
    driver.notify(2, completedVoid(1));
    expect(await driver.until("end")).toEqual(['end = ["slept","slept","slept"]']);
  });

  test("combinations that share a handle resolve in one order, on replay too", async () => {
    const code: Code = async (ctx) => {
      const order: string[] = [];
      const [a, b, c] = [1, 2, 3].map((ms) => ctx.sleep(ms)) as [
        DurablePromise<void>,
        DurablePromise<void>,
        DurablePromise<void>,
      ];
      const see = async (name: string, promise: PromiseLike<unknown>): Promise<void> => {
        await promise;
        order.push(name);
      };
      await Promise.all([
        see("all", DurablePromise.all([a, b])),
        see("race", DurablePromise.race([b, c])),
        see("nested", DurablePromise.all([DurablePromise.race([a, c]), b])),
        see("b", b),
      ]);
      return order;
    };
    const journal = [sleep(1), sleep(2), sleep(3), completedVoid(3), completedVoid(2)];
    const live = attempt(code);
    expect((await live.until("waiting")).at(-1)).toBe(
      "waiting for first(cancel, #2, all(#1, #2), first(#2, #3), all(#2, first(#1, #3))), seen 0",
    );
    live.notify(4, completedVoid(3));
    live.notify(5, completedVoid(2));
    live.notify(6, completedVoid(1));
    const end = (await live.until("end")).at(-1);
    expect(end).toBe('end = ["race","nested","b","all"]');
    const replayed = attempt(code, { journal: [...journal, completedVoid(1)] });
    expect(await replayed.until("end")).toEqual([end]);
  });

  test("a combination that was replayed is followed by the next command, recorded or new", async () => {
    const code: Code = async (ctx) => {
      await DurablePromise.all([ctx.sleep(1), ctx.sleep(2)]);
      return ctx.run("after", () => "done");
    };
    const journal = [sleep(1), sleep(2), completedVoid(2), completedVoid(1)];
    const fresh = attempt(code, { journal });
    expect(await fresh.until("proposeCompletion")).toEqual([
      'Run "after" #3',
      'propose #3 = "done"',
    ]);
    const recorded = attempt(code, { journal: [...journal, run(3, "after"), completedWith(3, 1)] });
    expect(await recorded.until("end")).toEqual(["end = 1"]);
  });
});

describe("calls", () => {
  test("the id of a call's invocation can be used to cancel it", async () => {
    const driver = attempt(async (ctx) => {
      const call = ctx.genericCall({ service: "S", method: "m", parameter: new Uint8Array() });
      ctx.invocation(await call.invocationId).cancel();
      return call.map(() => "result");
    });
    await driver.until("waiting");
    driver.notify(
      2,
      command({
        case: "completion",
        value: {
          completionId: 1,
          result: { case: "invocationId", value: invocationOfTests },
        },
      }),
    );
    expect((await driver.until("waiting"))[0]).toBe(`Cancel (${invocationOfTests})`);
    driver.notify(4, completedWith(2, 1));
    expect(await driver.until("end")).toEqual(['end = "result"']);
  });
});

describe("a journal mismatch", () => {
  const cases: readonly (readonly [string, Code])[] = [
    [
      "get became set",
      async (ctx) => {
        ctx.set("k", 1);
        await ctx.sleep(1);
      },
    ],
    ["get of another key", async (ctx) => ctx.get("other")],
    [
      "get became clear",
      async (ctx) => {
        ctx.clear("k");
        await ctx.sleep(1);
      },
    ],
    ["get became a call", async (ctx) => send(ctx, "call")],
    ["get became a send", async (ctx) => send(ctx, "send")],
    ["get became a promise", async (ctx) => ctx.promise("k").get()],
    [
      "get became a signal to others",
      async (ctx) => {
        ctx.invocation(invocationOfTests).signal("k").resolve();
        await ctx.sleep(1);
      },
    ],
    ["get became an attach", async (ctx) => ctx.invocation(invocationOfTests).attach()],
  ];

  test.each(cases)("is told for: %s", async (_, code) => {
    const driver = attempt(code, { journal: [getState] });
    expect(await driver.until("failed")).toEqual([
      expect.stringMatching(/failed ! 570 .*entry 1: recorded was GetState \(key "k"\)/),
    ]);
  });

  test.each([
    ["retry", Behavior.RETRY],
    ["pause", Behavior.PAUSE],
    ["fail", Behavior.FAIL],
  ] as const)("can %s, by the handler's option", async (onJournalMismatchErrors, behavior) => {
    const driver = attempt(async (ctx) => ctx.sleep(1), {
      journal: [getState],
      options: { onJournalMismatchErrors },
    });
    await driver.until("failed");
    expect(driver.frames.at(-1)?.frame).toMatchObject({ value: { behavior } });
  });

  const added: readonly (readonly [string, (ctx: Context) => PromiseLike<unknown>])[] = [
    ["step", (ctx) => ctx.run("a", () => 1)],
    ["sleep", (ctx) => ctx.sleep(1)],
    ["awakeable", (ctx) => ctx.awakeable().promise],
    ["named signal", (ctx) => ctx.signal("a")],
  ];

  test.each(added)("is told where an await of a %s was added behind progress", async (_, make) => {
    // The code that wrote the journal made both, and went on without waiting for the first.
    const first = (await recordedOf(make))[0];
    const journal = [...(first === undefined ? [] : [first]), sleep(first === undefined ? 1 : 2)];
    const driver = attempt(
      async (ctx) => {
        await make(ctx);
        await ctx.sleep(1);
      },
      { journal, invocationId: invocationOfTests },
    );
    expect(await driver.until("failed")).toEqual([
      expect.stringMatching(/570 .*waits for something that was not awaited then/),
    ]);
  });
});

async function recordedOf(make: (ctx: Context) => PromiseLike<unknown>) {
  const driver = attempt(
    async (ctx) => {
      void make(ctx);
    },
    { invocationId: invocationOfTests },
  );
  await driver.until("end");
  return driver.frames.flatMap(({ frame }) => (frame.case === "command" ? [frame.value] : []));
}

function send(ctx: Context, how: "call" | "send"): PromiseLike<unknown> {
  const target = { service: "S", method: "m", parameter: new Uint8Array() };
  if (how === "call") return ctx.genericCall(target);
  ctx.genericSend(target);
  return ctx.sleep(1);
}

describe("sleep", () => {
  const code: Code = async (ctx) => ctx.sleep(1_000).map(() => "woke");

  test("waits, goes on when it is over, and waits again while it is not", async () => {
    expect(await attempt(code).until("waiting")).toEqual([
      "Sleep #1 1000 ms",
      "waiting for first(cancel, #1), seen 0",
    ]);
    const still = attempt(code, { journal: [sleep(1)] });
    expect(await still.until("waiting")).toEqual(["waiting for first(cancel, #1), seen 0"]);
    const over = attempt(code, { journal: [sleep(1), completedVoid(1)] });
    expect(await over.until("end")).toEqual(['end = "woke"']);
  });
});

describe("waiting", () => {
  test("for lazy state names the completion of its command", async () => {
    const driver = attempt(async (ctx) => ctx.get("k"), { partialState: true });
    expect(await driver.until("waiting")).toEqual([
      'GetState (key "k") #1',
      "waiting for first(cancel, #1), seen 0",
    ]);
  });

  test("for an awakeable names its signal, and only those that are awaited", async () => {
    const driver = attempt(
      async (ctx) => {
        ctx.awakeable();
        return ctx.awakeable().promise;
      },
      { invocationId: invocationOfTests },
    );
    expect(await driver.until("waiting")).toEqual(["waiting for first(cancel, signal 18), seen 0"]);
    driver.notify(1, signal(18, { case: "value", value: jsonValue("x") }));
    expect(await driver.until("end")).toEqual(['end = "x"']);
  });

  test("shrinks as what it waits for comes, across attempts", async () => {
    const code: Code = async (ctx) =>
      DurablePromise.all([1, 2, 3].map((ms) => ctx.sleep(ms))).map(() => "done");
    const journal = [sleep(1), sleep(2), sleep(3), completedVoid(2)];
    const second = attempt(code, { journal });
    expect(await second.until("waiting")).toEqual([
      "waiting for first(cancel, all(#1, #3)), seen 4",
    ]);
    const third = attempt(code, { journal: [...journal, completedVoid(1)] });
    expect(await third.until("waiting")).toEqual(["waiting for first(cancel, all(#3)), seen 5"]);
  });

  test("is not said where what it waits for came before the code asked", async () => {
    const driver = attempt(async (ctx) => ctx.sleep(1).map(() => "woke"));
    await driver.until("command");
    driver.notify(2, completedVoid(1));
    expect((await driver.until("end")).at(-1)).toBe('end = "woke"');
  });

  test("is over for what a cancelled attempt awaited, while it is replayed", async () => {
    const code: Code = async (ctx) => {
      await ctx.sleep(1).catch(() => undefined);
      await ctx.sleep(2);
      return "compensated";
    };
    const journal = [sleep(1), cancelSignal, sleep(2), completedVoid(2), completedVoid(1)];
    expect(await attempt(code, { journal }).until("end")).toEqual(['end = "compensated"']);
  });
});
