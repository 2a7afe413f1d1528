// One invocation as the admin port answers with it.

import type { OutputResult } from "../core/effect.js";
import { InvocationStatus, type Invocation } from "@perdure/proto/storage/v1/records";
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import type { InvocationDetail } from "../shard/operators.js";
import { timeText } from "../http/time-text.js";
import { friendlyDuration } from "./friendly-duration.js";

/** @param entries  its journal */
export function invocationBody(detail: InvocationDetail, entries: readonly Entry[]): object {
  const { invocation } = detail;
  const { id, target, deploymentId, retryCount, entryCount, idempotencyKey } = invocation;
  const { service = "", handler = "", key, scope, limitKey } = target ?? {};
  return {
    id,
    target: [service, ...(key === undefined ? [] : [key]), handler].join("/"),
    service,
    handler,
    ...given("key", key),
    ...given("scope", scope),
    ...given("limit_key", limitKey),
    ...given("idempotency_key", idempotencyKey),
    status: statusOf(detail),
    ...given("waiting_for", detail.waitingFor),
    created_at: timeText(invocation.createdAt),
    modified_at: timeText(invocation.modifiedAt),
    ...times(invocation),
    journal_size: entryCount,
    retry_count: retryCount,
    ...given("pinned_deployment_id", deploymentId),
    ...given("restarted_from", invocation.restartedFrom),
    completion_retention: friendlyDuration(Math.floor(invocation.completionRetention)),
    journal_retention: friendlyDuration(Math.floor(invocation.journalRetention)),
    ...lastFailure(invocation),
    ...completion(invocation, entries),
  };
}

function given(name: string, value: string | undefined): object {
  return value === undefined || value === "" ? {} : { [name]: value };
}

/** As the field derives it; what is ready and has an attempt is running. */
function statusOf({ invocation, running }: InvocationDetail): string {
  const { status, retryCount } = invocation;
  switch (status) {
    case InvocationStatus.SCHEDULED:
      return "scheduled";
    case InvocationStatus.INBOXED:
      return "pending";
    case InvocationStatus.SUSPENDED:
      return "suspended";
    case InvocationStatus.BACKING_OFF:
      return "backing-off";
    case InvocationStatus.PAUSED:
      return "paused";
    case InvocationStatus.COMPLETED:
      return "completed";
    default:
      if (running) return "running";
      return retryCount > 0 ? "backing-off" : "ready";
  }
}

function times({ status, dueAt, completedAt }: Invocation): object {
  switch (status) {
    case InvocationStatus.SCHEDULED:
      return { scheduled_start_at: timeText(dueAt) };
    case InvocationStatus.BACKING_OFF:
      return { next_retry_at: timeText(dueAt) };
    case InvocationStatus.COMPLETED:
      return { completed_at: timeText(completedAt) };
    default:
      return {};
  }
}

function lastFailure({ lastFailure: failure }: Invocation): object {
  if (failure === undefined) return {};
  const { code, message, errorCode, at, relatedCommandIndex: index } = failure;
  return {
    last_failure: {
      code,
      message,
      error_code: errorCode === "" ? null : errorCode,
      at: timeText(at),
      ...(index === undefined
        ? {}
        : {
            related_command_index: index,
            related_command_name: failure.relatedCommandName,
            related_command_type: failure.relatedCommandType,
          }),
    },
  };
}

function completion({ status, outputIndex }: Invocation, entries: readonly Entry[]): object {
  if (status !== InvocationStatus.COMPLETED) return {};
  const output = entries[outputIndex]?.body;
  const result: OutputResult | undefined =
    output?.case === "output" ? output.value.result : undefined;
  if (result?.case !== "failure") return { completion_result: "success" };
  const { code, message } = result.value;
  return { completion_result: "failure", completion_failure: `[${code}] ${message}` };
}
