// Time by hand: everything that waits for time to pass, without waiting for it.

import { rpc } from "@perdure/clients";
import { DurablePromise, serde, service, type Context, type Serde } from "@perdure/sdk";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestEnvironment, TestingError } from "./index.js";
import { Counter, Greeter, happened, Signup } from "./services.fixture.js";

const hourMs = 60 * 60 * 1_000;
let open: (() => void) | undefined;

const clocks = service({
  name: "Clocks",
  handlers: {
    /** Sleeps in parallel; says in which order they ended. */
    order: async (ctx: Context): Promise<string[]> => {
      const ended: string[] = [];
      await DurablePromise.all(
        [3, 1, 2].map((hours) =>
          ctx.sleep({ hours }).map(() => {
            ended.push(`${String(hours)}h`);
          }),
        ),
      );
      return ended;
    },
    /** What a handler takes for now, before and after a sleep. */
    dates: async (ctx: Context): Promise<[number, string]> => {
      const before = await ctx.date.now();
      await ctx.sleep({ days: 365 });
      return [before, await ctx.date.toJSON()];
    },
    /** A step that ends when the test says so. */
    blocked: async (ctx: Context): Promise<string> =>
      ctx.run("blocked", () => new Promise<string>((resolve) => (open = () => resolve("open")))),
    /** Sleeps, then calls somebody who sleeps. */
    chain: async (ctx: Context, depth: number): Promise<number> => {
      await ctx.sleep({ hours: 1 });
      if (depth === 0) return 0;
      const rest = await ctx.genericCall<number, number>({
        service: "Clocks",
        method: "chain",
        parameter: depth - 1,
        inputSerde: serde.json as Serde<number>,
        outputSerde: serde.json as Serde<number>,
      });
      return 1 + rest;
    },
  },
});

let env: TestEnvironment;

beforeEach(async () => {
  env = await TestEnvironment.start({ services: [Greeter, Counter, Signup, clocks] });
});

afterEach(async () => {
  open?.();
  await env.stop();
  happened.clear();
});

describe("advancing time", () => {
  test("ends a sleep of a day, and not a moment before", async () => {
    const napping = env.client.serviceClient(Greeter).nap(24);

    await env.advance({ hours: 23, minutes: 59 });
    expect(happened.get("tick")).toBe(23);
    await env.advance({ minutes: 1 });

    expect(await napping).toBe(24);
  });

  test("takes no time for what happens in between", async () => {
    const napping = env.client.serviceClient(Greeter).nap(100);
    await env.advance({ hours: 100 });

    // All of it has happened: nothing is left for the moments that pass by themselves.
    expect(happened.get("tick")).toBe(100);
    await napping;
  });

  test("does the same where every await is replayed", async () => {
    await using replaying = await TestEnvironment.start({
      services: [Greeter],
      alwaysReplay: true,
    });
    const napping = replaying.client.serviceClient(Greeter).nap(24);

    await replaying.advance({ hours: 23, minutes: 59 });
    expect(happened.get("tick")).toBe(23);
    await replaying.advance({ minutes: 1 });

    expect(await napping).toBe(24);
  });

  test("moves the server's clock, which goes on by itself too", async () => {
    const before = env.time.now();

    await env.advance({ days: 400 });

    const passed = env.time.now() - before;
    expect(passed).toBeGreaterThanOrEqual(400 * 24 * hourMs);
    expect(passed).toBeLessThan(400 * 24 * hourMs + 5_000);
  });

  test("moves the date that handlers see", async () => {
    const sent = env.client.serviceClient(clocks).dates();

    await env.advance({ days: 365 });

    const [before, after] = await sent;
    expect(new Date(after).getTime() - before).toBeGreaterThanOrEqual(365 * 24 * hourMs);
  });

  test("wakes sleeps in the order in which they end", async () => {
    const ordered = env.client.serviceClient(clocks).order();

    await env.advance({ hours: 3 });

    expect(await ordered).toEqual(["1h", "2h", "3h"]);
  });

  test("goes through calls that sleep in their turn", async () => {
    const chained = env.client.serviceClient(clocks).chain(3);

    await env.advance({ hours: 4 });

    expect(await chained).toBe(3);
  });

  test("delivers a delayed send", async () => {
    await env.client
      .objectSendClient(Counter, "later")
      .add(5, rpc.sendOpts({ delay: { days: 90 } }));
    const counter = env.client.objectClient(Counter, "later");

    await env.advance({ days: 89 });
    expect(await counter.get()).toBeNull();
    await env.advance({ days: 1 });
    expect(await counter.get()).toBe(5);
  });

  test("runs into timeouts", async () => {
    const signup = env.client.workflowClient(Signup, "late");
    await signup.workflowSubmit("late@example.org");

    await env.advance({ days: 1 });

    await expect(signup.workflowAttach()).rejects.toThrow(/[Tt]imeout/);
  });

  test("retries what backs off", async () => {
    const flaky = env.client.serviceClient(Greeter).flaky({ id: "six", failures: 6 });

    await env.advance({ minutes: 2 });

    expect(await flaky).toBe(7);
  });

  test("lets go of what is not kept any longer", async () => {
    const signup = env.client.workflowClient(Signup, "once");
    await signup.workflowSubmit("a");
    await signup.click("a-secret");
    await signup.workflowAttach();
    expect((await signup.workflowSubmit("b")).status).toBe("PreviouslyAccepted");

    await env.advance({ days: 2 });

    expect((await signup.workflowSubmit("b")).status).toBe("Accepted");
  });

  test("waits for a request that is still on its way", async () => {
    // Nothing is awaited between the two: the call is not even sent when the clock is asked to move.
    const napping = env.client.serviceClient(Greeter).nap(1);
    await env.advance({ hours: 1 });

    expect(await napping).toBe(1);
  });

  test("waits for steps that are at work, but not for ever", async () => {
    const blocked = env.client.serviceClient(clocks).blocked();
    const began = performance.now();

    await env.advance({ hours: 1 }, { settle: 50 });

    expect(performance.now() - began).toBeLessThan(1_000);
    open?.();
    expect(await blocked).toBe("open");
  });

  test("is done in the order in which it was asked for", async () => {
    const before = env.time.now();

    await Promise.all([env.advance({ hours: 1 }), env.advance({ hours: 2 })]);

    expect(env.time.now() - before).toBeGreaterThanOrEqual(3 * hourMs);
  });

  test.each([-1, Number.NaN, { hours: -1 }])("refuses %j", async (duration) => {
    await expect(env.advance(duration)).rejects.toThrow(TestingError);
    await expect(env.advance(duration)).rejects.toThrow(/PDR5403/);
  });

  test("settles when everything that could be done is done", async () => {
    const sent = env.client.serviceSendClient(Greeter).flaky({ id: "sent", failures: 0 });

    await env.time.settled();

    expect(happened.get("sent")).toBe(1);
    await sent;
  });
});
