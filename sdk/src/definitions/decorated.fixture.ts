// Decorated classes as a user writes them, served by a process of its own: it prints its port, and ends with its
// standard input. Run in several ways, to see that decorators work whatever lowered them.

import {
  exclusive,
  handler,
  object,
  run,
  serve,
  service,
  shared,
  workflow,
  type Context,
  type ObjectContext,
  type ObjectSharedContext,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "../index.js";

class Polite {
  readonly #greeting = "Hello";

  @handler()
  async greet(_: Context, name: string): Promise<string> {
    return `${this.#greeting} ${name}`;
  }
}

@service({ description: "Greets" })
class Greeter extends Polite {
  @handler({ ingressPrivate: true })
  async hidden(_: Context): Promise<void> {}
}

@object()
class Counter {
  @exclusive()
  async add(ctx: ObjectContext, by: number): Promise<void> {
    ctx.set("count", by);
  }

  @shared()
  async get(ctx: ObjectSharedContext): Promise<number | null> {
    return ctx.get<number>("count");
  }
}

@workflow({ name: "signup", workflowRetention: { days: 7 } })
class Signup {
  @run()
  async run(ctx: WorkflowContext): Promise<boolean> {
    return ctx.promise<boolean>("verified");
  }

  @shared()
  async verify(ctx: WorkflowSharedContext): Promise<void> {
    await ctx.promise<boolean>("verified").resolve(true);
  }
}

const listening = await serve({ services: [Greeter, Counter, Signup], port: 0 });
process.stdout.write(`${String(listening.port)}\n`);
process.stdin.resume().on("end", () => {
  void listening.close();
});
