// A service: a class whose handlers are called by name.

import { handler, service, TerminalError } from "@perdure/sdk";
import type { Context } from "@perdure/sdk";

@service()
export class Greeter {
  @handler()
  async greet(ctx: Context, name: string): Promise<string> {
    if (name === "") throw new TerminalError("nobody to greet", { errorCode: 400 });
    const ticket = ctx.rand.uuidv4().slice(0, 8); // the same on every replay
    await ctx.run("announce", () => console.log(`${name} is here, ticket ${ticket}`));
    return `Hello ${name}`;
  }

  @handler({ ingressPrivate: true })
  async audit(_: Context, line: string): Promise<void> {
    console.log(line); // only other handlers may call this one
  }
}
