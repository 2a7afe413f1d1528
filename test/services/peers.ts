// Handlers that deal with other invocations: signals, results, cancellation (implicit and explicit), scopes.
// Every wait is suspended at once (`inactivityTimeout: 0`), so each is replayed.

import {
  handler,
  RestatePromise,
  service,
  TerminalError,
  type Context,
  type internal,
  type InvocationId,
} from "@perdure/sdk";

const suspending = { inactivityTimeout: 0 };

interface Named {
  readonly id: InvocationId;
  readonly name: string;
}

@service(suspending)
export class Signalled {
  @handler()
  async one(ctx: Context, name: string): Promise<unknown> {
    return ctx.signal(name);
  }

  @handler()
  async queue(ctx: Context, count: number): Promise<unknown[]> {
    const seen: unknown[] = [];
    for (let at = 0; at < count; at++) seen.push(await ctx.signal("next"));
    return seen;
  }

  @handler()
  async allSucceeded(ctx: Context, names: string[]): Promise<string> {
    return (await RestatePromise.all(names.map((name) => ctx.signal(name)))).join("|");
  }

  @handler()
  async firstSucceeded(ctx: Context, names: string[]): Promise<unknown> {
    return RestatePromise.any(names.map((name) => ctx.signal(name)));
  }

  @handler()
  async allCompleted(ctx: Context, names: string[]): Promise<string> {
    const outcomes = await RestatePromise.allSettled(names.map((name) => ctx.signal(name)));
    return outcomes
      .map((each) =>
        each.status === "fulfilled"
          ? `ok:${String(each.value)}`
          : `err:${(each.reason as Error).message}`,
      )
      .join("|");
  }

  @handler()
  async withStep(ctx: Context, name: string): Promise<string> {
    const values = await RestatePromise.all([ctx.run(() => "runval"), ctx.signal(name)]);
    return values.join("|");
  }
}

@service(suspending)
export class Peer {
  @handler()
  async resolve(ctx: Context, { id, name, value }: Named & { value?: unknown }): Promise<void> {
    ctx.invocation(id).signal(name).resolve(value);
  }

  @handler()
  async reject(ctx: Context, { id, name, reason }: Named & { reason: string }): Promise<void> {
    ctx
      .invocation(id)
      .signal(name)
      .reject(new TerminalError(reason, { errorCode: 418, metadata: { by: "peer" } }));
  }

  @handler()
  async cancel(ctx: Context, id: InvocationId): Promise<void> {
    ctx.invocation(id).cancel();
  }

  @handler()
  async attach(ctx: Context, id: InvocationId): Promise<unknown> {
    return ctx.invocation(id).attach();
  }

  @handler()
  async output(ctx: Context, id: InvocationId): Promise<unknown> {
    const output = await ctx.invocation(id).output();
    return output === undefined ? "not yet" : output;
  }

  /** Sends with a key, then finds the result by the key. */
  @handler()
  async byKey(ctx: Context, idempotencyKey: string): Promise<unknown> {
    const target = { service: "Peer", handler: "echo", idempotencyKey };
    const parameter = Buffer.from(JSON.stringify("echoed"));
    ctx.genericSend({ service: "Peer", method: "echo", parameter, idempotencyKey });
    return ctx.invocation(target).attach();
  }

  @handler()
  async echo(_: Context, text: string): Promise<string> {
    return text;
  }

  /** The scope and the limit key that a handler sees that is called in them. */
  @handler()
  async inScope(ctx: Context, limitKey: string): Promise<unknown> {
    const call = { service: "Peer", method: "seen", parameter: new Uint8Array(), limitKey };
    const seen = await ctx.scope("tenant-1").genericCall(call);
    return JSON.parse(Buffer.from(seen).toString()) as unknown;
  }

  @handler()
  async seen(ctx: Context): Promise<unknown> {
    const { scope, limitKey } = ctx.request();
    return { scope, limitKey };
  }
}

@service({ ...suspending, explicitCancellation: true })
export class Explicit {
  /** Is cancelled twice: the first time it cleans up, the second time it ends. */
  @handler()
  async twice(ctx: Context): Promise<string[]> {
    const internals = ctx as internal.ContextInternal;
    const seen: string[] = [];
    const work = ctx.signal("never").map(() => "signalled");
    const first = internals.cancellation().map(() => "cancelled");
    seen.push(await RestatePromise.race([work, first]));
    seen.push(await ctx.run("clean up", () => "cleaned up"));
    await internals.cancellation();
    return [...seen, "cancelled again"];
  }

  /** Cancels what it called, and gives how many these were and how they ended. */
  @handler()
  async calls(ctx: Context): Promise<unknown[]> {
    const internals = ctx as internal.ContextInternal;
    const call = (): RestatePromise<unknown> =>
      ctx.genericCall({
        service: "Signalled",
        method: "one",
        parameter: Buffer.from(JSON.stringify("never")),
      });
    const made = [call(), call()];
    await internals.cancellation();
    const cancelled = await internals.cancelPreviousCalls();
    const ends = await RestatePromise.allSettled(made);
    return [
      cancelled.length,
      ...ends.map((end) => (end.status === "rejected" ? (end.reason as Error).message : "")),
    ];
  }
}
