// What an attempt does before what it depends on is durable. With early results: code is shown what a closure gave before it is recorded, and no closure starts before
// everything that the code was shown is recorded.

import { earlyResults, gate } from "@perdure/protocol/features";
import { describe, expect, test } from "vitest";
import {
  latch,
  sessionOf,
  startOf,
  turns,
  type AttemptDriver,
  type Code,
  type CodeOptions,
} from "../endpoint/session.fixture.js";
import { TerminalError } from "../errors.js";
import { completedVoid, run, shownEarly, sleep } from "../replay/entries.fixture.js";

/** An attempt on a session of a server that keeps the order. */
function early(code: Code, options: CodeOptions = {}): AttemptDriver {
  const session = sessionOf(code, options);
  session.hello(earlyResults);
  return session.start(startOf(options));
}

describe("a result that is not recorded yet", () => {
  test("is shown to the code at once: what it does next, and how it ends, goes out with the proposal", async () => {
    const driver = early(async (ctx) => {
      const charged = await ctx.run("charge", () => 5);
      ctx.set("charged", charged);
      return `charged ${String(charged)}`;
    });

    expect(await driver.until("end")).toEqual([
      'Run "charge" #1',
      "propose #1 = 5 after 0",
      'SetState (key "charged") = 5',
      'end = "charged 5"',
    ]);
  });

  test("holds back the next closure until it is recorded", async () => {
    const executed: string[] = [];
    const driver = early(async (ctx) => {
      await ctx.run("a", () => executed.push("a"));
      await ctx.run("b", () => executed.push("b"));
    });

    await driver.until("proposeCompletion");
    await turns();
    expect(driver.said).toEqual(['Run "a" #1', "propose #1 = 1 after 0", 'Run "b" #2']);
    expect(executed).toEqual(["a"]);
    driver.accept(2, 1);
    expect(await driver.until("end")).toContain("propose #2 = 2 after 2");
    expect(executed).toEqual(["a", "b"]);
  });

  test("holds back no closure that runs already, nor one that is started together with it", async () => {
    const slow = latch();
    const driver = early(async (ctx) => {
      const first = ctx.run("a", () => 1);
      const second = ctx.run("b", async () => {
        await slow.opened;
        return 2;
      });
      return Promise.all([first, second]);
    });

    await driver.until("proposeCompletion");
    slow.open();
    await driver.until("end");
    expect(driver.said.slice(-3)).toEqual([
      "propose #1 = 1 after 0",
      "propose #2 = 2 after 0",
      "end = [1,2]",
    ]);
  });

  test("that is a failure is shown as one", async () => {
    const driver = early(async (ctx) => {
      try {
        await ctx.run("a", () => {
          throw new TerminalError("no");
        });
      } catch (error) {
        return `caught ${(error as Error).message}`;
      }
      return "not caught";
    });

    expect((await driver.until("end")).at(-1)).toBe('end = "caught no"');
  });

  test("is told with what had come before it", async () => {
    const open = latch();
    const driver = early(async (ctx) =>
      Promise.all([ctx.run("a", async () => open.opened.then(() => "step")), ctx.sleep(1)]),
    );
    await driver.until("command");
    driver.notify(3, completedVoid(2));
    await turns();
    open.open();

    expect(await driver.until("end")).toContain('propose #1 = "step" after 3');
  });

  test("keeps the attempt from saying that it waits", async () => {
    const driver = early(async (ctx) => {
      await ctx.run("a", () => 1);
      await ctx.sleep(1);
    });

    await driver.until("proposeCompletion");
    await turns();
    expect(driver.said.at(-1)).toBe("Sleep #2 1 ms");
    driver.accept(2, 1);
    expect((await driver.until("waiting")).at(-1)).toMatch(/^waiting for .*2.*, seen 2$/);
  });
});

test("on replay the code sees results where it saw them first", async () => {
  const order: string[] = [];
  const driver = early(
    async (ctx) => {
      await Promise.all([
        ctx.run("a", () => "again").map((value) => order.push(`step ${String(value)}`)),
        ctx.sleep(1).map(() => order.push("sleep")),
      ]);
    },
    { journal: [run(1, "a"), sleep(2), completedVoid(2), shownEarly(1, 0)] },
  );

  await driver.until("end");
  expect(order).toEqual(["step early", "sleep"]);
});

test("a server that does not keep the order is not relied on: the code waits for what is recorded", async () => {
  const session = sessionOf(async (ctx) => ctx.run("a", () => 5));
  session.hello();
  const driver = session.start(startOf({}));

  await driver.until("proposeCompletion");
  await turns();
  expect(driver.said).toEqual(['Run "a" #1', "propose #1 = 5"]);
  driver.accept(2, 1);
  expect(await driver.until("end")).toEqual(["end = 5"]);
});

describe("an attempt that is begun before what it begins with is durable", () => {
  test("runs its code, and starts no closure until it is told that it is", async () => {
    const executed: string[] = [];
    const session = sessionOf(async (ctx) => {
      await ctx.run("a", () => executed.push("a"));
    });
    session.hello(earlyResults, gate);
    const driver = session.start({ ...startOf({}), position: 7n });

    await turns();
    expect(driver.said).toEqual([]);
    session.durable(6n);
    await turns();
    expect(driver.said).toEqual([]);
    session.durable(7n);
    // What was held back goes out with the result: one message, as if there had been no gate.
    expect(await driver.until("proposeCompletion")).toEqual([
      'Run "a" #1',
      "propose #1 = 1 after 0",
    ]);
    expect(executed).toEqual(["a"]);
  });

  test("says nothing any more where it was dropped meanwhile", async () => {
    const executed: string[] = [];
    const session = sessionOf(async (ctx) => {
      await ctx.run("a", () => executed.push("a"));
    });
    session.hello(earlyResults, gate);
    const driver = session.start({ ...startOf({}), position: 7n });
    await turns();

    driver.drop();
    session.durable(7n);
    await turns();
    expect(driver.said).toEqual([]);
    expect(executed).toEqual([]);
  });

  test("says at once what needs no closure", async () => {
    const session = sessionOf(async (ctx) => {
      ctx.set("a", 1);
      await ctx.sleep(5);
    });
    session.hello(gate);
    const driver = session.start({ ...startOf({}), position: 7n });

    expect(await driver.until("waiting")).toEqual([
      'SetState (key "a") = 1',
      "Sleep #1 5 ms",
      expect.stringMatching(/^waiting for .*1/),
    ]);
  });

  test("ends at once where it can", async () => {
    const session = sessionOf(async (ctx) => {
      ctx.set("a", 1);
      return "done";
    });
    session.hello(gate);
    const driver = session.start({ ...startOf({}), position: 7n });

    expect(await driver.until("end")).toEqual(['SetState (key "a") = 1', 'end = "done"']);
  });

  test("waits no more where that was told before", async () => {
    const session = sessionOf(async (ctx) => ctx.run("a", () => 5));
    session.hello(gate);
    session.durable(7n);
    const driver = session.start({ ...startOf({}), position: 7n });

    expect(await driver.until("proposeCompletion")).toContain("propose #1 = 5");
  });
});
