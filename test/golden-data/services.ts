// The code whose invocations the golden data directories hold: one handler for each way to be under way.
//
// A handler here never changes its path again: it stands for the code of users whose work lies on a server that is
// upgraded. For something new, add a handler, use it in scenario.ts, and record the data of the current version.
//
// While data is recorded (PERDURE_TEST_GOLDEN=record), what is to be found under way gets stuck, fails or waits. What
// a step returns says when it was executed: then, or in the test that opens the data.

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
  workflow,
  type Context,
  type InvocationId,
  type ObjectContext,
  type ObjectSharedContext,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";

const isRecording = process.env["PERDURE_TEST_GOLDEN"] === "record";
/** Long enough that all is recorded, and over when anybody opens it. */
const whileMs = 60_000;
const ages = { days: 36_500 };
const kept = { journalRetention: ages, idempotencyRetention: ages } as const;

function when(): string {
  return isRecording ? "then" : "now";
}

/** Never ends while data is recorded. */
async function stuck(): Promise<string> {
  if (isRecording) await new Promise(() => undefined);
  return when();
}

function failWhileRecording(): void {
  if (!isRecording) return;
  const error = new Error("fails while it is recorded");
  // Stored with the failure: as it is on every machine.
  error.stack = `${String(error)}\n    at handler (services.ts:1:1)`;
  throw error;
}

@service({ name: "DataWork", ...kept })
export class DataWork {
  @handler()
  async runs(ctx: Context): Promise<string[]> {
    const one = await ctx.run("one", when);
    const two = await ctx.run("two", when);
    const three = await ctx.run("three", stuck);
    return [one, two, three];
  }

  @handler()
  async completes(ctx: Context, input: unknown): Promise<unknown> {
    return { input, step: await ctx.run("step", when) };
  }

  @handler()
  async fails(ctx: Context): Promise<void> {
    await ctx.run("before", when);
    throw new TerminalError("no", { errorCode: 418, metadata: { tea: "pot" } });
  }

  @handler({ inactivityTimeout: 0 })
  async sleeps(ctx: Context): Promise<string[]> {
    const before = await ctx.run("before", when);
    await ctx.sleep(whileMs);
    return [before, await ctx.run("after", when)];
  }

  @handler({ retryPolicy: { initialInterval: whileMs, maxInterval: whileMs } })
  async backsOff(ctx: Context): Promise<string[]> {
    const before = await ctx.run("before", when);
    failWhileRecording();
    return [before, await ctx.run("after", when)];
  }

  @handler({ retryPolicy: { maxAttempts: 1, onMaxAttempts: "pause" } })
  async pauses(ctx: Context): Promise<string[]> {
    const before = await ctx.run("before", when);
    failWhileRecording();
    return [before, await ctx.run("after", when)];
  }

  @handler({ inactivityTimeout: 0 })
  async signalled(ctx: Context): Promise<string[]> {
    const early = await ctx.signal<string>("early");
    const before = await ctx.run("between", when);
    const late = await ctx.signal<string>("late");
    return [early, before, late];
  }

  @handler()
  async signals(ctx: Context, [id, name]: [InvocationId, string]): Promise<void> {
    ctx.invocation(id).signal<string>(name).resolve(name);
  }

  /** Waits for a callee, which sleeps. */
  @handler({ inactivityTimeout: 0 })
  async calls(ctx: Context, key: string): Promise<unknown> {
    const first = await ctx.objectClient(DataCell, key).add(`${key} of a caller`);
    return [first, await ctx.serviceClient(DataWork).sleeps()];
  }

  /** Has sent work that is to begin later. */
  @handler()
  async sends(ctx: Context, key: string): Promise<string> {
    ctx.genericSend({
      service: "DataCell",
      method: "add",
      key,
      parameter: "sent",
      inputSerde: serde.json,
      delay: whileMs,
    });
    return ctx.run("step", when);
  }

  @handler({ inactivityTimeout: 0 })
  async attaches(ctx: Context, id: InvocationId): Promise<unknown> {
    return ctx.invocation(id).attach<unknown>();
  }

  /** Is cancelled while it waits, and then undoes what it did, which takes its time. */
  @handler({ inactivityTimeout: 0 })
  async compensates(ctx: Context): Promise<string[]> {
    const reserved = await ctx.run("reserve", when);
    try {
      await ctx.sleep(ages);
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
      const released = await ctx.run("release", when);
      await ctx.sleep(whileMs);
      return [reserved, released, await ctx.run("release all", when)];
    }
    return ["not cancelled"];
  }

  @handler({ inactivityTimeout: 0 })
  async waits(ctx: Context): Promise<void> {
    await ctx.sleep(ages);
  }
}

@object({ name: "DataCell", ...kept })
export class DataCell {
  @exclusive()
  async add(ctx: ObjectContext, item: string): Promise<number> {
    const items = [...((await ctx.get<string[]>("items")) ?? []), item];
    ctx.set("items", items);
    return items.length;
  }

  /** Has the key until it is let go. */
  @exclusive()
  async holds(ctx: ObjectContext): Promise<string[]> {
    const before = await ctx.run("before", when);
    ctx.set("items", ["held"]);
    return [before, await ctx.run("hold", stuck)];
  }

  @exclusive()
  async fill(ctx: ObjectContext, count: number): Promise<void> {
    for (let at = 0; at < count; at++) ctx.set(`key ${String(at)} é/\u0000`, { at });
    ctx.set("large", "x".repeat(100_000));
    ctx.set("empty", "");
    ctx.set("null", null);
  }

  /** Leaves the id of an awakeable as state, suspends, and has a race between it and a time that never comes. */
  @exclusive({ inactivityTimeout: 0 })
  async awaits(ctx: ObjectContext): Promise<string[]> {
    const { id, promise } = ctx.awakeable<string>();
    const never = ctx.sleep(ages, "never").map(() => "slept");
    ctx.set("awakeable", id);
    const before = await ctx.run("before", when);
    return [before, await DurablePromise.race([never, promise])];
  }

  @shared()
  async all(ctx: ObjectSharedContext): Promise<Record<string, unknown>> {
    const entries: [string, unknown][] = [];
    for (const name of await ctx.stateKeys()) entries.push([name, await ctx.get(name)]);
    return Object.fromEntries(entries);
  }
}

@workflow({ name: "DataFlow", workflowRetention: ages, journalRetention: ages })
export class DataFlow {
  @run({ inactivityTimeout: 0 })
  async run(ctx: WorkflowContext, name: string): Promise<string[]> {
    ctx.set("stage", "waiting");
    const before = await ctx.run("before", when);
    const early = await ctx.promise<string>("early");
    ctx.set("stage", "half");
    const late = await ctx.promise<string>("late");
    ctx.set("stage", "done");
    return [name, before, early, late];
  }

  @shared()
  async resolve(ctx: WorkflowSharedContext, name: string): Promise<void> {
    await ctx.promise<string>(name).resolve(`${name} was resolved`);
  }

  @shared()
  async stage(ctx: WorkflowSharedContext): Promise<unknown> {
    return ctx.get("stage");
  }
}

/** What began with this code ends with it, though there is a newer revision (second-revision.ts). */
@service({ name: "DataVersioned", ...kept })
export class DataVersioned {
  @handler({ inactivityTimeout: 0 })
  async sleeps(ctx: Context): Promise<string[]> {
    const before = await ctx.run("before", when);
    await ctx.sleep(whileMs);
    return ["first revision", before];
  }
}
