// The code that wrote the golden journals: one handler for each feature of journals.
//
// A handler here never changes its path again. Its journal stands for those of users that lie on servers when a
// new release of the SDK comes: what was recorded with an old one must be replayed by every later one. For
// something new, add a handler and record its journal.

import {
  CancelledError,
  DurablePromise,
  exclusive,
  handler,
  object,
  run,
  serde,
  service,
  shared,
  TerminalError,
  TimeoutError,
  workflow,
  type Context,
  type internal,
  type InvocationId,
  type ObjectContext,
  type ObjectSharedContext,
  type Serde,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";

/** What handlers and whoever records them tell one another. Empty in a replay, so no path may hang on it. */
export const told = new Map<string, string>();

const json = serde.json as Serde<number>;

@service({ name: "GoldenSteps" })
export class Steps {
  @handler()
  async values(ctx: Context, count: number): Promise<number> {
    let sum = 0;
    for (let at = 0; at < count; at++) sum += await ctx.run(`step ${String(at)}`, () => at);
    await ctx.run(() => undefined);
    await ctx.run("null", () => null);
    const { nested } = await ctx.run("object", async () => ({ nested: [1, "two", { three: 3 }] }));
    await ctx.run("bytes", () => new Uint8Array([1, 2, 3]), { serde: serde.binary });
    return sum + nested.length;
  }

  /** A step that fails for good, one whose attempts are used up, one that succeeds late. */
  @handler()
  async failing(ctx: Context): Promise<string[]> {
    const seen: string[] = [];
    try {
      await ctx.run("terminal", () => {
        throw new TerminalError("refused", { errorCode: 402, metadata: { why: "money" } });
      });
    } catch (error) {
      const { message, code, metadata } = error as TerminalError;
      seen.push(`${message} ${String(code)} ${JSON.stringify(metadata)}`);
    }
    try {
      await ctx.run("exhausted", () => Promise.reject(new Error("never works")), {
        maxRetryAttempts: 2,
        initialRetryInterval: 1,
      });
    } catch (error) {
      seen.push((error as Error).message);
    }
    const late = await ctx.run(
      "late",
      () => {
        const tries = (told.get("late") ?? "") + "x";
        told.set("late", tries);
        if (tries.length < 3) throw new Error("not yet");
        return "came";
      },
      { initialRetryInterval: 1 },
    );
    return [...seen, late];
  }

  @handler()
  async sleeps(ctx: Context): Promise<void> {
    await ctx.sleep({ days: 30 });
    await ctx.sleep(1, "named");
    await ctx.sleep(0);
  }

  /** What differs from attempt to attempt outside of contexts. */
  @handler()
  async chance(ctx: Context): Promise<string> {
    const uuid = ctx.rand.uuidv4();
    const now = await ctx.date.now();
    const text = await ctx.date.toJSON();
    const first = ctx.rand.random() < 0.5;
    if (first) await ctx.run(`heads ${uuid}`, () => 1);
    else await ctx.run(`tails ${uuid}`, () => 1);
    return `${uuid} ${String(now)} ${text}`;
  }

  /** Takes another way in each year. */
  @handler()
  async dates(ctx: Context): Promise<string> {
    const before = new Date(await ctx.date.now()).getUTCFullYear();
    await ctx.sleep({ days: 366 }, `from ${String(before)}`);
    const after = new Date(await ctx.date.toJSON()).getUTCFullYear();
    return ctx.run(`to ${String(after)}`, () => String(after));
  }

  /** Races that were won by whoever won them when the journal was written. */
  @handler()
  async combinators(ctx: Context): Promise<unknown[]> {
    const slow = ctx.sleep({ hours: 2 }, "slow").map(() => "slow");
    const quick = ctx.sleep({ hours: 1 }, "quick").map(() => "quick");
    const winner = await DurablePromise.race([slow, quick]);
    await ctx.run(`after ${winner}`, () => winner);
    const all = await DurablePromise.all([slow, ctx.run("one", () => 1), ctx.run("two", () => 2)]);
    const any = await DurablePromise.any([
      ctx.run("fails", () => {
        throw new TerminalError("fails");
      }),
      ctx.run("works", () => "works"),
    ]);
    const settled = await DurablePromise.allSettled([
      ctx.run("bad", () => {
        throw new TerminalError("bad");
      }),
      ctx.run("good", () => "good"),
    ]);
    const kinds = settled.map(({ status }) => status);
    let late = "in time";
    try {
      await ctx.sleep({ days: 1 }, "too long").orTimeout({ minutes: 1 });
    } catch (error) {
      late = error instanceof TimeoutError ? "timeout" : "else";
    }
    await ctx.run(`${any} ${late}`, () => undefined);
    return [winner, all, any, kinds, late];
  }

  /** Ends with a failure. */
  @handler()
  async refuses(ctx: Context): Promise<void> {
    await ctx.run("before", () => 1);
    throw new TerminalError("no", { errorCode: 418, metadata: { tea: "pot" } });
  }

  /** Fails between its steps, and is tried again. */
  @handler()
  async retried(ctx: Context): Promise<string> {
    const first = await ctx.run("first", () => "first");
    if (told.delete("retried fails")) throw new Error("fails once");
    const second = await ctx.run("second", () => "second");
    return `${first} ${second}`;
  }

  /** Never comes to an end. */
  @handler()
  async waits(ctx: Context): Promise<void> {
    await ctx.run("before", () => 1);
    await ctx.awakeable().promise;
  }

  @handler({ input: serde.binary, output: serde.binary })
  async bytes(ctx: Context, input: Uint8Array): Promise<Uint8Array> {
    await ctx.run(`${String(input.length)} bytes`, () => 1);
    return input;
  }
}

@object({ name: "GoldenCell" })
export class Cell {
  /** All state comes along with the attempt. */
  @exclusive()
  async eager(ctx: ObjectContext, n: number): Promise<unknown> {
    const before = (await ctx.get<number>("n")) ?? 0;
    ctx.set("n", before + n);
    ctx.set("other", { of: ctx.key });
    const keys = await ctx.stateKeys();
    const read = await ctx.get<number>("n");
    ctx.clear("other");
    const cleared = await ctx.get("other");
    await ctx.run(`${String(before)} ${keys.join()}`, () => 1);
    return [before, keys, read, cleared];
  }

  /** Every key is asked for. */
  @exclusive({ enableLazyState: true })
  async lazy(ctx: ObjectContext): Promise<unknown> {
    const n = await ctx.get<number>("n");
    const keys = await ctx.stateKeys();
    const absent = await ctx.get("absent");
    await ctx.run(`${String(n)} ${keys.join()} ${String(absent)}`, () => 1);
    ctx.clearAll();
    return ctx.get("n");
  }

  @shared()
  async reads(ctx: ObjectSharedContext): Promise<unknown> {
    const n = await ctx.get<number>("n");
    await ctx.run(`read ${String(n)}`, () => 1);
    return n;
  }

  @exclusive()
  async doubled(_ctx: ObjectContext, n: number): Promise<number> {
    return n * 2;
  }

  @exclusive()
  async fails(): Promise<void> {
    throw new TerminalError("the callee fails", { errorCode: 409 });
  }

  @exclusive()
  async sleepsLong(ctx: ObjectContext): Promise<string> {
    await ctx.sleep({ days: 365 });
    return "slept";
  }
}

@workflow({ name: "GoldenFlow" })
export class Flow {
  @run()
  async run(ctx: WorkflowContext, name: string): Promise<string> {
    ctx.set("stage", "waiting");
    const early = await ctx.promise<string>("answer").peek();
    const answer = await ctx.promise<string>("answer");
    let refused = "";
    try {
      await ctx.promise<string>("refused");
    } catch (error) {
      refused = (error as Error).message;
    }
    await ctx.promise<string>("own").resolve("mine");
    const late = await ctx.promise<string>("own").peek();
    ctx.set("stage", "done");
    return [name, String(early), answer, refused, late].join();
  }

  @shared()
  async answer(ctx: WorkflowSharedContext, answer: string): Promise<string> {
    await ctx.promise<string>("answer").resolve(answer);
    await ctx.promise<string>("refused").reject("not today");
    try {
      await ctx.promise<string>("answer").resolve("again");
    } catch (error) {
      return (error as TerminalError).message;
    }
    return String(await ctx.get("stage"));
  }
}

@service({ name: "GoldenCalls" })
export class Calls {
  @handler()
  async calls(ctx: Context): Promise<unknown[]> {
    const doubled = await ctx.objectClient(Cell, "called").doubled(4);
    const call = ctx.serviceClient(Steps).values(2);
    const id = await call.invocationId;
    const sum = await call;
    const generic = await ctx.genericCall({
      service: "GoldenCell",
      method: "doubled",
      key: "generic",
      parameter: 5,
      inputSerde: json,
      outputSerde: json,
      idempotencyKey: "golden",
      headers: { "x-golden": "yes" },
    });
    let failure = "";
    try {
      await ctx.objectClient(Cell, "fails").fails();
    } catch (error) {
      failure = (error as Error).message;
    }
    const together = await DurablePromise.all([
      ctx.objectClient(Cell, "a").doubled(1),
      ctx.objectClient(Cell, "b").doubled(2),
    ]);
    await ctx.run(`${String(doubled)} ${String(sum)} ${failure}`, () => 1);
    return [doubled, id.length > 10, sum, generic, failure, together];
  }

  @handler()
  async scoped(ctx: Context): Promise<unknown[]> {
    const scope = ctx.scope("golden");
    const inside = await scope.objectClient(Cell, "scoped").doubled(3);
    const sent = scope.objectSendClient(Cell, "scoped").doubled(4);
    const id = await sent.invocationId;
    const attached = await ctx.invocation(id).attach<number>();
    await ctx.run(`${String(inside)} ${String(attached)}`, () => 1);
    return [inside, attached];
  }

  @handler()
  async sends(ctx: Context): Promise<boolean> {
    const sent = ctx.objectSendClient(Cell, "sent").doubled(4);
    ctx.genericSend({
      service: "GoldenCell",
      method: "doubled",
      key: "delayed",
      parameter: 5,
      inputSerde: json,
      delay: { days: 1 },
      idempotencyKey: "golden-send",
    });
    const id = await sent.invocationId;
    return id.startsWith("inv_");
  }

  /** The results of others: by id, by workflow key, by idempotency key; awaited, and as they are. */
  @handler()
  async attaches(ctx: Context): Promise<unknown[]> {
    const sent = ctx.objectSendClient(Cell, "attached").doubled(21);
    const attached = await ctx.invocation(await sent.invocationId).attach<number>();
    const nap = ctx.objectSendClient(Cell, "naps").sleepsLong();
    const none = await ctx.invocation(await nap.invocationId).output();
    const flow = await ctx.invocation({ workflow: "GoldenFlow", key: "golden" }).attach<string>();
    const known = await ctx
      .invocation({ service: "GoldenSteps", handler: "values", idempotencyKey: "known" })
      .output<number>();
    await ctx.run(`${String(attached)} ${String(none)} ${String(known)}`, () => 1);
    return [attached, none, flow, known];
  }

  @handler()
  async awakeables(ctx: Context): Promise<unknown[]> {
    const one = ctx.awakeable<string>();
    const other = ctx.awakeable<string>();
    await ctx.run("tell", () => {
      told.set("one", one.id);
      told.set("other", other.id);
    });
    const value = await one.promise;
    let failure = "";
    try {
      await other.promise;
    } catch (error) {
      failure = (error as Error).message;
    }
    await ctx.run(`${value} ${failure}`, () => 1);
    return [value, failure];
  }

  @handler()
  async completes(ctx: Context, { one, other }: { one: string; other: string }): Promise<void> {
    ctx.resolveAwakeable(one, "from a handler");
    ctx.rejectAwakeable(other, "refused");
  }

  /** Named signals: two of one name, one of another. */
  @handler()
  async signals(ctx: Context): Promise<unknown[]> {
    const first = await ctx.signal<string>("go");
    const second = await ctx.signal<string>("go");
    let failure = "";
    try {
      await ctx.signal<string>("stop");
    } catch (error) {
      failure = (error as Error).message;
    }
    await ctx.run(`${first} ${second} ${failure}`, () => 1);
    return [first, second, failure];
  }

  @handler()
  async signalsTo(ctx: Context, id: InvocationId): Promise<void> {
    const other = ctx.invocation(id);
    other.signal<string>("go").resolve("one");
    other.signal<string>("go").resolve("two");
    other.signal("stop").reject("enough");
  }

  /** Is cancelled while it waits for a callee, and compensates. */
  @handler()
  async cancelled(ctx: Context): Promise<string> {
    await ctx.run("reserve", () => 1);
    try {
      await ctx.objectClient(Cell, "cancelled").sleepsLong();
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
      await ctx.run("release", () => 1);
      await ctx.sleep(1, "calm down");
      return "compensated";
    }
    return "not cancelled";
  }

  /** Sees for itself that it is cancelled. */
  @handler({ explicitCancellation: true })
  async explicit(ctx: Context): Promise<unknown[]> {
    const internals = ctx as internal.ContextInternal;
    const call = ctx.objectClient(Cell, "explicit").sleepsLong();
    const first = await DurablePromise.race([
      call.map(() => "slept"),
      internals.cancellation().map(() => "cancelled"),
    ]);
    const ids = await internals.cancelPreviousCalls();
    let failure = "";
    try {
      await call;
    } catch (error) {
      failure = (error as Error).message;
    }
    await ctx.run(`${first} ${String(ids.length)} ${failure}`, () => 1);
    return [first, ids.length, failure];
  }

  @handler()
  async cancels(ctx: Context, id: InvocationId): Promise<void> {
    ctx.invocation(id).cancel();
  }
}
