// Explicit cancellation: nothing is thrown; the code awaits the signal itself and cancels its calls when it wants to.

import { describe, expect, test } from "vitest";
import type { ContextInternal } from "../context/context-internal.js";
import { attempt, latch, type Code, type CodeOptions } from "../endpoint/session.fixture.js";
import { DurablePromise } from "../futures/names.js";
import {
  cancelSignal,
  command,
  completedVoid,
  completedWith,
  invocationId,
  sleep,
} from "../replay/entries.fixture.js";

const explicit: CodeOptions = { options: { explicitCancellation: true } };
type Context = Parameters<Code>[0];

function internals(ctx: Context): ContextInternal {
  return ctx as unknown as ContextInternal;
}

function greet(ctx: Context) {
  return ctx.genericCall({ service: "Greeter", method: "greet", parameter: new Uint8Array() });
}

describe("with explicit cancellation", () => {
  test("the signal throws nothing, and does not even wake code that does not await it", async () => {
    const driver = attempt(async (ctx) => ctx.sleep(1).map(() => "slept"), explicit);
    expect((await driver.until("waiting")).at(-1)).toBe("waiting for first(#1), seen 0");
    driver.notify(2, cancelSignal);
    driver.notify(3, completedVoid(1));
    expect((await driver.until("end")).at(-1)).toBe('end = "slept"');
  });

  test("handlers, services and endpoints can choose it, the nearest first", async () => {
    const code: Code = async (ctx) => ctx.sleep(1);
    const waiting = async (options: CodeOptions): Promise<string | undefined> =>
      (await attempt(code, options).until("waiting")).at(-1);
    const on = { explicitCancellation: true };
    const off = { explicitCancellation: false };
    expect(await waiting({ serviceOptions: on })).toBe("waiting for first(#1), seen 0");
    expect(await waiting({ serviceOptions: on, options: off })).toContain("cancel");
    expect(await waiting({ endpoint: { defaultServiceOptions: on } })).not.toContain("cancel");
    expect(
      await waiting({ endpoint: { defaultServiceOptions: on }, serviceOptions: off }),
    ).toContain("cancel");
  });

  test("cancellation() is awaited as any other promise, and can win a race", async () => {
    const driver = attempt(
      async (ctx) =>
        DurablePromise.race([
          ctx.sleep(1).map(() => "slept"),
          internals(ctx)
            .cancellation()
            .map(() => "cancelled"),
        ]),
      explicit,
    );
    expect((await driver.until("waiting")).at(-1)).toBe(
      "waiting for first(first(cancel, #1)), seen 0",
    );
    driver.notify(2, cancelSignal);
    expect(await driver.until("end")).toEqual(['end = "cancelled"']);
  });

  test("cancellation() is the same until it has settled, then one for the next time", async () => {
    const driver = attempt(async (ctx) => {
      const first = internals(ctx).cancellation();
      const same = first === internals(ctx).cancellation();
      await first;
      const second = internals(ctx).cancellation();
      const other = second !== first;
      await ctx.run("clean up", () => undefined);
      await second;
      return { same, other };
    }, explicit);
    await driver.until("waiting");
    driver.notify(1, cancelSignal);
    await driver.until("proposeCompletion");
    driver.accept(3, 1);
    await driver.until("waiting");
    driver.notify(4, cancelSignal);
    expect(await driver.until("end")).toEqual(['end = {"same":true,"other":true}']);
  });

  test("what came before the code asks is not lost", async () => {
    const driver = attempt(
      async (ctx) => {
        await ctx.sleep(1);
        await internals(ctx).cancellation();
        await internals(ctx).cancellation();
        return "twice";
      },
      { ...explicit, journal: [sleep(1), cancelSignal, cancelSignal, completedVoid(1)] },
    );
    expect(await driver.until("end")).toEqual(['end = "twice"']);
  });

  test("an AbortController of the code's own stops several steps", async () => {
    const aborted: string[] = [];
    const started = latch();
    const driver = attempt(async (ctx) => {
      const controller = new AbortController();
      void internals(ctx)
        .cancellation()
        .then(() => {
          controller.abort();
        });
      let running = 0;
      const step = (name: string) =>
        ctx.run(name, async () => {
          if (++running === 2) started.open();
          await new Promise<void>((resolve) => {
            controller.signal.addEventListener("abort", () => {
              aborted.push(name);
              resolve();
            });
          });
          return `${name} aborted`;
        });
      return DurablePromise.all([step("a"), step("b")]);
    }, explicit);
    await started.opened;
    driver.notify(3, cancelSignal);
    await driver.until("proposeCompletion");
    await driver.until("proposeCompletion");
    driver.accept(4, 1);
    driver.accept(5, 2);
    expect(await driver.until("end")).toEqual(['end = ["a aborted","b aborted"]']);
    expect(aborted).toEqual(["a", "b"]);
  });
});

describe("cancelPreviousCalls", () => {
  test("cancels the calls that are under way, and gives their ids", async () => {
    const driver = attempt(async (ctx) => {
      await greet(ctx);
      void greet(ctx);
      ctx.genericSend({ service: "Greeter", method: "greet", parameter: new Uint8Array() });
      void greet(ctx);
      await ctx.sleep(1);
      return internals(ctx).cancelPreviousCalls();
    }, explicit);
    await driver.until("waiting");
    driver.notify(2, invocationId(1, "inv_1done"));
    driver.notify(3, completedWith(2, 1));
    driver.notify(7, invocationId(3, "inv_1a"));
    driver.notify(8, invocationId(5, "inv_1sent"));
    driver.notify(9, invocationId(6, "inv_1b"));
    driver.notify(10, completedVoid(8));
    const said = await driver.until("end");
    expect(said.slice(-3)).toEqual([
      "Cancel (inv_1a)",
      "Cancel (inv_1b)",
      'end = ["inv_1a","inv_1b"]',
    ]);
  });

  test("waits for ids that are not known yet", async () => {
    const driver = attempt(async (ctx) => {
      void greet(ctx);
      void greet(ctx);
      return internals(ctx).cancelPreviousCalls();
    }, explicit);
    expect((await driver.until("waiting")).at(-1)).toBe(
      "waiting for first(settled(#1, #3)), seen 0",
    );
    driver.notify(3, invocationId(3, "inv_1b"));
    expect(await driver.until("waiting")).toEqual(["waiting for first(settled(#1)), seen 3"]);
    driver.notify(4, invocationId(1, "inv_1a"));
    expect(await driver.until("end")).toEqual([
      "Cancel (inv_1a)",
      "Cancel (inv_1b)",
      'end = ["inv_1a","inv_1b"]',
    ]);
  });

  test("takes each call once: a second batch has the calls since the first", async () => {
    const driver = attempt(
      async (ctx) => {
        const none = await internals(ctx).cancelPreviousCalls();
        void greet(ctx);
        const first = await internals(ctx).cancelPreviousCalls();
        void greet(ctx);
        const second = await internals(ctx).cancelPreviousCalls();
        return [none, first, second];
      },
      {
        ...explicit,
        journal: [
          command({
            case: "call",
            value: { target: { service: "Greeter", handler: "greet" } },
          }),
          invocationId(1, "inv_1a"),
          command({ case: "cancel", value: { invocationId: "inv_1a" } }),
        ],
      },
    );
    await driver.until("waiting");
    driver.notify(5, invocationId(3, "inv_1b"));
    expect(await driver.until("end")).toEqual([
      "Cancel (inv_1b)",
      'end = [[],["inv_1a"],["inv_1b"]]',
    ]);
  });
});

describe("without it", () => {
  test("cancellation() never settles and cancelPreviousCalls does nothing: cancelling is implicit", async () => {
    const driver = attempt(async (ctx) => {
      void greet(ctx);
      const cancelled = await internals(ctx).cancelPreviousCalls();
      try {
        await internals(ctx).cancellation();
      } catch (error) {
        return [cancelled, (error as Error).name];
      }
      return "settled";
    });
    await driver.until("waiting");
    driver.notify(2, invocationId(1, "inv_1a"));
    driver.notify(3, cancelSignal);
    expect(await driver.until("end")).toEqual(["Cancel (inv_1a)", 'end = [[],"CancelledError"]']);
  });

  test("isProcessing() tells replayed code from new code", async () => {
    const driver = attempt(
      async (ctx) => {
        const before = internals(ctx).isProcessing();
        await ctx.sleep(1);
        return [before, internals(ctx).isProcessing()];
      },
      { journal: [sleep(1), completedVoid(1)] },
    );
    expect(await driver.until("end")).toEqual(["end = [false,true]"]);
  });
});
