// One exclusive handler of an object key at a time. The rest wait in the key's inbox, first in, first out,
// and so does state that an operator replaces. The lock and the inbox survive crashes because they are tables.

import { HandlerKind } from "@perdure/proto/manifest/v1/manifest";
import {
  InvocationStatus,
  type InboxRow,
  type Invocation,
  type KeyLock,
} from "@perdure/proto/storage/v1/records";
import { invariant } from "@perdure/protocol/assert";
import { nextSequence, openDraft, save, type ApplyContext, type Draft } from "./context.js";
import { endOfPrefix, inboxKey, objectKey, sequenceOfKey } from "./keys.js";
import { enter } from "./limits.js";
import { patchState } from "./state-patch.js";
import { inboxRow, lockRow } from "./rows.js";

/** The key of the object or workflow that an invocation runs on; undefined for plain services. */
export function objectOf(invocation: Invocation): string | undefined {
  const { target } = invocation;
  if (target?.key === undefined) return undefined;
  return objectKey(target.service, target.key, target.scope);
}

/** Lets an invocation run: at once, or when the lock of its key, and the limits of its scope, come to it. */
export function admit(ctx: ApplyContext, draft: Draft): void {
  const { runId, invocation } = draft;
  if (invocation.handlerKind === HandlerKind.EXCLUSIVE) {
    const object = lockedObjectOf(invocation);
    const lock = ctx.tables.locks.get(object);
    if (lock !== undefined) {
      invocation.status = InvocationStatus.INBOXED;
      invocation.queueSequence = wait(ctx, object, lock, inboxRow(runId));
      return;
    }
    ctx.tables.locks.put(object, lockRow(runId));
  }
  enter(ctx, draft);
}

/** Puts a row behind the others that wait for a key. */
export function wait(ctx: ApplyContext, object: string, lock: KeyLock, row: InboxRow): number {
  const sequence = nextSequence(ctx, "inbox");
  ctx.tables.inbox.put(inboxKey(object, sequence), row);
  ctx.tables.locks.put(object, { ...lock, waiting: lock.waiting + 1 });
  return sequence;
}

/** An invocation does not want the lock of its key any more. */
export function leaveInbox(ctx: ApplyContext, { invocation }: Draft): void {
  const object = lockedObjectOf(invocation);
  const lock = ctx.tables.locks.get(object);
  invariant(
    lock !== undefined && lock.waiting > 0,
    "what waits in an inbox is counted by its lock",
  );
  ctx.tables.inbox.delete(inboxKey(object, invocation.queueSequence));
  ctx.tables.locks.put(object, { ...lock, waiting: lock.waiting - 1 });
}

/** Hands the lock of an invocation that has ended to the first in the inbox. */
export function releaseLock(ctx: ApplyContext, draft: Draft): void {
  const { runId, invocation } = draft;
  if (invocation.handlerKind !== HandlerKind.EXCLUSIVE) return;
  const object = lockedObjectOf(invocation);
  const lock = ctx.tables.locks.get(object);
  // One that ends while it waits for its time, or for the lock, holds none.
  if (lock?.runId === runId) handOn(ctx, object, lock);
}

function handOn(ctx: ApplyContext, object: string, { waiting, taken: before }: KeyLock): void {
  let taken = before;
  for (let left = waiting; left > 0; left--) {
    // Rows that were taken lie in LMDB until the next checkpoint: a busy key would step over all of them each time.
    const from = inboxKey(object, taken + 1);
    const [first] = ctx.tables.inbox.scan(from, endOfPrefix(object), 1);
    invariant(first !== undefined, "an inbox holds as many rows as its lock counts");
    const { runId, patch } = first.value;
    taken = sequenceOfKey(first.key);
    ctx.tables.inbox.delete(first.key);
    if (patch !== undefined) {
      patchState(ctx.tables.state, object, patch);
      continue;
    }
    ctx.tables.locks.put(object, lockRow(runId, left - 1, taken));
    const next = openDraft(ctx, runId);
    invariant(next !== undefined, "what waits in an inbox exists");
    enter(ctx, next);
    save(ctx, next);
    return;
  }
  ctx.tables.locks.delete(object);
}

function lockedObjectOf(invocation: Invocation): string {
  const object = objectOf(invocation);
  invariant(object !== undefined, "an exclusive invocation has an object key");
  return object;
}
