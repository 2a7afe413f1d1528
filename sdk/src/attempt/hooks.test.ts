// Hooks: what wraps attempts and steps, in every way that an attempt can go. Named after the field's list of them.

import { AsyncLocalStorage } from "node:async_hooks";
import type { AttemptFailed } from "@perdure/proto/protocol/v1/deployment";
import { describe, expect, test } from "vitest";
import type { ObjectContext } from "../context/context.js";
import { object, service } from "../definitions/define.js";
import { handlers } from "../definitions/handlers.js";
import type { HooksProvider } from "../definitions/hooks.js";
import {
  attempt,
  latch,
  SessionDriver,
  sessionOf,
  startOf,
  turns,
  type Code,
  type CodeOptions,
} from "../endpoint/session.fixture.js";
import { RetryableError, TerminalError } from "../errors.js";
import { DurablePromise } from "../futures/names.js";
import { completedVoid, completedWith, input, run, sleep } from "../replay/entries.fixture.js";
import { accepted, handlerOnly, recorder, recording, runOnly, stepped } from "./hooks.fixture.js";

const levels = {
  endpoint: (hooks: HooksProvider[]): CodeOptions => ({
    endpoint: { defaultServiceOptions: { hooks } },
  }),
  service: (hooks: HooksProvider[]): CodeOptions => ({ serviceOptions: { hooks } }),
  handler: (hooks: HooksProvider[]): CodeOptions => ({ options: { hooks } }),
};

describe.each(Object.entries(levels))("hooks of the %s", (_, withHooks) => {
  test("wrap the handler alone", async () => {
    const events: string[] = [];
    const hook = handlerOnly(async (next) => {
      events.push("before");
      await next();
      events.push("after");
    });
    const driver = attempt(async () => events.push("handler"), withHooks([hook]));
    expect(await driver.until("end")).toEqual(["end = 2"]);
    expect(events).toEqual(["before", "handler", "after"]);
  });

  test("wrap the handler and its steps", async () => {
    const { provider, events } = recorder();
    const driver = attempt(stepped, withHooks([provider]));
    expect(await accepted(driver)).toEqual(["end = 5"]);
    expect(events).toEqual([
      "hook: handler",
      "hook: run a",
      "hook: run a done",
      "hook: handler done",
    ]);
  });

  test("see the terminal error of a handler, which ends it", async () => {
    const { provider, events } = recorder();
    const code: Code = async () => {
      throw new TerminalError("no", { errorCode: 418, metadata: { why: "tea" } });
    };
    expect(await attempt(code, withHooks([provider])).until("end")).toEqual([
      "end ! 418 no why=tea",
    ]);
    expect(events).toEqual(["hook: handler", "hook: handler failed: no"]);
  });

  test("see the error of a handler that is tried again, each attempt once", async () => {
    const { provider, events } = recorder();
    const session = sessionOf(
      async () => {
        throw new Error("flaky");
      },
      withHooks([provider]),
    );
    for (const retryCount of [0, 1]) {
      expect(await session.start({ retryCount }).until("failed")).toEqual(["failed ! 500 flaky"]);
    }
    const once = ["hook: handler", "hook: handler failed: flaky"];
    expect(events).toEqual([...once, ...once]);
  });
});

describe("the order of hooks", () => {
  test("is endpoint, service, handler, from outside to inside, and in a list the first outermost", async () => {
    const events: string[] = [];
    const of = (name: string): HooksProvider => {
      return () => recording(events, name);
    };
    const driver = attempt(stepped, {
      endpoint: { defaultServiceOptions: { hooks: [of("endpoint")] } },
      serviceOptions: { hooks: [of("service 1"), of("service 2")] },
      options: { hooks: [of("handler")] },
    });
    await accepted(driver);
    const inward = ["endpoint", "service 1", "service 2", "handler"];
    const outward = [...inward].reverse();
    expect(events).toEqual([
      ...inward.map((name) => `${name}: handler`),
      ...inward.map((name) => `${name}: run a`),
      ...outward.map((name) => `${name}: run a done`),
      ...outward.map((name) => `${name}: handler done`),
    ]);
  });

  test("leaves out hooks without an interceptor, or with half of one", async () => {
    const { provider, events } = recorder("whole");
    const hooks: HooksProvider[] = [
      () => ({}),
      () => ({ interceptor: {} }),
      () => undefined as never,
      runOnly(async (name, next) => {
        events.push(`half: run ${name}`);
        await next();
      }),
      provider,
    ];
    await accepted(attempt(stepped, { options: { hooks } }));
    expect(events.filter((event) => !event.includes("done"))).toEqual([
      "whole: handler",
      "half: run a",
      "whole: run a",
    ]);
  });

  test("keeps the interceptor's own `this`", async () => {
    class Counting {
      count = 0;
      async handler(next: () => Promise<void>): Promise<void> {
        this.count++;
        await next();
      }
    }
    const interceptor = new Counting();
    const options = { hooks: [() => ({ interceptor })] };
    await attempt(async () => undefined, { options }).until("end");
    expect(interceptor.count).toBe(1);
  });
});

describe("a step that is replayed", () => {
  test("is not seen by run interceptors; the handler is, on every attempt", async () => {
    const { provider, events } = recorder();
    const code: Code = async (ctx) => [
      await ctx.run("a", () => "again"),
      await ctx.run("b", () => 2),
    ];
    const driver = attempt(code, {
      journal: [run(1, "a"), completedWith(1, 1)],
      options: { hooks: [provider] },
    });
    await driver.until("proposeCompletion");
    driver.accept(4, 2);
    expect(await driver.until("end")).toEqual(["end = [1,2]"]);
    expect(events).toEqual([
      "hook: handler",
      "hook: run b",
      "hook: run b done",
      "hook: handler done",
    ]);
  });

  test("always: each attempt sees the steps that it executes, and no more", async () => {
    const { provider, events } = recorder();
    const code: Code = async (ctx) => {
      const a = await ctx.run("a", () => 1);
      await ctx.sleep(1);
      return a;
    };
    const session = sessionOf(code, { options: { hooks: [provider] } });
    const journal = [run(1, "a"), completedWith(1, 1), sleep(2), completedVoid(2)];
    for (let known = 0; known <= journal.length; known++) {
      const driver = session.start(startOf({ journal: journal.slice(0, known) }));
      await turns();
      driver.drop();
    }
    expect(events.filter((event) => event === "hook: run a")).toHaveLength(2);
    expect(events.filter((event) => event === "hook: handler")).toHaveLength(5);
    expect(events.filter((event) => event === "hook: handler done")).toHaveLength(1);
  });
});

describe("an error in a step", () => {
  const thrower = (error: unknown): Code => {
    return async (ctx) =>
      ctx.run("a", () => {
        throw error;
      });
  };

  test("that is terminal is seen, and recorded as its result", async () => {
    const { provider, events } = recorder();
    const error = new TerminalError("no", { metadata: { why: "x" } });
    const driver = attempt(thrower(error), { options: { hooks: [provider] } });
    expect(await driver.until("proposeCompletion")).toContain("propose #1 ! 500 no why=x");
    expect(events).toContain("hook: run a failed: no");
  });

  test("that is not fails the attempt; the handler's interceptor sees which", async () => {
    const { provider, events } = recorder();
    const error = new RetryableError("later", { retryAfter: 7 });
    const driver = attempt(thrower(error), { options: { hooks: [provider] } });
    expect(await driver.until("failed")).toContain("failed ! 500 later, again in 7 ms");
    await turns();
    expect(events).toEqual([
      "hook: handler",
      "hook: run a",
      "hook: run a failed: later",
      "hook: handler failed: later",
    ]);
  });

  test("is tried again as the step's options say, and then is its result", async () => {
    const { provider, events } = recorder();
    const code: Code = async (ctx) =>
      ctx.run(
        "a",
        () => {
          throw new Error("flaky");
        },
        { maxRetryAttempts: 2, initialRetryInterval: 3 },
      );
    const session = sessionOf(code, { options: { hooks: [provider] } });
    expect(await session.start().until("failed")).toContain("failed ! 500 flaky, again in 3 ms");
    const second = session.start({ retryCount: 1 });
    expect(await second.until("proposeCompletion")).toContain("propose #1 ! 500 flaky");
    expect(events.filter((event) => event === "hook: run a failed: flaky")).toHaveLength(2);
  });

  test("is mapped by asTerminalError, whoever threw it", async () => {
    const asTerminalError = (error: unknown): TerminalError | undefined =>
      error instanceof RangeError ? new TerminalError("mapped") : undefined;
    const hook = runOnly(async () => Promise.reject(new RangeError("from the hook")));
    for (const [code, hooks] of [
      [thrower(new RangeError("x")), [recorder().provider]],
      [stepped, [hook]],
    ] as const) {
      const driver = attempt(code, { options: { hooks, asTerminalError } });
      expect(await driver.until("proposeCompletion")).toContain("propose #1 ! 500 mapped");
    }
  });

  test("that an interceptor keeps to itself is none: the step gives undefined", async () => {
    const swallow = runOnly(async (_, next) => next().catch(() => undefined));
    const code: Code = async (ctx) => (await thrower(new Error("x"))(ctx, undefined)) === undefined;
    const driver = attempt(code, { options: { hooks: [swallow] } });
    expect(await driver.until("proposeCompletion")).toContain("propose #1 = empty");
    driver.accept(2, 1);
    expect(await driver.until("end")).toEqual(["end = true"]);
  });
});

describe("concurrent steps", () => {
  test("are each wrapped, and their failures are of the step that failed", async () => {
    const { provider, events } = recorder();
    const gate = latch();
    const code: Code = async (ctx) =>
      DurablePromise.all([
        ctx.run("slow", async () => gate.opened),
        ctx.run("fails", async () => Promise.reject(new Error("x"))),
        ctx.sleep(1),
      ]);
    const driver = attempt(code, { options: { hooks: [provider] } });
    await driver.until("failed");
    expect(events.slice(0, 3)).toEqual(["hook: handler", "hook: run slow", "hook: run fails"]);
    const failed = driver.frames.at(-1)?.frame.value as AttemptFailed;
    expect(failed).toMatchObject({
      relatedCommandIndex: 2,
      relatedCommandName: "fails",
      relatedCommandType: "run",
    });
    gate.open();
  });
});

test("async context that a hook sets is there in the handler and in its steps", async () => {
  const storage = new AsyncLocalStorage<string>();
  const hook: HooksProvider = ({ request }) => ({
    interceptor: {
      handler: (next) => storage.run(request.target.handler, next),
      run: (name, next) => storage.run(`${storage.getStore() ?? "?"}/${name}`, next),
    },
  });
  const code: Code = async (ctx) => {
    const inStep = await ctx.run("a", () => storage.getStore() ?? "none");
    return [storage.getStore(), inStep];
  };
  expect(await accepted(attempt(code, { options: { hooks: [hook] } }))).toEqual([
    'end = ["run","run/a"]',
  ]);
});

describe("the request that providers get", () => {
  test.each([
    ["Greeter/greet", undefined],
    ["Counter/k/add", "k"],
  ] as const)("is that of %s", async (target, key) => {
    const seen: unknown[] = [];
    const hooks: HooksProvider[] = [
      ({ request }) => {
        seen.push([
          String(request.target),
          request.target.key,
          request.id,
          request.headers.get("a"),
        ]);
        return {};
      },
    ];
    const done = async (): Promise<void> => undefined;
    const session = new SessionDriver([
      service({ name: "Greeter", handlers: { greet: handlers.handler({ hooks }, done) } }),
      object({
        name: "Counter",
        handlers: { add: handlers.object.exclusive({ hooks }, (_: ObjectContext) => done()) },
      }),
    ]);
    await session.start({ handler: target, entries: [input(1, { A: "b" })] }).until("end");
    expect(seen).toEqual([[target, key, "inv_1test", "b"]]);
  });
});
