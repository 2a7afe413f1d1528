// Services as they are written for Restate. Only the import is another one.

import * as restate from "@perdure/sdk";

const greeter = restate.service({
  name: "Greeter",
  handlers: {
    greet: restate.handlers.handler(
      { idempotencyRetention: { hours: 1 } },
      async (ctx: restate.Context, name: string): Promise<string> => {
        const greetingId = ctx.rand.uuidv4();
        await ctx.run("notify", () => console.log(`${greetingId}: ${name}`));
        await ctx.sleep({ seconds: 1 });
        const count = await ctx.objectClient(counter, name).add(1);
        if (count > 2) throw new restate.TerminalError("too many greetings", { errorCode: 429 });
        return `You said hi to ${name}`;
      },
    ),
  },
});

const counter = restate.object({
  name: "Counter",
  handlers: {
    add: async (ctx: restate.ObjectContext, value: number): Promise<number> => {
      const sum = ((await ctx.get<number>("sum")) ?? 0) + value;
      ctx.set("sum", sum);
      return sum;
    },
    current: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext): Promise<number> =>
        (await ctx.get<number>("sum")) ?? 0,
    ),
  },
});

const signup = restate.workflow({
  name: "Signup",
  handlers: {
    run: async (ctx: restate.WorkflowContext, email: string): Promise<boolean> => {
      const secret = ctx.rand.uuidv4();
      ctx.set("email", email);
      const clicked = ctx.promise<string>("link-clicked");
      const { id, promise } = ctx.awakeable<string>();
      ctx.resolveAwakeable(id, "sent");
      await restate.RestatePromise.all([promise, clicked.get()]).orTimeout({ days: 1 });
      return secret !== "";
    },
    click: async (ctx: restate.WorkflowSharedContext, secret: string): Promise<void> => {
      await ctx.promise<string>("link-clicked").resolve(secret);
    },
  },
});

export const services = [greeter, counter, signup];
export type Greeter = typeof greeter;
export type Counter = typeof counter;
export type Signup = typeof signup;
