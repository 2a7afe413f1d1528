// New and copied invocation records. Written out field by field: a record is copied by every event that
// changes it, and a spread of so many fields costs ten times as much.

import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { InvocationStatus, type Invocation } from "@perdure/proto/storage/v1/records";

const blank: Invocation = {
  $typeName: "perdure.storage.v1.Invocation",
  id: "",
  target: undefined,
  serviceKind: ServiceKind.UNSPECIFIED,
  handlerKind: HandlerKind.UNSPECIFIED,
  status: InvocationStatus.UNSPECIFIED,
  attempt: 0,
  entryCount: 0,
  lastNotification: 0,
  createdAt: 0,
  modifiedAt: 0,
  deploymentId: "",
  completionRetention: 0,
  journalRetention: 0,
  idempotencyKey: "",
  retryCount: 0,
  lastFailure: undefined,
  queueSequence: 0,
  dueAt: 0,
  awaiting: undefined,
  pending: [],
  sinks: [],
  randomSeed: 0n,
  outputIndex: 0,
  completedAt: 0,
  progressAt: 0,
  queueGroup: "",
  restartedFrom: "",
  counted: false,
};

export function newInvocation(): Invocation {
  return copyInvocation(blank);
}

/** What is known of an invocation from the start. */
export type Accepted = Pick<
  Invocation,
  | "id"
  | "target"
  | "serviceKind"
  | "handlerKind"
  | "completionRetention"
  | "journalRetention"
  | "randomSeed"
>;

/** One that has just come: its first attempt is still to be made. */
export function acceptedInvocation(accepted: Accepted, nowMs: number): Invocation {
  const invocation = newInvocation();
  invocation.id = accepted.id;
  invocation.target = accepted.target;
  invocation.serviceKind = accepted.serviceKind;
  invocation.handlerKind = accepted.handlerKind;
  invocation.completionRetention = accepted.completionRetention;
  invocation.journalRetention = accepted.journalRetention;
  invocation.randomSeed = accepted.randomSeed;
  invocation.attempt = 1;
  invocation.createdAt = nowMs;
  invocation.progressAt = nowMs;
  return invocation;
}

/** A copy of the record. What it refers to is shared: it is replaced, never changed. */
export function copyInvocation(invocation: Invocation): Invocation {
  return {
    $typeName: "perdure.storage.v1.Invocation",
    id: invocation.id,
    target: invocation.target,
    serviceKind: invocation.serviceKind,
    handlerKind: invocation.handlerKind,
    status: invocation.status,
    attempt: invocation.attempt,
    entryCount: invocation.entryCount,
    lastNotification: invocation.lastNotification,
    createdAt: invocation.createdAt,
    modifiedAt: invocation.modifiedAt,
    deploymentId: invocation.deploymentId,
    completionRetention: invocation.completionRetention,
    journalRetention: invocation.journalRetention,
    idempotencyKey: invocation.idempotencyKey,
    retryCount: invocation.retryCount,
    lastFailure: invocation.lastFailure,
    queueSequence: invocation.queueSequence,
    dueAt: invocation.dueAt,
    awaiting: invocation.awaiting,
    pending: invocation.pending,
    sinks: invocation.sinks,
    randomSeed: invocation.randomSeed,
    outputIndex: invocation.outputIndex,
    completedAt: invocation.completedAt,
    progressAt: invocation.progressAt,
    queueGroup: invocation.queueGroup,
    restartedFrom: invocation.restartedFrom,
    counted: invocation.counted,
  };
}
