// Combinations of durable promises: of those that have settled from the start, of sleeps and steps, one inside another,
// two with a child in common; and what `map` does, and how often.

import { handler, RestatePromise, service, TerminalError, type Context } from "@perdure/sdk";

const longMs = 60_000;
const failed = (message: string) => RestatePromise.reject<string>(new TerminalError(message));
const messageOf = (error: unknown): string => (error as Error).message;

@service()
export class PromiseCombinators {
  @handler()
  async resolved(_ctx: Context, value: string): Promise<string> {
    return RestatePromise.resolve(value);
  }

  @handler()
  async rejected(_ctx: Context, message: string): Promise<string> {
    return failed(message);
  }

  @handler()
  async allResolved(_ctx: Context, values: string[]): Promise<string[]> {
    return RestatePromise.all(values.map((value) => RestatePromise.resolve(value)));
  }

  @handler()
  async allWithOneRejected(_ctx: Context, message: string): Promise<string[]> {
    return RestatePromise.all([RestatePromise.resolve("a"), failed(message)]);
  }

  @handler()
  async raceResolved(_ctx: Context, values: string[]): Promise<string> {
    return RestatePromise.race(values.map((value) => RestatePromise.resolve(value)));
  }

  @handler()
  async anyResolved(_ctx: Context, values: string[]): Promise<string> {
    return RestatePromise.any([
      failed("first"),
      ...values.map((value) => RestatePromise.resolve(value)),
    ]);
  }

  @handler()
  async anyRejected(_ctx: Context, messages: string[]): Promise<string[]> {
    try {
      await RestatePromise.any(messages.map(failed));
    } catch (error) {
      return (error as AggregateError).errors.map(messageOf);
    }
    throw new TerminalError("one succeeded");
  }

  @handler()
  async settledMixed(_ctx: Context): Promise<string[]> {
    const outcomes = await RestatePromise.allSettled([
      RestatePromise.resolve("ok"),
      failed("no"),
      RestatePromise.resolve("ok2"),
    ]);
    return outcomes.map((one) =>
      one.status === "fulfilled" ? one.value : `rejected: ${messageOf(one.reason)}`,
    );
  }

  @handler()
  async ofNothing(_ctx: Context): Promise<unknown> {
    return [await RestatePromise.all([]), await RestatePromise.allSettled([])];
  }

  @handler()
  async anyOfNothing(_ctx: Context): Promise<number> {
    try {
      await RestatePromise.any([]);
    } catch (error) {
      return (error as AggregateError).errors.length;
    }
    throw new TerminalError("nothing succeeded");
  }

  @handler()
  async allWithSleep(ctx: Context, value: string): Promise<string[]> {
    const slept = ctx.sleep(20).map(() => "slept");
    return RestatePromise.all([slept, RestatePromise.resolve(value)]);
  }

  @handler()
  async raceWithSleep(ctx: Context, value: string): Promise<string> {
    const slept = ctx.sleep(longMs).map(() => "slept");
    return RestatePromise.race([slept, RestatePromise.resolve(value)]);
  }

  @handler()
  async settledWithSleepAndStep(ctx: Context): Promise<string[]> {
    const outcomes = await RestatePromise.allSettled([
      ctx.sleep(10),
      ctx.run("step", () => "stepped"),
      failed("no"),
    ]);
    return outcomes.map(({ status }) => status);
  }

  @handler()
  async nestedRaces(ctx: Context): Promise<string> {
    const slow = ctx.sleep(longMs).map(() => "slow");
    const quick = ctx.sleep(10).map(() => "quick");
    return RestatePromise.race([
      RestatePromise.race([slow, RestatePromise.all([slow, quick]).map(() => "both")]),
      RestatePromise.race([slow, quick]),
    ]);
  }

  /** Two races with the same children have the same winner. */
  @handler()
  async sharedChildren(ctx: Context): Promise<string[]> {
    const one = ctx.sleep(10).map(() => "one");
    const two = ctx.sleep(longMs).map(() => "two");
    const races = [RestatePromise.race([one, two]), RestatePromise.race([two, one])];
    return [...(await RestatePromise.all(races)), await one];
  }

  @handler()
  async constInTime(_ctx: Context): Promise<string> {
    return RestatePromise.resolve("in time").orTimeout(longMs);
  }

  @handler()
  async raceOfNothingTimesOut(ctx: Context): Promise<number> {
    try {
      const never: RestatePromise<never>[] = [];
      await RestatePromise.race(never).orTimeout(20);
    } catch (error) {
      await ctx.sleep(1);
      return (error as TerminalError).code;
    }
    throw new TerminalError("a race of nothing was won");
  }

  /** The mapper's value is there again after each suspension. */
  @handler()
  async mapIsDeterministic(ctx: Context): Promise<boolean> {
    const drawn = ctx.sleep(5).map(() => ctx.rand.random());
    const before = await drawn;
    const recorded = await ctx.run("drawn", () => before);
    await ctx.sleep(5);
    return recorded === before && (await drawn) === recorded;
  }

  @handler()
  async mapRunsOnce(ctx: Context): Promise<number> {
    let count = 0;
    const mapped = ctx.sleep(5).map(() => ++count);
    await RestatePromise.race([mapped, ctx.sleep(longMs)]);
    await RestatePromise.all([mapped, mapped]);
    await mapped;
    return count;
  }

  @handler()
  async mapMendsFailure(_ctx: Context): Promise<string> {
    return failed("broken").map((_value, failure) => `mended ${failure?.message ?? ""}`);
  }
}
