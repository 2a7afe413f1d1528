// Handlers that are told that they are cancelled, and do with it as they like.

import {
  handler,
  RestatePromise,
  service,
  TerminalError,
  type Context,
  type internal,
} from "@perdure/sdk";
import { pass } from "../../services/gates.js";

const foreverMs = 24 * 60 * 60 * 1_000;
const internalsOf = (ctx: Context) => ctx as internal.ContextInternal;

@service()
export class LongCallee {
  @handler()
  async wait(ctx: Context, gate: string): Promise<string> {
    await ctx.run("begun", () => pass(gate));
    await ctx.sleep(foreverMs);
    return "waited";
  }
}

@service({ explicitCancellation: true })
export class ExplicitCancellation {
  @handler()
  async winsRace(ctx: Context, gate: string): Promise<string> {
    const cancelled = internalsOf(ctx).cancellation();
    await ctx.run("begun", () => pass(gate));
    return RestatePromise.race([
      ctx.sleep(foreverMs).map(() => "slept"),
      cancelled.map(() => "cancelled"),
    ]);
  }

  /** Cleans up at the first, which takes a while, and gives up at the second. */
  @handler()
  async twice(ctx: Context, gate: string): Promise<string[]> {
    const internals = internalsOf(ctx);
    await ctx.run("begun", () => pass(gate));
    await internals.cancellation();
    const cleaned = await ctx.run("clean up", () => "cleaned up");
    await ctx.run("wait for the next", () => pass(`${gate}/cleaning`));
    await internals.cancellation();
    return [cleaned, "cancelled again"];
  }

  /** Aborts its steps itself: each tells how it ended. */
  @handler()
  async abortsSteps(ctx: Context, gate: string): Promise<string[]> {
    const controller = new AbortController();
    const step = (name: string) =>
      ctx.run(name, async () => {
        const aborted = new Promise<void>((resolve) => {
          if (controller.signal.aborted) resolve();
          else controller.signal.addEventListener("abort", () => resolve(), { once: true });
        });
        await pass(gate);
        await aborted;
        throw new TerminalError(`${name} aborted`);
      });
    const steps = [step("one"), step("two")];
    const all = RestatePromise.allSettled(steps);
    const cancelled = internalsOf(ctx).cancellation();
    await RestatePromise.race([all, cancelled]);
    controller.abort();
    return (await all).map((end) =>
      end.status === "rejected" ? (end.reason as Error).message : "not aborted",
    );
  }

  /** Calls in two batches, of which it cancels those that it is told to; how many that were, and how they ended. */
  @handler()
  async cancelsCalls(
    ctx: Context,
    { gate, batches }: { gate: string; batches: ("cancel" | "leave")[] },
  ): Promise<unknown[]> {
    const internals = internalsOf(ctx);
    const results: unknown[] = [];
    for (const [at, batch] of batches.entries()) {
      const calls = [1, 2].map((each) =>
        ctx.serviceClient(LongCallee).wait(`${gate}/${at}/${each}`),
      );
      await internals.cancellation();
      if (batch === "leave") {
        const open = RestatePromise.race(calls).map(() => "ended");
        results.push(await RestatePromise.race([open, ctx.sleep(50).map(() => "still open")]));
      } else {
        const cancelled = await internals.cancelPreviousCalls();
        const ends = await RestatePromise.allSettled(calls);
        results.push([cancelled.length, ...ends.map(({ status }) => status)]);
      }
    }
    return results;
  }
}
