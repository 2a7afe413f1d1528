// Cancellation: whatever the code awaits rejects, calls that are under way are cancelled along, and the code
// may go on (compensate) with new awaits.

import { describe, expect, test } from "vitest";
import { attempt, latch, turns, type Code } from "../endpoint/session.fixture.js";
import { CancelledError, type TerminalError } from "../errors.js";
import { DurablePromise } from "../futures/names.js";
import {
  cancelSignal,
  command,
  completedVoid,
  completedWith,
  failedWith,
  invocationId,
  sleep,
} from "../replay/entries.fixture.js";

const Greeter = { name: "Greeter" };
type Context = Parameters<Code>[0];

function greet(ctx: Context, name: string) {
  return ctx.genericCall({ service: "Greeter", method: "greet", parameter: Buffer.from(name) });
}

function cancelCommand(id: string) {
  return command({ case: "cancel", value: { invocationId: id } });
}

const call = command({ case: "call", value: { target: { service: "Greeter", handler: "greet" } } });

describe("cancelling an invocation", () => {
  test("rejects what the code awaits, with CancelledError, code 409", async () => {
    const driver = attempt(async (ctx) => {
      try {
        await ctx.sleep(1);
      } catch (error) {
        const { code } = error as TerminalError;
        return { cancelled: error instanceof CancelledError, code };
      }
      return "slept";
    });
    await driver.until("waiting");
    driver.notify(2, cancelSignal);
    expect(await driver.until("end")).toEqual(['end = {"cancelled":true,"code":409}']);
  });

  test("ends it with that failure where the code does not catch it", async () => {
    const driver = attempt(async (ctx) => ctx.sleep(1));
    await driver.until("waiting");
    driver.notify(2, cancelSignal);
    expect(await driver.until("end")).toEqual(["end ! 409 Cancelled"]);
  });

  test("rejects every branch of the code, and every kind of await", async () => {
    const caught = async (promise: PromiseLike<unknown>): Promise<string> =>
      promise.then(
        () => "value",
        (error: unknown) => (error as Error).name,
      ) as Promise<string>;
    const driver = attempt(async (ctx) =>
      Promise.all([
        caught(ctx.sleep(1)),
        caught(ctx.promise("p")),
        caught(greet(ctx, "Ada")),
        caught(DurablePromise.all([ctx.sleep(2), ctx.sleep(3)])),
        caught(ctx.sleep(4).map(() => 1)),
      ]),
    );
    await driver.until("waiting");
    driver.notify(10, invocationId(3, "inv_1a"));
    driver.notify(11, cancelSignal);
    const five = Array.from({ length: 5 }, () => "CancelledError");
    expect((await driver.until("end")).at(-1)).toBe(`end = ${JSON.stringify(five)}`);
  });

  test("does so once: later awaits work", async () => {
    const driver = attempt(async (ctx) => {
      await ctx.sleep(1).catch(() => undefined);
      await ctx.sleep(2);
      return ctx.run("undo", () => "undone");
    });
    await driver.until("waiting");
    driver.notify(2, cancelSignal);
    expect(await driver.until("waiting")).toEqual([
      "Sleep #2 2 ms",
      "waiting for first(cancel, #2), seen 2",
    ]);
    driver.notify(4, completedVoid(2));
    await driver.until("proposeCompletion");
    driver.accept(6, 3);
    expect(await driver.until("end")).toEqual(['end = "undone"']);
  });

  test("may come a second time", async () => {
    const driver = attempt(async (ctx) => {
      await ctx.sleep(1).catch(() => undefined);
      await ctx.sleep(2);
    });
    await driver.until("waiting");
    driver.notify(2, cancelSignal);
    await driver.until("waiting");
    driver.notify(4, cancelSignal);
    expect(await driver.until("end")).toEqual(["end ! 409 Cancelled"]);
  });

  test("waits for code that awaits nothing durable just now", async () => {
    const gate = latch();
    const driver = attempt(async (ctx) => {
      ctx.set("a", 1);
      await gate.opened;
      await ctx.sleep(1);
    });
    await driver.until("command");
    driver.notify(2, cancelSignal);
    await turns();
    gate.open();
    expect(await driver.until("end")).toEqual(["Sleep #1 1 ms", "end ! 409 Cancelled"]);
  });

  test("does not stop a closure, but the code does not wait for it", async () => {
    const gate = latch();
    const driver = attempt(async (ctx) => ctx.run("slow", async () => gate.opened));
    await driver.until("command");
    driver.notify(2, cancelSignal);
    expect(await driver.until("end")).toEqual(["end ! 409 Cancelled"]);
    gate.open();
    await turns();
    expect(driver.said).toHaveLength(2);
  });

  test("is recorded in its place: what was awaited then is rejected on replay, nothing else", async () => {
    const driver = attempt(
      async (ctx) => {
        const seen: string[] = [];
        for (const duration of [1, 2, 3]) {
          await ctx.sleep(duration).then(
            () => seen.push("slept"),
            () => seen.push("cancelled"),
          );
        }
        return seen;
      },
      {
        journal: [sleep(1), completedVoid(1), sleep(2), cancelSignal, sleep(3), completedVoid(3)],
      },
    );
    expect(await driver.until("end")).toEqual(['end = ["slept","cancelled","slept"]']);
  });
});

describe("calls of a cancelled invocation", () => {
  test("are cancelled, whether or not they are awaited; finished ones and sends are not", async () => {
    const driver = attempt(async (ctx) => {
      await greet(ctx, "done");
      void greet(ctx, "unawaited");
      ctx.genericSend({ service: "Greeter", method: "greet", parameter: Buffer.from("sent") });
      await greet(ctx, "awaited");
    });
    await driver.until("waiting");
    driver.notify(2, invocationId(1, "inv_1done"));
    driver.notify(3, completedWith(2, 1));
    await driver.until("waiting");
    driver.notify(7, invocationId(3, "inv_1unawaited"));
    driver.notify(8, invocationId(5, "inv_1sent"));
    driver.notify(9, invocationId(6, "inv_1awaited"));
    driver.notify(10, cancelSignal);
    await driver.until("end");
    expect(driver.said.filter((line) => /^(Cancel|end)/.test(line))).toEqual([
      "Cancel (inv_1unawaited)",
      "Cancel (inv_1awaited)",
      "end ! 409 Cancelled",
    ]);
  });

  test("are cancelled once", async () => {
    const driver = attempt(async (ctx) => {
      await greet(ctx, "Ada").catch(() => undefined);
      await ctx.sleep(1);
    });
    driver.notify(2, invocationId(1, "inv_1a"));
    driver.notify(3, cancelSignal);
    driver.notify(6, cancelSignal);
    expect((await driver.until("end")).filter((line) => line.startsWith("Cancel"))).toEqual([
      "Cancel (inv_1a)",
    ]);
  });

  test("are cancelled though their ids were not known yet when the signal came", async () => {
    const driver = attempt(async (ctx) => greet(ctx, "Ada"));
    await driver.until("waiting");
    driver.notify(1, cancelSignal);
    expect(await driver.until("waiting")).toEqual(["waiting for first(cancel, #2), seen 1"]);
    driver.notify(3, invocationId(1, "inv_1a"));
    expect(await driver.until("end")).toEqual(["Cancel (inv_1a)", "end ! 409 Cancelled"]);
  });

  test("are cancelled on replay as they were then", async () => {
    const code: Code = async (ctx) => {
      await greet(ctx, "Ada").catch(() => undefined);
      await ctx.sleep(1);
      return "compensated";
    };
    const known = attempt(code, {
      journal: [call, invocationId(1, "inv_1a"), cancelSignal, cancelCommand("inv_1a"), sleep(3)],
    });
    expect(await known.until("waiting")).toEqual(["waiting for first(cancel, #3), seen 3"]);
    const unknown = attempt(code, {
      journal: [
        command({ case: "call", value: { target: { service: "Greeter", handler: "greet" } } }),
        cancelSignal,
        invocationId(1, "inv_1a"),
        cancelCommand("inv_1a"),
        sleep(3),
        completedVoid(3),
      ],
    });
    expect(await unknown.until("end")).toEqual(['end = "compensated"']);
  });

  test("that fail as cancelled let the caller see CancelledError, not theirs", async () => {
    const driver = attempt(async (ctx) => {
      try {
        return await greet(ctx, "Ada");
      } catch (error) {
        return (error as Error).name;
      }
    });
    driver.notify(2, invocationId(1, "inv_1a"));
    driver.notify(3, cancelSignal);
    driver.notify(5, failedWith(2, "Cancelled", 409));
    expect((await driver.until("end")).at(-1)).toBe('end = "CancelledError"');
  });

  test("that are not in the journal as cancelled are a mismatch, which ends that attempt alone", async () => {
    const driver = attempt(
      async (ctx) => {
        await greet(ctx, Greeter.name);
      },
      { journal: [call, invocationId(1, "inv_1a"), cancelSignal, sleep(3)] },
    );
    expect(await driver.until("failed")).toEqual([
      expect.stringContaining("recorded was Sleep, the code now asks for Cancel (inv_1a)"),
    ]);
  });
});
