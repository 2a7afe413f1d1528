import * as restate from "@perdure/sdk";
import { greet, tools } from "./handlers.js";

const farewell = async (_: restate.Context, name: string): Promise<string> => `Bye ${name}`;

/** Says hello and goodbye. */
export const greeter = restate.service({
  name: "Greeter",
  handlers: {
    greet,
    farewell,
    /** In its place. */
    inline: async (_: restate.Context, { name }: { name: string }): Promise<{ text: string }> => ({ text: name }),
    async method(_: restate.Context): Promise<void> {},
    ...tools,
    withOptions: restate.handlers.handler(
      { description: "Has options", ingressPrivate: true },
      async (_: restate.Context, size: number): Promise<number> => size,
    ),
  },
});

export const counter = restate.object({
  name: "Counter",
  handlers: {
    add: async (ctx: restate.ObjectContext, by: number): Promise<number> => {
      ctx.set("sum", by);
      return by;
    },
    get: restate.handlers.object.shared(async (ctx: restate.ObjectSharedContext): Promise<number | null> => ctx.get<number>("sum")),
  },
});

const signup = restate.workflow({
  name: "Signup",
  handlers: {
    run: async (_: restate.WorkflowContext, name: string): Promise<boolean> => name !== "",
    verify: restate.handlers.workflow.shared(async (_: restate.WorkflowSharedContext, code: string): Promise<void> => void code),
  },
});

export const services = [signup];
