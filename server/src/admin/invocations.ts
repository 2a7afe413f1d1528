// Routes about one invocation: how it is, and the verb that lets it go on.

import { InvocationStatus, type Invocation } from "@perdure/proto/storage/v1/records";
import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { Operators } from "../shard/operators.js";

const statusNames: ReadonlyMap<InvocationStatus, string> = new Map([
  [InvocationStatus.SCHEDULED, "scheduled"],
  [InvocationStatus.INBOXED, "pending"],
  [InvocationStatus.READY, "running"],
  [InvocationStatus.SUSPENDED, "suspended"],
  [InvocationStatus.BACKING_OFF, "backing-off"],
  [InvocationStatus.PAUSED, "paused"],
  [InvocationStatus.COMPLETED, "completed"],
]);

/** @throws HttpError  PDR4013 */
export async function describeInvocation(operators: Operators, id: string): Promise<object> {
  const invocation = await operators.invocation(id);
  if (invocation === undefined) throw notFound(id);
  return bodyOf(invocation);
}

/** @throws HttpError  PDR4013 to PDR4015 */
export async function resumeInvocation(operators: Operators, id: string): Promise<void> {
  const outcome = await operators.resume(id);
  switch (outcome) {
    case "resumed":
      return;
    case "notFound":
      throw notFound(id);
    case "completed":
      throw new HttpError(adminErrors.invocationCompleted, `invocation "${id}" has completed`);
    case "notStarted":
      throw new HttpError(
        adminErrors.invocationNotStarted,
        `invocation "${id}" has not started: it waits for its time, or for its key`,
      );
  }
}

function notFound(id: string): HttpError {
  return new HttpError(adminErrors.unknownInvocation, `invocation "${id}" not found`);
}

function bodyOf(invocation: Invocation): object {
  const { id, target, status, deploymentId, retryCount, lastFailure, entryCount } = invocation;
  return {
    id,
    service: target?.service,
    handler: target?.handler,
    ...(target?.key === undefined ? {} : { key: target.key }),
    status: statusNames.get(status),
    created_at: new Date(invocation.createdAt).toISOString(),
    modified_at: new Date(invocation.modifiedAt).toISOString(),
    journal_size: entryCount,
    retry_count: retryCount,
    ...(deploymentId === "" ? {} : { pinned_deployment_id: deploymentId }),
    ...(lastFailure === undefined
      ? {}
      : {
          last_failure: {
            code: lastFailure.code,
            message: lastFailure.message,
            error_code: lastFailure.errorCode === "" ? null : lastFailure.errorCode,
            at: new Date(lastFailure.at).toISOString(),
          },
        }),
  };
}
