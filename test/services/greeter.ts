// What the ingress tests call: one service type of each kind, with little behind it.

import {
  handlers,
  object,
  serde,
  service,
  TerminalError,
  workflow,
  type Context,
  type Definition,
  type ObjectContext,
  type ObjectSharedContext,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { pass } from "./gates.js";

type Hidden = Definition<"service", "Greeter", { hidden(ctx: Context): Promise<string> }>;

export const greeter = service({
  name: "Greeter",
  handlers: {
    greet: async (_ctx: Context, name: string) => `Hi ${name}`,
    nothing: async (_ctx: Context) => {},
    echo: handlers.handler(
      { input: serde.binary, output: serde.binary },
      async (_ctx: Context, bytes: Uint8Array) => bytes,
    ),
    /** Counts its executions; the value is new in each. */
    once: async (ctx: Context, gate: string) => ctx.run("once", () => passed(gate)),
    refuse: async (_ctx: Context, code: number) => {
      throw new TerminalError("no such luck", {
        errorCode: code,
        metadata: { plan: "gold", try: "1" },
      });
    },
    request: async (ctx: Context) => {
      const { headers, id, target, idempotencyKey } = ctx.request();
      return {
        id: String(id),
        target: String(target),
        headers: Object.fromEntries(headers),
        idempotencyKey,
      };
    },
    hidden: handlers.handler({ ingressPrivate: true }, async (_ctx: Context) => "seen"),
    callHidden: async (ctx: Context) => ctx.serviceClient<Hidden>({ name: "Greeter" }).hidden(),
    sleep: async (ctx: Context, ms: number) => {
      await ctx.sleep(ms);
      return ms;
    },
  },
});

export const secrets = service({
  name: "Secrets",
  options: { ingressPrivate: true },
  handlers: { tell: async (_ctx: Context) => "psst" },
});

export const counter = object({
  name: "Counter",
  handlers: {
    add: async (ctx: ObjectContext<{ count: number }>, by: number) => {
      const count = ((await ctx.get("count")) ?? 0) + by;
      ctx.set("count", count);
      return count;
    },
    get: handlers.object.shared(
      async (ctx: ObjectSharedContext<{ count: number }>) => (await ctx.get("count")) ?? 0,
    ),
  },
});

export const signup = workflow({
  name: "Signup",
  handlers: {
    run: async (ctx: WorkflowContext, user: { name: string }) => {
      const secret = await ctx.promise<string>("verified");
      return { name: user.name, key: ctx.key, secret };
    },
    verify: async (ctx: WorkflowSharedContext, secret: string) => {
      await ctx.promise<string>("verified").resolve(secret);
    },
    isVerified: async (ctx: WorkflowSharedContext) =>
      (await ctx.promise<string>("verified").peek()) !== undefined,
  },
});

async function passed(gate: string): Promise<number> {
  await pass(gate);
  return Math.random();
}
