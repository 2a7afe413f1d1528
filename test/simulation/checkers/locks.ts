// An exclusive handler of a key runs alone, and in the order of acceptance. Both are read from the records alone: what
// two invocations of one key did is never interleaved, and the earlier accepted ends first.

import type { Invocation } from "@perdure/proto/storage/v1/records";
import type { Checker, CheckerContext } from "../history.js";

interface Turn {
  readonly runId: string;
  /** Accepted at once, and not for later. */
  readonly inOrder: boolean;
}

function keyOf({ target }: Invocation): string {
  return `${target?.scope ?? ""}/${target?.service ?? ""}/${target?.key ?? ""}`;
}

/** By the name of the handler: what the records say of its kind is what is to be checked. */
function isExclusive(invocation: Invocation): boolean {
  return invocation.target?.handler === "own";
}

export function locksExclude({ durable, offend }: CheckerContext): Checker {
  /** Who has begun and not ended, by key. */
  const holders = new Map<string, string>();
  return {
    name: "locks exclude",
    check(fact): void {
      if (fact.kind !== "durable") return;
      const { event, effects } = fact;
      if (event.case === "appended") {
        const { runId } = event.value;
        const invocation = durable.invocation(runId);
        if (invocation !== undefined && isExclusive(invocation)) {
          const key = keyOf(invocation);
          const holder = holders.get(key) ?? runId;
          if (holder !== runId) offend(`${runId} went on while ${holder} had the lock of ${key}`);
          holders.set(key, runId);
        }
      }
      for (const effect of effects) {
        if (effect.kind !== "completed" || !isExclusive(effect.invocation)) continue;
        const key = keyOf(effect.invocation);
        if (holders.get(key) === effect.runId) holders.delete(key);
      }
    },
  };
}

export function firstInFirstOut({ durable, offend }: CheckerContext): Checker {
  const queues = new Map<string, Turn[]>();
  return {
    name: "first in, first out for each key",
    check(fact): void {
      if (fact.kind !== "durable") return;
      const { created, effects, event } = fact;
      const invocation = created === undefined ? undefined : durable.invocation(created);
      if (created !== undefined && invocation !== undefined && isExclusive(invocation)) {
        const key = keyOf(invocation);
        const queue = queues.get(key) ?? [];
        // What is due later takes its place then.
        queue.push({ runId: created, inOrder: invocation.dueAt === 0 });
        queues.set(key, queue);
      }
      for (const effect of effects) {
        if (effect.kind !== "completed" || !isExclusive(effect.invocation)) continue;
        const queue = queues.get(keyOf(effect.invocation)) ?? [];
        const index = queue.findIndex(({ runId }) => runId === effect.runId);
        const [turn] = queue.splice(index, 1);
        // Cancelled or killed while it waited: that is no turn.
        const hasTurn = event.case === "appended" || event.case === "failed";
        const earlier = queue.slice(0, index).find(({ inOrder }) => inOrder);
        if (!hasTurn || turn?.inOrder !== true || earlier === undefined) continue;
        offend(`${effect.runId} ended before ${earlier.runId}, which was accepted before it`);
      }
    },
  };
}
