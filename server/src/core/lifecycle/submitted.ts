// An invocation is asked for: by a caller at the ingress, or by a handler (a call or a send, through the
// outbox). A workflow key, and a target with an idempotency key, run once: the id is derived from them,
// and a second submission meets the first.

import { create } from "@bufbuild/protobuf";
import { HandlerKind } from "@perdure/proto/manifest/v1/manifest";
import { FailureSchema, type InputCommand } from "@perdure/proto/protocol/v1/journal";
import {
  InvocationStatus,
  type InvokeMessage,
  type ResponseSink,
} from "@perdure/proto/storage/v1/records";
import { invariant } from "@perdure/protocol/assert";
import { uuidOfInvocationId } from "@perdure/protocol/ids";
import { entryOf } from "@perdure/protocol/messages";
import { completeSink } from "../complete.js";
import { openDraft, save, type ApplyContext, type Draft } from "../context.js";
import type { OutputResult } from "../effect.js";
import { acceptedInvocation } from "../invocation.js";
import { timerKey } from "../keys.js";
import { admit } from "../lock.js";
import { appendEntry } from "../notify.js";
import { readOutput } from "../queries.js";
import { identityRow, startTimer } from "../rows.js";

export function submitted(ctx: ApplyContext, message: InvokeMessage): void {
  const uuid = uuidOfInvocationId(message.id);
  const derived = uuid !== message.runId;
  if (derived) {
    const life = ctx.tables.identities.get(uuid);
    const existing = life === undefined ? undefined : openDraft(ctx, life.runId);
    if (existing !== undefined) return metAgain(ctx, existing, message);
    ctx.tables.identities.put(uuid, identityRow(message.runId));
  }

  const draft = accept(ctx, message);
  if (message.startAt > ctx.nowMs) schedule(ctx, draft, message.startAt);
  else admit(ctx, draft);
  save(ctx, draft);
  if (ctx.token === undefined) return;
  const { runId, invocation } = draft;
  const submission = { id: message.id, runId, accepted: true, invocation };
  ctx.emit({ kind: "submitted", token: ctx.token, submission });
}

function accept(ctx: ApplyContext, message: InvokeMessage): Draft {
  const { id, target: resolved, randomSeed } = message;
  invariant(resolved?.target !== undefined, "a submission has a resolved target");
  const { target, serviceKind, handlerKind, completionRetention, journalRetention } = resolved;
  const invocation = acceptedInvocation(
    { id, target, serviceKind, handlerKind, completionRetention, journalRetention, randomSeed },
    ctx.nowMs,
  );
  invocation.idempotencyKey = message.idempotencyKey;
  if (message.sink !== undefined) invocation.sinks = [message.sink];
  const draft = { runId: message.runId, invocation };
  const { headers, parameter: value } = message;
  const input: InputCommand = { $typeName: "perdure.protocol.v1.InputCommand", headers, value };
  appendEntry(ctx, draft, entryOf("", { case: "input", value: input }));
  return draft;
}

function schedule(ctx: ApplyContext, draft: Draft, startAt: number): void {
  draft.invocation.status = InvocationStatus.SCHEDULED;
  draft.invocation.dueAt = startAt;
  ctx.tables.timers.put(timerKey(startAt, draft.runId, "start"), startTimer(draft.runId));
  ctx.emit({ kind: "armTimer", dueAt: startAt, retention: false });
}

function metAgain(ctx: ApplyContext, existing: Draft, message: InvokeMessage): void {
  const { runId, invocation } = existing;
  const output =
    invocation.status === InvocationStatus.COMPLETED
      ? readOutput(ctx.tables, runId, invocation)
      : undefined;
  if (message.sink !== undefined) answerSink(ctx, existing, message.sink, output);
  if (ctx.token === undefined) return;
  const submission = { id: message.id, runId, accepted: false, invocation };
  ctx.emit({
    kind: "submitted",
    token: ctx.token,
    submission: output === undefined ? submission : { ...submission, output },
  });
}

/** A call from a handler meets an invocation that exists: it latches on, unless the target is a workflow's run. */
function answerSink(
  ctx: ApplyContext,
  existing: Draft,
  sink: ResponseSink,
  output: OutputResult | undefined,
): void {
  const { invocation } = existing;
  if (invocation.handlerKind === HandlerKind.RUN) {
    return completeSink(ctx, sink, workflowAlreadyInvoked);
  }
  if (output !== undefined) return completeSink(ctx, sink, output);
  invocation.sinks = [...invocation.sinks, sink];
  save(ctx, existing);
}

/** What a second call of a workflow's run is told. */
export const workflowAlreadyInvoked: OutputResult = {
  case: "failure",
  value: create(FailureSchema, {
    code: 409,
    message: "the workflow method was already invoked",
  }),
};
