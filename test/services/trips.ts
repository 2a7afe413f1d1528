// The workload of the crash tests: workflows that take steps, sleep, keep state, call, send, wait for a promise and
// run steps side by side. Every execution of a step leaves a line (effects.ts).

import {
  exclusive,
  handler,
  object,
  RestatePromise,
  rpc,
  run,
  service,
  shared,
  workflow,
  type Context,
  type ObjectContext,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import {
  chained,
  emptyLedger,
  quoteSteps,
  type LedgerState,
  type Posting,
  type TripInput,
  type TripResult,
} from "../crash/trip-types.js";
import { effect } from "./effects.js";

const retryPolicy = { initialInterval: 20, maxInterval: 200 };

/** One exclusive posting after the other. The state tells their order, however many they are. */
@object({ retryPolicy })
export class Ledger {
  @exclusive()
  async post(ctx: ObjectContext, { op, amount }: Posting): Promise<number> {
    await ctx.run("post", () => effect(`ledger ${ctx.key}`, op));
    const state = (await ctx.get<LedgerState>("state")) ?? emptyLedger;
    const total = state.total + amount;
    ctx.set("state", { total, count: state.count + 1, chain: chained(state.chain, op) });
    return total;
  }

  /** Behind all that is in line: what everything before it came to. */
  @exclusive()
  async close(ctx: ObjectContext): Promise<LedgerState> {
    return (await ctx.get<LedgerState>("state")) ?? emptyLedger;
  }
}

@service({ retryPolicy })
export class Desk {
  @handler()
  async double(_ctx: Context, number: number): Promise<number> {
    return number * 2;
  }

  @handler()
  async confirm(ctx: Context, { trip, token }: { trip: string; token: string }): Promise<void> {
    await ctx.workflowClient(Trip, trip).confirm(token);
  }

  /** For callers with an idempotency key: steps that follow each other at once, each with the value before it. */
  @handler()
  async quote(ctx: Context, id: string): Promise<string[]> {
    const values: string[] = [];
    for (let step = 1; step <= quoteSteps; step++) {
      const used = values.slice(-1);
      values.push(
        await ctx.run(`step ${step}`, () => effect(`quote ${id}`, `step ${step}`, ...used)),
      );
    }
    return values;
  }
}

// Attempts that wait are let go of soon, so that there are suspended ones whenever something dies.
@workflow({ retryPolicy, inactivityTimeout: 25 })
export class Trip {
  @run()
  async run(ctx: WorkflowContext, { number, ledgers }: TripInput): Promise<TripResult> {
    const who = `trip ${ctx.key}`;
    const [here, there] = ledgers;
    const token = await ctx.run("token", () => effect(who, "token"));
    ctx.set("token", token);
    // Long enough for most of them to be under way at the same time.
    await ctx.sleep(200 + (number % 100) * 30);
    await ctx.objectClient(Ledger, here).post({ op: `${ctx.key}:call`, amount: number });
    const far = ctx.objectSendClient(Ledger, there);
    far.post({ op: `${ctx.key}:first`, amount: 1 });
    far.post({ op: `${ctx.key}:second`, amount: 1 });
    ctx
      .serviceSendClient(Desk)
      .confirm({ trip: ctx.key, token }, rpc.sendOpts({ delay: 20 + (number % 30) }));
    const [left, right, doubled] = await RestatePromise.all([
      ctx.run("left", () => effect(who, "left", token)),
      ctx.run("right", () => effect(who, "right", token)),
      ctx.serviceClient(Desk).double(number),
    ]);
    const confirmed = await ctx.promise<string>("confirmed");
    const last = await ctx.run("last", () => effect(who, "last", token, left, right, confirmed));
    ctx.set("last", last);
    return { token, left, right, doubled, confirmed, last };
  }

  @shared()
  async confirm(ctx: WorkflowSharedContext, token: string): Promise<void> {
    await ctx.promise<string>("confirmed").resolve(token);
  }

  @shared()
  async state(ctx: WorkflowSharedContext): Promise<{ token: unknown; last: unknown }> {
    return { token: await ctx.get("token"), last: await ctx.get("last") };
  }
}
