// Handlers that do something else on every second attempt. The first increment comes before what differs, the second after.

import { object, type ObjectContext } from "@perdure/sdk";
import { Counter } from "./counter.js";
import { listObject } from "./list-object.js";

const attempts = new Map<string, number>();

/** Whether this is an odd attempt, of what the key says. */
function isLeft({ key }: ObjectContext): boolean {
  const count = (attempts.get(key) ?? 0) + 1;
  attempts.set(key, count);
  return count % 2 === 1;
}

/** An increment, then one thing or another, then a sleep, over which the attempt is suspended; then an increment. */
async function diverge(
  ctx: ObjectContext,
  left: () => unknown,
  right: () => unknown,
): Promise<void> {
  const counter = ctx.objectSendClient(Counter, ctx.key);
  counter.add(1);
  await (isLeft(ctx) ? left() : right());
  await ctx.sleep(100);
  counter.add(1);
}

export const nonDeterministic = object({
  name: "NonDeterministic",
  options: {
    inactivityTimeout: 0,
    retryPolicy: { maxAttempts: 1, onMaxAttempts: "kill" },
  },
  handlers: {
    eitherSleepOrCall: async (ctx: ObjectContext) =>
      diverge(
        ctx,
        () => ctx.sleep(20),
        () => ctx.objectClient(Counter, "read").get(),
      ),
    callDifferentMethod: async (ctx: ObjectContext) =>
      diverge(
        ctx,
        () => ctx.objectClient(Counter, "read").get(),
        () => ctx.objectClient(Counter, "read").reset(),
      ),
    backgroundInvokeWithDifferentTargets: async (ctx: ObjectContext) =>
      diverge(
        ctx,
        () => void ctx.objectSendClient(Counter, "read").get(),
        () => void ctx.objectSendClient(listObject, "read").clear(),
      ),
    setDifferentKey: async (ctx: ObjectContext) =>
      diverge(
        ctx,
        () => ctx.set("left", "value"),
        () => ctx.set("right", "value"),
      ),
  },
});
