// A workflow that does one of everything that Watch tells of, at the pace of the test.

import {
  run,
  shared,
  TerminalError,
  workflow,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { pass } from "./gates.js";

const retryPolicy = { initialInterval: 20, maxInterval: 20 };

const tried = new Set<string>();

@workflow({ retryPolicy })
export class Watched {
  @run()
  async run(ctx: WorkflowContext, failing: boolean): Promise<string> {
    ctx.set("stage", "begun");
    const first = await ctx.run("first", async () => {
      await pass("first");
      return "1";
    });
    await ctx.run("shaky", () => {
      if (tried.has(ctx.key)) return;
      tried.add(ctx.key);
      throw new Error("not yet");
    });
    const word = await ctx.promise<string>("word");
    ctx.clear("stage");
    if (failing) throw new TerminalError("as asked", { errorCode: 418 });
    return `${first} ${word}`;
  }

  @shared()
  async say(ctx: WorkflowSharedContext, word: string): Promise<void> {
    await ctx.promise<string>("word").resolve(word);
  }
}
