// Hooks where something goes wrong: interceptors that throw, errors inside next, attempts that end without a result.

import { valueOf } from "@perdure/protocol/messages";
import { describe, expect, test } from "vitest";
import type { HooksProvider } from "../definitions/hooks.js";
import {
  attempt,
  latch,
  turns,
  type AttemptDriver,
  type Code,
  type CodeOptions,
} from "../endpoint/session.fixture.js";
import { isSuspendedError, TerminalError } from "../errors.js";
import { cancelSignal, run, signal } from "../replay/entries.fixture.js";
import { serde } from "../serde/serde.js";
import { accepted, handlerOnly, recorder, runOnly, stepped } from "./hooks.fixture.js";

/** Tries again where it fails. */
async function twice(next: () => Promise<void>): Promise<void> {
  try {
    await next();
  } catch {
    await next();
  }
}

describe("an interceptor of steps that throws", () => {
  test.each(["before", "after"] as const)(
    "%s next, is as the closure: terminal or tried again",
    async (when) => {
      let closures = 0;
      const code: Code = async (ctx) => ctx.run("a", () => ++closures);
      const throwing = (error: Error): HooksProvider =>
        runOnly(async (_, next) => {
          if (when === "after") await next();
          throw error;
        });
      const retried = attempt(code, { options: { hooks: [throwing(new Error("hook"))] } });
      expect(await retried.until("failed")).toContain("failed ! 500 hook");
      const ended = attempt(code, { options: { hooks: [throwing(new TerminalError("hook"))] } });
      expect(await ended.until("proposeCompletion")).toContain("propose #1 ! 500 hook");
      expect(closures).toBe(when === "before" ? 0 : 2);
    },
  );

  test("at once, not as a promise, is the same", async () => {
    const hook = runOnly(() => {
      throw new TerminalError("at once");
    });
    const driver = attempt(stepped, { options: { hooks: [hook] } });
    expect(await driver.until("proposeCompletion")).toContain("propose #1 ! 500 at once");
  });
});

describe("an interceptor of the handler that throws", () => {
  test.each(["before", "after"] as const)(
    "%s next, ends the attempt: terminal or tried again",
    async (when) => {
      let handled = 0;
      const code: Code = async () => ++handled;
      const throwing = (error: Error): HooksProvider =>
        handlerOnly(async (next) => {
          if (when === "after") await next();
          throw error;
        });
      const retried = attempt(code, { options: { hooks: [throwing(new Error("hook"))] } });
      expect(await retried.until("failed")).toEqual(["failed ! 500 hook"]);
      const ended = attempt(code, { options: { hooks: [throwing(new TerminalError("hook"))] } });
      expect(await ended.until("end")).toEqual(["end ! 500 hook"]);
      expect(handled).toBe(when === "before" ? 0 : 2);
    },
  );

  test("another error than the handler's replaces it", async () => {
    const hook = handlerOnly(async (next) =>
      next().catch((error: unknown) => {
        throw new TerminalError(`wrapped: ${(error as Error).message}`);
      }),
    );
    const code: Code = async () => Promise.reject(new Error("flaky"));
    expect(await attempt(code, { options: { hooks: [hook] } }).until("end")).toEqual([
      "end ! 500 wrapped: flaky",
    ]);
  });

  test("nothing, but calls next again, is refused; for a step it may", async () => {
    const again = handlerOnly(async (next) => twice(next));
    const code: Code = async () => Promise.reject(new Error("flaky"));
    expect(await attempt(code, { options: { hooks: [again] } }).until("failed")).toEqual([
      expect.stringContaining("may call next() once for each attempt"),
    ]);
    let tries = 0;
    const step: Code = async (ctx) =>
      ctx.run("a", () => {
        if (++tries === 1) throw new Error("flaky");
        return tries;
      });
    const retrying = runOnly(async (_, next) => twice(next));
    expect(await accepted(attempt(step, { options: { hooks: [retrying] } }))).toEqual(["end = 2"]);
  });

  test("nothing, where the handler did, or never calls it: the handler has given undefined", async () => {
    const swallow = handlerOnly(async (next) => next().catch(() => undefined));
    const skip = handlerOnly(async () => undefined);
    const code: Code = async () => Promise.reject(new Error("flaky"));
    for (const hook of [swallow, skip]) {
      expect(await attempt(code, { options: { hooks: [hook] } }).until("end")).toEqual([
        "end = empty",
      ]);
    }
  });
});

test("a provider that throws ends the attempt: terminal or tried again", async () => {
  const throwing = (error: Error): CodeOptions => ({
    options: {
      hooks: [
        () => {
          throw error;
        },
      ],
    },
  });
  expect(await attempt(stepped, throwing(new Error("no tracer"))).until("failed")).toEqual([
    "failed ! 500 no tracer",
  ]);
  expect(await attempt(stepped, throwing(new TerminalError("no"))).until("end")).toEqual([
    "end ! 500 no",
  ]);
});

test("the output is recorded after the interceptors have returned, and not before", async () => {
  const gate = latch();
  const hook = handlerOnly(async (next) => {
    await next();
    await gate.opened;
  });
  const driver = attempt(async () => "done", { options: { hooks: [hook] } });
  await turns();
  expect(driver.said).toEqual([]);
  gate.open();
  expect(await driver.until("end")).toEqual(['end = "done"']);
});

describe("what goes wrong inside next is seen by interceptors", () => {
  const hooked = (code: Code, options: CodeOptions = {}): [AttemptDriver, string[]] => {
    const { provider, events } = recorder();
    const driver = attempt(code, {
      ...options,
      options: { ...options.options, hooks: [provider] },
    });
    return [driver, events];
  };

  test("an input that can't be read", async () => {
    const [driver, events] = hooked(stepped, {
      input: { a: 1 },
      options: { input: serde.empty },
    });
    expect(await driver.until("end")).toEqual([
      "end ! 400 Failed to deserialize input: Expected empty data",
    ]);
    expect(events.at(-1)).toMatch(/^hook: handler failed: Failed to deserialize input/);
  });

  test("an output that can't be written", async () => {
    const [driver, events] = hooked(async () => 1n);
    expect(await driver.until("failed")).toEqual([expect.stringContaining("(PDR2002)")]);
    expect(events.at(-1)).toMatch(/^hook: handler failed: .*PDR2002/);
  });

  test("the result of a step that can't be written: after its interceptor", async () => {
    const [driver, events] = hooked(async (ctx) => ctx.run("a", () => 1n));
    expect(await driver.until("failed")).toContainEqual(expect.stringContaining("(PDR2002)"));
    await turns();
    expect(events.slice(2)).toEqual([
      "hook: run a done",
      expect.stringMatching(/^hook: handler failed: .*PDR2002/),
    ]);
  });

  test("a mapper that throws after a step", async () => {
    const [driver, events] = hooked(async (ctx) =>
      ctx
        .run("a", () => 1)
        .map(() => {
          throw new Error("mapper");
        }),
    );
    await driver.until("proposeCompletion");
    driver.accept(2, 1);
    expect(await driver.until("failed")).toEqual(["failed ! 500 mapper"]);
    await turns();
    expect(events.at(-1)).toBe("hook: handler failed: mapper");
  });

  test("a value that came and can't be read", async () => {
    const [driver, events] = hooked(async (ctx) => ctx.awakeable().promise);
    await driver.until("waiting");
    driver.notify(1, signal(17, { case: "value", value: valueOf(Buffer.from("{")) }));
    expect(await driver.until("failed")).toEqual([expect.stringContaining("(PDR2020)")]);
    await turns();
    expect(events.at(-1)).toMatch(/^hook: handler failed: .*PDR2020/);
  });

  test("code that does not match its journal", async () => {
    const [driver, events] = hooked(stepped, { journal: [run(1, "other")] });
    expect(await driver.until("failed")).toEqual([expect.stringContaining("journal mismatch")]);
    await turns();
    expect(events).toEqual([
      "hook: handler",
      expect.stringMatching(/^hook: handler failed: journal mismatch/),
    ]);
  });

  test("a cancellation", async () => {
    const [driver, events] = hooked(async (ctx) => ctx.sleep(1));
    await driver.until("waiting");
    driver.notify(2, cancelSignal);
    expect(await driver.until("end")).toEqual(["end ! 409 Cancelled"]);
    expect(events.at(-1)).toBe("hook: handler failed: Cancelled");
  });

  test("a cancellation in the middle of a step: once its closure is through", async () => {
    const gate = latch();
    const [driver, events] = hooked(async (ctx) => ctx.run("a", async () => gate.opened));
    await turns();
    driver.notify(2, cancelSignal);
    await turns();
    gate.open();
    expect(await driver.until("end")).toContain("end ! 409 Cancelled");
    await turns();
    expect(events).toContain("hook: run a done");
    expect(events).toContain("hook: handler failed: Cancelled");
  });
});

describe("an attempt that ends without a result", () => {
  test("rejects next, so that interceptors clean up; the code never learns of it", async () => {
    const { provider, events } = recorder();
    const code: Code = async (ctx) => {
      try {
        await ctx.sleep(1);
      } finally {
        events.push("code: finally");
      }
    };
    const driver = attempt(code, { options: { hooks: [provider] } });
    await driver.until("waiting");
    driver.drop();
    await turns();
    expect(events).toEqual([
      "hook: handler",
      "hook: handler failed: The attempt has ended without a result: it was suspended or let go",
    ]);
    expect(driver.said.at(-1)).toMatch(/^waiting/);
  });

  test("does so with the field's code for it", async () => {
    let seen: unknown;
    const hook = handlerOnly(async (next) => {
      await next().catch((error: unknown) => {
        seen = error;
      });
    });
    const driver = attempt(async (ctx) => ctx.sleep(1), { options: { hooks: [hook] } });
    await driver.until("waiting");
    driver.abort();
    await turns();
    expect(seen).toMatchObject({ name: "RestateError", code: 599 });
    expect([seen, new Error("x"), "x"].map(isSuspendedError)).toEqual([true, false, false]);
    // It has kept the error to itself, and still nothing is said any more.
    expect(driver.said).toHaveLength(2);
  });

  test("before the first command, or while a step is slow", async () => {
    const { provider, events } = recorder();
    const gate = latch();
    const slow: Code = async () => gate.opened;
    const slowStep: Code = async (ctx) => ctx.run("a", async () => gate.opened);
    for (const code of [slow, slowStep]) {
      const driver = attempt(code, { options: { hooks: [provider] } });
      await turns();
      driver.abort();
      await turns();
    }
    expect(events.filter((event) => event.includes("let go"))).toHaveLength(2);
    gate.open();
    await turns();
    expect(events).toContain("hook: run a done");
  });
});
