// Everything that can fail, for good or for a while. Attempts are counted in the memory of the process.

import { exclusive, object, TerminalError, type ObjectContext } from "@perdure/sdk";

interface Failure {
  readonly errorMessage: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

const neededAttempts = 4;
const counts = new Map<string, number>();

function counted(what: string): number {
  const count = (counts.get(what) ?? 0) + 1;
  counts.set(what, count);
  return count;
}

function errorOf({ errorMessage, metadata }: Failure): TerminalError {
  return new TerminalError(errorMessage, metadata === undefined ? {} : { metadata });
}

@object()
export class Failing {
  @exclusive()
  async terminallyFailingCall(_ctx: ObjectContext, failure: Failure): Promise<never> {
    throw errorOf(failure);
  }

  @exclusive()
  async callTerminallyFailingCall(ctx: ObjectContext, failure: Failure): Promise<string> {
    const callee = ctx.objectClient(Failing, ctx.rand.uuidv4());
    await callee.terminallyFailingCall(failure);
    return "the callee did not fail";
  }

  @exclusive()
  async failingCallWithEventualSuccess(ctx: ObjectContext): Promise<number> {
    const attempt = counted(`call ${ctx.key}`);
    if (attempt < neededAttempts) throw new Error(`attempt ${attempt} fails`);
    return attempt;
  }

  @exclusive()
  async terminallyFailingSideEffect(ctx: ObjectContext, failure: Failure): Promise<string> {
    await ctx.run("fails", () => {
      throw errorOf(failure);
    });
    return "the step did not fail";
  }

  /** The attempt of the step that succeeded. */
  @exclusive()
  async sideEffectSucceedsAfterGivenAttempts(
    ctx: ObjectContext,
    minimumAttempts: number,
  ): Promise<number> {
    const what = `succeeds ${ctx.key}`;
    return ctx.run(
      "succeeds in the end",
      () => {
        const attempt = counted(what);
        if (attempt >= minimumAttempts) return attempt;
        throw new Error(`attempt ${attempt} fails`);
      },
      { initialRetryInterval: 10, retryIntervalFactor: 1, maxRetryAttempts: minimumAttempts + 1 },
    );
  }

  /** How many attempts the step had. */
  @exclusive()
  async sideEffectFailsAfterGivenAttempts(
    ctx: ObjectContext,
    maxRetryAttempts: number,
  ): Promise<number> {
    const what = `fails ${ctx.key}`;
    try {
      await ctx.run(
        "always fails",
        () => {
          throw new Error(`attempt ${counted(what)} fails`);
        },
        { initialRetryInterval: 10, retryIntervalFactor: 1, maxRetryAttempts },
      );
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      // Told as a step: a later attempt may be in another process.
      return ctx.run("count", () => counts.get(what) ?? 0);
    }
    throw new TerminalError("the step did not fail");
  }

  /** How often a step was executed whose attempt failed after it. */
  @exclusive()
  async sideEffectThenFailingAttempts(ctx: ObjectContext): Promise<number> {
    const executed = await ctx.run("step", () => counted(`step ${ctx.key}`));
    if (counted(`after ${ctx.key}`) < neededAttempts) throw new Error("fails after the step");
    return executed;
  }
}
