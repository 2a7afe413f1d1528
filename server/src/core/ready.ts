// The ready table: what wants an attempt, or has one. A row is by group (the deployment that the
// journal is pinned to, else the service) and order of arrival, and stays until the attempt is over, so
// that a restart finds it.

import { InvocationStatus, type Invocation } from "@perdure/proto/storage/v1/records";
import { nextSequence, type ApplyContext, type Draft } from "./context.js";
import type { WhyOver } from "./effect.js";
import { readyKey } from "./keys.js";

export type ReadyGroup =
  | { readonly kind: "deployment"; readonly id: string }
  | { readonly kind: "service"; readonly name: string };

export function deploymentGroup(id: string): string {
  return `d:${id}`;
}

export function parseReadyGroup(group: string): ReadyGroup {
  return group.startsWith("d:")
    ? { kind: "deployment", id: group.slice(2) }
    : { kind: "service", name: group.slice(2) };
}

function groupOf(invocation: Invocation): string {
  return invocation.deploymentId === ""
    ? `s:${invocation.target?.service ?? ""}`
    : deploymentGroup(invocation.deploymentId);
}

export function makeReady(ctx: ApplyContext, draft: Draft): void {
  const { runId, invocation } = draft;
  const group = groupOf(invocation);
  const sequence = nextSequence(ctx, "ready");
  ctx.tables.ready.put(readyKey(group, sequence), {
    $typeName: "perdure.storage.v1.ReadyRow",
    runId,
  });
  invocation.status = InvocationStatus.READY;
  invocation.queueGroup = group;
  invocation.queueSequence = sequence;
  ctx.emit({ kind: "ready", group, sequence, runId });
}

/** What has lost its attempt wants another: from the deployment that its journal is pinned to by now. */
export function readyAgain(ctx: ApplyContext, draft: Draft): void {
  const { runId, invocation } = draft;
  const { queueGroup: group, queueSequence: sequence } = invocation;
  if (group === groupOf(invocation)) return ctx.emit({ kind: "ready", group, sequence, runId });
  ctx.tables.ready.delete(readyKey(group, sequence));
  makeReady(ctx, draft);
}

/** The attempt is over: its number is not current any more, and its row is gone. */
export function leaveReady(ctx: ApplyContext, draft: Draft, why: WhyOver): void {
  const { runId, invocation } = draft;
  ctx.tables.ready.delete(readyKey(invocation.queueGroup, invocation.queueSequence));
  ctx.emit({ kind: "attemptOver", runId, attempt: invocation.attempt, why });
  invocation.attempt++;
  invocation.queueGroup = "";
  invocation.queueSequence = 0;
}
