// What contexts can do, as decorated classes: steps, sleeps, state, promises, calls between all kinds.

import {
  exclusive,
  handler,
  object,
  RestatePromise,
  RetryableError,
  rpc,
  run,
  serde,
  service,
  shared,
  TerminalError,
  TimeoutError,
  workflow,
  type Context,
  type ObjectContext,
  type ObjectSharedContext,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { pass } from "./gates.js";

@service()
export class Steps {
  /** The sum, each number in a step of its own. */
  @handler()
  async sum(ctx: Context, numbers: number[]): Promise<number> {
    let sum = 0;
    for (const [at, number] of numbers.entries()) sum += await ctx.run(`add ${at}`, () => number);
    return sum;
  }

  /** Fails once after two steps, outside of any. */
  @handler({ retryPolicy: { initialInterval: 10 } })
  async failsBetween(ctx: Context, id: string): Promise<number[]> {
    await pass(`${id}/handler`);
    const first = await ctx.run("first", () => noted(`${id}/first`));
    const second = await ctx.run("second", () => noted(`${id}/second`));
    if (once(id)) throw new Error("the handler fails between its steps");
    const third = await ctx.run("third", () => noted(`${id}/third`));
    return [first, second, third];
  }

  /** A step that fails `failures` times. */
  @handler()
  async flakyStep(
    ctx: Context,
    { id, failures }: { id: string; failures: number },
  ): Promise<number> {
    return ctx.run("flaky", () => failing(id, failures), {
      initialRetryInterval: 5,
      maxRetryInterval: 20,
      maxRetryAttempts: 4,
    });
  }

  /** What a handler sees of a step whose attempts are used up. */
  @handler()
  async caught(ctx: Context, id: string): Promise<{ message: string; code: number; name: string }> {
    try {
      await ctx.run("flaky", () => failing(id, 99), {
        initialRetryInterval: 5,
        maxRetryAttempts: 3,
      });
    } catch (error) {
      const { message, code, name } = error as TerminalError;
      return { message, code, name };
    }
    throw new TerminalError("the step did not fail");
  }

  @handler()
  async terminalStep(ctx: Context, id: string): Promise<string> {
    try {
      await ctx.run("refused", async () => {
        await pass(id);
        throw new TerminalError("refused", { errorCode: 402, metadata: { why: "money" } });
      });
    } catch (error) {
      const { message, code, metadata } = error as TerminalError;
      return `${message} ${code} ${JSON.stringify(metadata)}`;
    }
    return "not refused";
  }

  /** Says itself when it wants to be tried again. */
  @handler({ retryPolicy: { initialInterval: 60_000 } })
  async asksForRetry(_ctx: Context, id: string): Promise<number> {
    await pass(id);
    if (once(id)) throw new RetryableError("in a moment", { retryAfter: 20 });
    return Date.now();
  }

  @handler({ retryPolicy: { initialInterval: 5, maxAttempts: 3, onMaxAttempts: "kill" } })
  async killed(_ctx: Context, id: string): Promise<void> {
    await pass(id);
    throw new Error("never works");
  }

  @handler({ retryPolicy: { initialInterval: 5, maxAttempts: 3, onMaxAttempts: "pause" } })
  async paused(_ctx: Context, id: string): Promise<void> {
    await pass(id);
    throw new Error("never works either");
  }

  @handler({ retryPolicy: { initialInterval: 5, maxAttempts: 2, onMaxAttempts: "kill" } })
  async unwritable(_ctx: Context, id: string): Promise<bigint> {
    await pass(id);
    return 1n;
  }

  @handler({
    asTerminalError: (error) =>
      error instanceof RangeError
        ? new TerminalError(`out of range: ${error.message}`, { errorCode: 416 })
        : undefined,
  })
  async outOfRange(ctx: Context): Promise<void> {
    await ctx.run("measure", () => {
      throw new RangeError("too far");
    });
  }

  /** The same numbers, before and after a failure. */
  @handler({ retryPolicy: { initialInterval: 5 } })
  async random(ctx: Context, id: string): Promise<unknown> {
    const drawn = { random: ctx.rand.random(), uuid: ctx.rand.uuidv4(), now: await ctx.date.now() };
    await pass(id, JSON.stringify(drawn));
    if (once(id)) throw new Error("once more");
    return drawn;
  }

  /** Logs between steps, and fails once after them. */
  @handler({ retryPolicy: { initialInterval: 5 } })
  async logs(ctx: Context, id: string): Promise<void> {
    ctx.console.log(`${id} begins`);
    await ctx.run("step", () => 1);
    ctx.console.log(`${id} goes on`);
    await ctx.run("last", () => 1);
    if (once(id)) throw new Error("once more");
    ctx.console.log(`${id} ends`);
  }

  /** Waits longer than its attempt may be idle. */
  @handler({ inactivityTimeout: 30 })
  async suspends(ctx: Context, id: string): Promise<number> {
    const { attemptCompletedSignal } = ctx.request();
    attemptCompletedSignal.addEventListener("abort", () => void pass(`${id}/over`));
    await pass(`${id}/attempt`);
    const value = await ctx.run("before", () => noted(`${id}/before`));
    await ctx.sleep(300);
    await ctx.run("after", () => noted(`${id}/after`));
    return value;
  }

  /** As `suspends`, without telling anybody. */
  @handler({ inactivityTimeout: 30 })
  async sleeps(ctx: Context, ms: number): Promise<number> {
    const value = await ctx.run("before", () => Math.random());
    await ctx.sleep(ms);
    return value;
  }

  /** Waits shorter than its attempt may be idle. */
  @handler({ inactivityTimeout: 60_000 })
  async stays(ctx: Context, id: string): Promise<void> {
    await pass(`${id}/attempt`);
    await ctx.sleep(100);
  }

  /** At once, whenever it waits. */
  @handler({ inactivityTimeout: 0 })
  async suspendsAtOnce(ctx: Context, id: string): Promise<number> {
    await pass(`${id}/attempt`);
    await ctx.sleep(20);
    const value = await ctx.run("step", () => 7);
    await ctx.sleep(20);
    return value;
  }
}

@service()
export class Combining {
  @handler()
  async all(ctx: Context): Promise<unknown> {
    return RestatePromise.all([
      ctx.run("a", () => 1),
      ctx.sleep(10),
      ctx.serviceClient(Combining).double(4),
    ]);
  }

  @handler()
  async allFails(ctx: Context): Promise<string> {
    try {
      await RestatePromise.all([ctx.sleep(60_000), ctx.serviceClient(Combining).fail("left")]);
    } catch (error) {
      return (error as Error).message;
    }
    return "all succeeded";
  }

  @handler()
  async race(ctx: Context): Promise<string> {
    return RestatePromise.race([
      ctx.sleep(5_000).map(() => "slow"),
      ctx.sleep(10).map(() => "quick"),
    ]);
  }

  /** The same winner when it is replayed. */
  @handler({ retryPolicy: { initialInterval: 5 } })
  async raceAgain(ctx: Context, id: string): Promise<string> {
    const winner = await RestatePromise.race([
      ctx.run("one", () => "one"),
      ctx.run("two", () => "two"),
      ctx
        .serviceClient(Combining)
        .double(1)
        .map(() => "call"),
    ]);
    await pass(id, winner);
    if (once(id) || once(`${id} again`)) throw new Error("once more");
    return winner;
  }

  @handler()
  async any(ctx: Context): Promise<unknown> {
    const client = ctx.serviceClient(Combining);
    const good = await RestatePromise.any([client.fail("x"), client.double(21)]);
    try {
      await RestatePromise.any([client.fail("first"), client.fail("second")]);
    } catch (error) {
      const { name, errors } = error as AggregateError;
      return [good, name, errors.map((one: Error) => one.message)];
    }
    return "any succeeded";
  }

  @handler()
  async allSettled(ctx: Context): Promise<unknown> {
    const client = ctx.serviceClient(Combining);
    const outcomes = await RestatePromise.allSettled([client.double(2), client.fail("bad")]);
    return outcomes.map((one) =>
      one.status === "fulfilled" ? one.value : `failed: ${(one.reason as Error).message}`,
    );
  }

  @handler()
  async settledAlready(): Promise<unknown> {
    const outcomes = await RestatePromise.allSettled([
      RestatePromise.resolve("here"),
      RestatePromise.reject(new TerminalError("gone")),
    ]);
    return [outcomes.map(({ status }) => status), await RestatePromise.all([])];
  }

  @handler()
  async orTimeout(ctx: Context): Promise<unknown> {
    const inTime = await ctx
      .sleep(5)
      .map(() => "in time")
      .orTimeout(5_000);
    try {
      await ctx.sleep(60_000).orTimeout(20);
    } catch (error) {
      return [inTime, error instanceof TimeoutError, (error as TimeoutError).code];
    }
    return "no timeout";
  }

  @handler()
  async map(ctx: Context): Promise<unknown> {
    const client = ctx.serviceClient(Combining);
    const doubled = await client.double(2).map((value) => `got ${value}`);
    const mended = await client
      .fail("broken")
      .map((_value, failure) => `mended ${failure?.message}`);
    return [doubled, mended];
  }

  @handler()
  async double(_ctx: Context, number: number): Promise<number> {
    return number * 2;
  }

  @handler()
  async fail(_ctx: Context, message: string): Promise<never> {
    throw new TerminalError(message, { errorCode: 418, metadata: { side: message } });
  }
}

type Note = { by: string; at: number };

@object()
export class Notebook {
  @exclusive()
  async write(ctx: ObjectContext, note: Note): Promise<number> {
    const notes = (await ctx.get<Note[]>("notes")) ?? [];
    ctx.set("notes", [...notes, note]);
    ctx.set(`by ${note.by}`, note.at);
    return notes.length + 1;
  }

  @exclusive()
  async erase(ctx: ObjectContext, name: string): Promise<unknown> {
    ctx.clear(name);
    return { gone: await ctx.get(name), left: await ctx.stateKeys() };
  }

  @exclusive()
  async burn(ctx: ObjectContext): Promise<unknown> {
    ctx.clearAll();
    ctx.set("ashes", true);
    return [await ctx.get("notes"), await ctx.stateKeys()];
  }

  @exclusive()
  async failsAfterSet(ctx: ObjectContext, value: string): Promise<never> {
    ctx.set("kept", value);
    throw new TerminalError("too late");
  }

  @shared()
  async read(ctx: ObjectSharedContext): Promise<Note[]> {
    return (await ctx.get<Note[]>("notes")) ?? [];
  }

  @shared()
  async keys(ctx: ObjectSharedContext): Promise<string[]> {
    return ctx.stateKeys();
  }

  @shared()
  async value(ctx: ObjectSharedContext, name: string): Promise<unknown> {
    return ctx.get(name);
  }
}

/** The same, with state fetched key by key. */
@object({ enableLazyState: true })
export class LazyNotebook extends Notebook {}

@workflow()
export class Story {
  @run()
  async run(ctx: WorkflowContext, title: string): Promise<unknown> {
    ctx.set("title", title);
    const ending = await ctx.promise<string>("ending").get().orTimeout({ minutes: 1 });
    ctx.set("ending", ending);
    return { title, ending, chapters: await ctx.objectClient(Notebook, ctx.key).read() };
  }

  @shared()
  async end(ctx: WorkflowSharedContext, ending: string): Promise<void> {
    await ctx.promise<string>("ending").resolve(ending);
  }

  @shared()
  async spoil(ctx: WorkflowSharedContext, message: string): Promise<void> {
    await ctx.promise<string>("ending").reject(message);
  }

  @shared()
  async title(ctx: WorkflowSharedContext): Promise<string | null> {
    return ctx.get<string>("title");
  }

  @shared()
  async ending(ctx: WorkflowSharedContext): Promise<string | undefined> {
    return ctx.promise<string>("ending").peek();
  }
}

/** Calls and sends between all kinds. */
@service()
export class Caller {
  @handler()
  async everyKind(ctx: Context, key: string): Promise<unknown> {
    const length = await ctx.objectClient(Notebook, key).write({ by: "caller", at: 1 });
    const story = ctx.workflowClient(Story, key).run("called");
    await ctx.workflowClient(Story, key).end("well");
    return { length, story: await story, double: await ctx.serviceClient(Combining).double(8) };
  }

  /** Sends keep their order. */
  @handler()
  async sends(ctx: Context, { key, count }: { key: string; count: number }): Promise<string[]> {
    const ids = [];
    for (let at = 1; at <= count; at++) {
      ids.push(await ctx.objectSendClient(Notebook, key).write({ by: "sender", at }).invocationId);
    }
    return ids;
  }

  @handler()
  async sendsLater(ctx: Context, key: string): Promise<string> {
    const { invocationId } = ctx
      .objectSendClient(Notebook, key)
      .write({ by: "later", at: Date.now() }, rpc.sendOpts({ delay: 150 }));
    return invocationId;
  }

  @handler()
  async sendsToWorkflow(ctx: Context, key: string): Promise<string> {
    return ctx.workflowSendClient(Story, key).run("sent").invocationId;
  }

  /** Twice with one idempotency key: runs once. */
  @handler()
  async twice(ctx: Context, id: string): Promise<number[]> {
    const client = ctx.serviceClient(Caller);
    const first = await client.noted(id, rpc.opts({ idempotencyKey: id }));
    return [first, await client.noted(id, rpc.opts({ idempotencyKey: id }))];
  }

  @handler()
  async noted(_ctx: Context, id: string): Promise<number> {
    return noted(id);
  }

  @handler()
  async failing(ctx: Context): Promise<unknown> {
    try {
      await ctx.serviceClient(Combining).fail("deep down");
    } catch (error) {
      const { name, message, code, metadata } = error as TerminalError;
      return { name, message, code, metadata };
    }
    return "did not fail";
  }

  @handler()
  async startedTwice(ctx: Context, key: string): Promise<string> {
    const story = ctx.workflowClient(Story, key).run("first");
    await story.invocationId;
    try {
      await ctx.workflowClient(Story, key).run("second");
    } catch (error) {
      const { message, code } = error as TerminalError;
      await ctx.workflowClient(Story, key).end("once");
      await story;
      return `${code} ${message}`;
    }
    return "ran twice";
  }

  @handler()
  async generic(ctx: Context, number: number): Promise<unknown> {
    const target = { service: "Combining", method: "double" };
    const handle = ctx.genericSend({ ...target, parameter: number, inputSerde: serde.json });
    const doubled = await ctx.genericCall({
      ...target,
      parameter: number,
      inputSerde: serde.json,
      outputSerde: serde.json,
    });
    return [doubled, (await handle.invocationId).startsWith("inv_1")];
  }

  @handler()
  async headers(ctx: Context): Promise<unknown> {
    return ctx.serviceClient(Caller).seen(rpc.opts({ headers: { "X-Trace": "t1" } }));
  }

  @handler()
  async seen(ctx: Context): Promise<string | undefined> {
    return ctx.request().headers.get("x-trace");
  }
}

const seen = new Set<string>();

/** True the first time in this process. */
function once(id: string): boolean {
  return !seen.has(id) && seen.add(id) !== undefined;
}

async function noted(gate: string): Promise<number> {
  await pass(gate);
  return Math.random();
}

const failuresOf = new Map<string, number>();

async function failing(id: string, times: number): Promise<number> {
  await pass(id);
  const failures = failuresOf.get(id) ?? 0;
  if (failures >= times) return failures;
  failuresOf.set(id, failures + 1);
  throw new Error(`failure ${failures + 1} of ${id}`);
}
