// What fails the first time that it is asked, for good, and does better when it is restarted.

import { handler, service, TerminalError, type Context } from "@perdure/sdk";

const seen = new Set<string>();

/** Whether this process is asked for the first time. */
function isFirst(input: string): boolean {
  if (seen.has(input)) return false;
  seen.add(input);
  return true;
}

@service()
export class Restarted {
  @handler()
  async failsFirst(ctx: Context, input: string): Promise<string> {
    const outcome = await ctx.run("outcome", () => (isFirst(input) ? "old" : "new"));
    if (outcome === "old") throw new TerminalError(`${input} fails`);
    return `${input} from ${outcome}`;
  }

  /** Its step knows only whether it was executed before. */
  @handler()
  async keepsStep(ctx: Context, input: string): Promise<string> {
    const outcome = await ctx.run("outcome", () => (isFirst(input) ? "old" : "new"));
    return `${input} from ${outcome}`;
  }
}
