// The workflow of the README, a program of its own.

import { run, serve, shared, workflow } from "@perdure/sdk";
import type { WorkflowContext, WorkflowSharedContext } from "@perdure/sdk";

@workflow()
class Hello {
  @run() async run(ctx: WorkflowContext, name: string): Promise<string> {
    await ctx.run("greet", () => console.log(`Hello ${name}, who are you?`)); // a step: runs once
    await ctx.sleep({ seconds: 2 }); // survives restarts
    return `${name} is ${await ctx.promise<string>("answer")}`; // waits, for months if need be
  }
  @shared() async answer(ctx: WorkflowSharedContext, text: string): Promise<void> {
    await ctx.promise<string>("answer").resolve(text);
  }
}

await serve({ services: [Hello] }); // on PORT, else 9080
