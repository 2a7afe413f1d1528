// Durable promises: of a workflow, by name. The first completion wins. All handlers of a workflow key
// are in one partition, so a promise, its readers and its writers are too.

import { create } from "@bufbuild/protobuf";
import { ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import {
  FailureSchema,
  type Completion,
  type CompletePromiseCommand,
  type GetPromiseCommand,
  type PeekPromiseCommand,
} from "@perdure/proto/protocol/v1/journal";
import {
  PendingCompletion_Kind as PendingKind,
  type DurablePromise,
} from "@perdure/proto/storage/v1/records";
import { completionOf, voidResult } from "@perdure/protocol/messages";
import { CommandRejected, openDraft, save, type ApplyContext, type Draft } from "../context.js";
import { namedKey } from "../keys.js";
import { objectOf } from "../lock.js";
import { appendEntry, hasPending, notifyCompletion } from "../notify.js";
import { expect } from "../pending.js";
import { promiseRow, sinkOf } from "../rows.js";
import type { CommandContext } from "./apply-command.js";
import { checkKey } from "./state.js";

export function getPromise({
  ctx,
  draft,
  entry,
  command,
}: CommandContext<GetPromiseCommand>): void {
  const key = promiseKey(draft, command.promise);
  appendEntry(ctx, draft, entry);
  const { completionId } = command;
  const promise = ctx.tables.promises.get(key);
  if (promise !== undefined && promise.result.case !== undefined) {
    return answer(ctx, draft, completionId, promise.result);
  }
  expect(draft, { completionId, kind: PendingKind.PROMISE, name: command.promise });
  const { partition } = ctx;
  const waiting = [...(promise?.waiting ?? []), sinkOf(partition, draft.runId, completionId)];
  ctx.tables.promises.put(key, promiseRow({ case: undefined }, waiting));
}

export function peekPromise({
  ctx,
  draft,
  entry,
  command,
}: CommandContext<PeekPromiseCommand>): void {
  const key = promiseKey(draft, command.promise);
  appendEntry(ctx, draft, entry);
  const promise = ctx.tables.promises.get(key);
  answer(ctx, draft, command.completionId, promise?.result ?? { case: undefined });
}

export function completePromise({
  ctx,
  draft,
  entry,
  command,
}: CommandContext<CompletePromiseCommand>): void {
  const key = promiseKey(draft, command.promise);
  appendEntry(ctx, draft, entry);
  const promise = ctx.tables.promises.get(key);
  if (promise !== undefined && promise.result.case !== undefined) {
    return answer(ctx, draft, command.completionId, alreadyCompleted);
  }
  const { result } = command;
  ctx.tables.promises.put(key, promiseRow(result));
  answer(ctx, draft, command.completionId, { case: undefined });
  for (const { runId, completionId } of promise?.waiting ?? []) {
    if (runId === draft.runId) {
      answer(ctx, draft, completionId, result);
      continue;
    }
    const waiter = openDraft(ctx, runId);
    if (waiter === undefined || !hasPending(waiter, completionId)) continue;
    answer(ctx, waiter, completionId, result);
    save(ctx, waiter);
  }
}

const alreadyCompleted: Completion["result"] = {
  case: "failure",
  value: create(FailureSchema, { code: 409, message: "promise was already completed" }),
};

function promiseKey(draft: Draft, promise: string): string {
  const object = objectOf(draft.invocation);
  if (object === undefined || draft.invocation.serviceKind !== ServiceKind.WORKFLOW) {
    throw new CommandRejected("PDR2007", "only workflows have durable promises");
  }
  checkKey("promise's name", promise);
  return namedKey(object, promise);
}

function answer(
  ctx: ApplyContext,
  draft: Draft,
  completionId: number,
  result: DurablePromise["result"] | Completion["result"],
): void {
  const told = result.case === undefined ? voidResult : result;
  notifyCompletion(ctx, draft, completionOf(completionId, told));
}
