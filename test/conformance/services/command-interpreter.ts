// Does what a list of commands says: awaits combinations of awakeables, sleeps, steps and signals.

import {
  exclusive,
  object,
  RestatePromise,
  shared,
  TerminalError,
  TimeoutError,
  type ObjectContext,
  type ObjectSharedContext,
} from "@perdure/sdk";

type Awaitable =
  | { readonly type: "createAwakeable"; readonly awakeableKey: string }
  | { readonly type: "sleep"; readonly timeoutMillis: number }
  | { readonly type: "runReturns"; readonly value: string }
  | { readonly type: "runThrowTerminalException"; readonly reason: string }
  | { readonly type: "createSignal"; readonly signalName: string };

type Combination =
  | "awaitAny"
  | "awaitAnySuccessful"
  | "awaitFirstCompleted"
  | "awaitFirstSucceededOrAllFailed"
  | "awaitAllSucceededOrFirstFailed"
  | "awaitAllCompleted";

type Command =
  | { readonly type: Combination; readonly commands: readonly Awaitable[] }
  | { readonly type: "awaitOne"; readonly command: Awaitable }
  | {
      readonly type: "awaitAwakeableOrTimeout";
      readonly awakeableKey: string;
      readonly timeoutMillis: number;
    }
  | { readonly type: "resolveAwakeable"; readonly awakeableKey: string; readonly value: string }
  | { readonly type: "rejectAwakeable"; readonly awakeableKey: string; readonly reason: string }
  | { readonly type: "getEnvVariable"; readonly envName: string };

interface Interpretation {
  readonly commands: readonly Command[];
}

@object()
export class VirtualObjectCommandInterpreter {
  /** The last result. All of them are in the state. */
  @exclusive()
  async interpretCommands(ctx: ObjectContext, { commands }: Interpretation): Promise<string> {
    let result = "";
    for (const command of commands) {
      result = await interpret(ctx, command);
      ctx.set("results", [...((await ctx.get<string[]>("results")) ?? []), result]);
    }
    return result;
  }

  @shared()
  async getResults(ctx: ObjectSharedContext): Promise<string[]> {
    return (await ctx.get<string[]>("results")) ?? [];
  }

  @shared()
  async hasAwakeable(ctx: ObjectSharedContext, key: string): Promise<boolean> {
    return (await ctx.get(`awakeable ${key}`)) !== null;
  }

  @shared()
  async resolveAwakeable(
    ctx: ObjectSharedContext,
    { awakeableKey, value }: { awakeableKey: string; value: string },
  ): Promise<void> {
    ctx.resolveAwakeable(await heldId(ctx, awakeableKey), value);
  }

  @shared()
  async rejectAwakeable(
    ctx: ObjectSharedContext,
    { awakeableKey, reason }: { awakeableKey: string; reason: string },
  ): Promise<void> {
    ctx.rejectAwakeable(await heldId(ctx, awakeableKey), reason);
  }
}

async function interpret(ctx: ObjectContext, command: Command): Promise<string> {
  switch (command.type) {
    case "awaitOne":
      return begin(ctx, command.command);
    case "awaitAwakeableOrTimeout":
      return awakeableOrTimeout(ctx, command.awakeableKey, command.timeoutMillis);
    case "resolveAwakeable":
      ctx.resolveAwakeable(await heldId(ctx, command.awakeableKey), command.value);
      return "";
    case "rejectAwakeable":
      ctx.rejectAwakeable(await heldId(ctx, command.awakeableKey), command.reason);
      return "";
    case "getEnvVariable":
      return ctx.run("environment", () => process.env[command.envName] ?? "");
    default: {
      const promises = command.commands.map((each) => begin(ctx, each));
      return combined(command.type, promises);
    }
  }
}

async function combined(type: Combination, promises: RestatePromise<string>[]): Promise<string> {
  switch (type) {
    case "awaitAny":
    case "awaitFirstCompleted":
      return RestatePromise.race(promises);
    case "awaitAnySuccessful":
    case "awaitFirstSucceededOrAllFailed":
      return RestatePromise.any(promises);
    case "awaitAllSucceededOrFirstFailed":
      return (await RestatePromise.all(promises)).join("|");
    case "awaitAllCompleted": {
      const outcomes = await RestatePromise.allSettled(promises);
      return outcomes
        .map((one) =>
          one.status === "fulfilled" ? `ok:${one.value}` : `err:${(one.reason as Error).message}`,
        )
        .join("|");
    }
  }
}

function begin(ctx: ObjectContext, command: Awaitable): RestatePromise<string> {
  switch (command.type) {
    case "createAwakeable": {
      const { id, promise } = ctx.awakeable<string>();
      ctx.set(`awakeable ${command.awakeableKey}`, id);
      return promise;
    }
    case "sleep":
      return ctx.sleep(command.timeoutMillis).map(() => "sleep");
    case "runReturns":
      return ctx.run("returns", () => command.value);
    case "runThrowTerminalException":
      return ctx.run("throws", (): string => {
        throw new TerminalError(command.reason);
      });
    case "createSignal":
      return ctx.signal<string>(command.signalName);
  }
}

async function awakeableOrTimeout(
  ctx: ObjectContext,
  awakeableKey: string,
  timeoutMillis: number,
): Promise<string> {
  try {
    return await begin(ctx, { type: "createAwakeable", awakeableKey }).orTimeout(timeoutMillis);
  } catch (error) {
    throw error instanceof TimeoutError ? new TerminalError("await-timeout") : error;
  }
}

async function heldId(ctx: ObjectSharedContext, awakeableKey: string): Promise<string> {
  const id = await ctx.get<string>(`awakeable ${awakeableKey}`);
  if (id === null) throw new TerminalError(`there is no awakeable "${awakeableKey}"`);
  return id;
}
