// One exclusive handler of an object key at a time. The rest wait in the key's inbox, first in, first out.
// The lock and the inbox survive crashes because they are tables.

import { create } from "@bufbuild/protobuf";
import { HandlerKind } from "@perdure/proto/manifest/v1/manifest";
import {
  InboxRowSchema,
  InvocationStatus,
  KeyLockSchema,
  type Invocation,
} from "@perdure/proto/storage/v1/records";
import { invariant } from "@perdure/protocol/assert";
import { nextSequence, openDraft, save, type ApplyContext, type Draft } from "./context.js";
import { endOfPrefix, inboxKey, objectKey } from "./keys.js";
import { makeReady } from "./ready.js";

/** The key of the object or workflow that an invocation runs on; undefined for plain services. */
export function objectOf(invocation: Invocation): string | undefined {
  const { target } = invocation;
  if (target?.key === undefined) return undefined;
  return objectKey(target.service, target.key);
}

/** Lets an invocation run: at once, or when the lock of its key comes to it. */
export function admit(ctx: ApplyContext, draft: Draft): void {
  const { runId, invocation } = draft;
  if (invocation.handlerKind === HandlerKind.EXCLUSIVE) {
    const object = objectOf(invocation);
    invariant(object !== undefined, "an exclusive invocation has an object key");
    const lock = ctx.tables.locks.get(object);
    if (lock !== undefined) {
      const sequence = nextSequence(ctx, "inbox");
      ctx.tables.inbox.put(inboxKey(object, sequence), create(InboxRowSchema, { runId }));
      ctx.tables.locks.put(object, { ...lock, waiting: lock.waiting + 1 });
      invocation.status = InvocationStatus.INBOXED;
      invocation.queueSequence = sequence;
      return;
    }
    ctx.tables.locks.put(object, create(KeyLockSchema, { runId }));
  }
  makeReady(ctx, draft);
}

/** Hands the lock of an invocation that has ended to the first in the inbox. */
export function releaseLock(ctx: ApplyContext, draft: Draft): void {
  if (draft.invocation.handlerKind !== HandlerKind.EXCLUSIVE) return;
  const object = objectOf(draft.invocation);
  invariant(object !== undefined, "an exclusive invocation has an object key");
  const lock = ctx.tables.locks.get(object);
  invariant(lock?.runId === draft.runId, "an exclusive invocation that ends holds its key's lock");
  if (lock.waiting === 0) {
    ctx.tables.locks.delete(object);
    return;
  }
  const [first] = ctx.tables.inbox.scan(object, endOfPrefix(object), 1);
  invariant(first !== undefined, "an inbox holds as many rows as its lock counts");
  const { runId } = first.value;
  ctx.tables.inbox.delete(first.key);
  ctx.tables.locks.put(object, create(KeyLockSchema, { runId, waiting: lock.waiting - 1 }));
  const next = openDraft(ctx, runId);
  invariant(next !== undefined, "what waits in an inbox exists");
  makeReady(ctx, next);
  save(ctx, next);
}
