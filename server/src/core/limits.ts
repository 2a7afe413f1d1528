// How many invocations of a scope, and of a limit key in it, run at the same time. One that runs is counted
// from its first attempt to its end, however long it sleeps meanwhile; what finds a limit reached waits in a
// queue of its limit key, first in, first out. A scope lives in one partition, so its counts do too.

import type { Target } from "@perdure/proto/protocol/v1/journal";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { invariant } from "@perdure/protocol/assert";
import {
  addToCount,
  countOf,
  nextSequence,
  openDraft,
  save,
  type ApplyContext,
  type Draft,
} from "./context.js";
import { endOfPrefix, inboxKey, limitQueueKey, queueOfInboxKey } from "./keys.js";
import { makeReady } from "./ready.js";
import { inboxRow } from "./rows.js";

/** Lets an invocation start that has its lock, if it needs one: at once, or when the limits of its scope allow it. */
export function enter(ctx: ApplyContext, draft: Draft): void {
  const { runId, invocation } = draft;
  const { target } = invocation;
  if (target?.scope === undefined) return makeReady(ctx, draft);
  const queue = limitQueueKey(target.scope, target.limitKey ?? "");
  const othersWait = ctx.tables.inbox.scan(queue, endOfPrefix(queue), 1).length > 0;
  if (!othersWait && hasRoom(ctx, target)) return start(ctx, draft);
  const sequence = nextSequence(ctx, "inbox");
  ctx.tables.inbox.put(inboxKey(queue, sequence), inboxRow(runId));
  invocation.status = InvocationStatus.INBOXED;
  invocation.queueGroup = queue;
  invocation.queueSequence = sequence;
}

/** An invocation does not wait for its limits any more. */
export function leaveLimitQueue(ctx: ApplyContext, { invocation }: Draft): void {
  ctx.tables.inbox.delete(inboxKey(invocation.queueGroup, invocation.queueSequence));
  invocation.queueGroup = "";
}

/** An invocation ends: others may have the room that it leaves. */
export function leaveLimits(ctx: ApplyContext, { invocation }: Draft): void {
  const { target, counted } = invocation;
  if (!counted || target?.scope === undefined) return;
  invocation.counted = false;
  const counters = countersOf(target);
  // Whoever waits finds some counter full: one that was not full kept nobody waiting.
  const shared = counters.find((counter) => !hasRoomIn(ctx, counter));
  for (const { name } of counters) addToCount(ctx, name, -1);
  if (shared === undefined) return;
  const [, ...limitKey] = shared.parts;
  const first = limitQueueKey(target.scope, ...(limitKey.length > 0 ? [limitKey.join("/")] : []));
  const nested = limitKey.length > 0 ? `${first.slice(0, -1)}/` : first;
  const own = limitQueueKey(target.scope, target.limitKey ?? "");
  const goesOn = (): boolean => hasRoomIn(ctx, shared);
  // The queues that share the counter take turns: the one of what has ended comes last.
  startWaiting(ctx, endOfPrefix(own), endOfPrefix(nested), goesOn);
  startWaiting(ctx, first, endOfPrefix(own), goesOn);
}

/** Starts what waits and has room now, in every scope. */
export function startAllWaiting(ctx: ApplyContext): void {
  startWaiting(ctx, limitQueueKey(), endOfPrefix(limitQueueKey()), () => true);
}

/** Starts what has room, queue by queue, as long as it makes sense to go on. */
function startWaiting(ctx: ApplyContext, from: string, to: string, goesOn: () => boolean): void {
  let at = from;
  while (goesOn()) {
    const [first] = ctx.tables.inbox.scan(at, to, 1);
    if (first === undefined) return;
    const draft = openDraft(ctx, first.value.runId);
    invariant(draft?.invocation.target !== undefined, "what waits for a limit exists");
    if (!hasRoom(ctx, draft.invocation.target)) {
      at = endOfPrefix(queueOfInboxKey(first.key));
      continue;
    }
    ctx.tables.inbox.delete(first.key);
    start(ctx, draft);
    save(ctx, draft);
  }
}

function start(ctx: ApplyContext, draft: Draft): void {
  const { target } = draft.invocation;
  invariant(target !== undefined, "an invocation has a target");
  for (const counter of countersOf(target)) addToCount(ctx, counter.name, 1);
  draft.invocation.counted = true;
  makeReady(ctx, draft);
}

function hasRoom(ctx: ApplyContext, target: Target): boolean {
  return countersOf(target).every((counter) => hasRoomIn(ctx, counter));
}

function hasRoomIn(ctx: ApplyContext, { name, parts }: Counter): boolean {
  const limit = limitOf(ctx, parts);
  return limit === undefined || countOf(ctx, name) < limit;
}

interface Counter {
  readonly name: string;
  readonly parts: readonly string[];
}

/** Of its scope, and of each level of its limit key. */
function countersOf({ scope = "", limitKey = "" }: Target): Counter[] {
  const parts = [scope, ...limitKey.split("/").filter((part) => part !== "")];
  return parts.map((_, level) => {
    const upTo = parts.slice(0, level + 1);
    return { name: `limit:${upTo.join("/")}`, parts: upTo };
  });
}

/** What the rule with the most exact pattern says; a part that is written out beats a "*", from left to right. */
function limitOf({ tables }: ApplyContext, parts: readonly string[]): number | undefined {
  for (const pattern of patternsOf(parts)) {
    const rule = tables.rules.get(pattern);
    if (rule !== undefined && !rule.disabled) return rule.concurrency;
  }
  return undefined;
}

function patternsOf([first = "", ...rest]: readonly string[]): string[] {
  if (rest.length === 0) return [first, "*"];
  const ends = patternsOf(rest);
  return [first, "*"].flatMap((start) => ends.map((end) => `${start}/${end}`));
}
