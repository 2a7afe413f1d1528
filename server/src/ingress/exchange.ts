// One request and its answer. All answers of the JSON routes are written here, each with one head
// and one body; all errors become the same JSON body, with an `errorCode`.

import type { Failure } from "@perdure/proto/protocol/v1/journal";
import { ingressErrors, invocationErrors } from "../http/error-codes.js";
import { holdBack } from "../http/hold-back.js";
import type { HttpError } from "../http/http-error.js";
import { isGone, respond, statusOfFailure } from "../http/messages.js";
import type { HttpRequest, HttpResponse } from "../http/messages.js";
import { timeText } from "../http/time-text.js";
import type { RegistryView } from "../shard/registry-view.js";
import { Overloaded, type Outcome, type Stage, type Submitted } from "../shard/invocations.js";
import { addCorsHeaders } from "./cors.js";
import { isWorkflowAlreadyInvoked, toHttpError } from "./failures.js";
import type { RequestHead } from "./request-head.js";

export interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly head: RequestHead;
}

const json = "application/json";

/** Answers with the result of an invocation, be it a value or a failure. */
export function replyOutcome(exchange: Exchange, view: RegistryView, outcome: Outcome): void {
  const headers = ["x-restate-id", outcome.invocationId];
  if (outcome.retainedUntilMs !== undefined) {
    headers.push("idempotency-expires", timeText(outcome.retainedUntilMs));
  }
  if (outcome.kind === "failure") {
    replyFailure(exchange, headers, view, outcome, outcome.failure);
    return;
  }
  const rule = view.services.get(outcome.service)?.handlers.get(outcome.handler)?.output;
  if (rule !== undefined && rule.contentType !== "") {
    if (outcome.value.byteLength > 0 || rule.setContentTypeIfEmpty) {
      headers.push("content-type", rule.contentType);
    }
  }
  reply(exchange, 200, headers, outcome.value);
}

function replyFailure(
  exchange: Exchange,
  headers: string[],
  view: RegistryView,
  outcome: Outcome,
  failure: Failure,
): void {
  headers.push("content-type", json, "x-restate-error-source", "invocation");
  const body = {
    ...detailOf(failure),
    source: "invocation",
    errorCode: isWorkflowAlreadyInvoked(view, outcome, failure)
      ? invocationErrors.workflowAlreadyInvoked
      : invocationErrors.failed,
  };
  const status = statusOfFailure(failure.code, exchange.request.httpVersionMajor);
  reply(exchange, status, headers, JSON.stringify(body));
}

function detailOf(failure: Failure): object {
  const { code, message, metadata } = failure;
  return { code, message, ...(metadata.length === 0 ? {} : { metadata: metadataOf(failure) }) };
}

export function metadataOf(failure: Failure): Record<string, string> {
  return Object.fromEntries(failure.metadata.map(({ name, value }) => [name, value]));
}

/** Answers a send. */
export function replySubmitted(exchange: Exchange, submitted: Submitted): void {
  const { invocationId, executionTimeMs, accepted } = submitted;
  const body = {
    invocationId,
    ...(executionTimeMs === undefined ? {} : { executionTime: timeText(executionTimeMs) }),
    status: accepted ? "Accepted" : "PreviouslyAccepted",
  };
  const headers = ["x-restate-id", invocationId, "content-type", json];
  reply(exchange, 202, headers, JSON.stringify(body));
}

/** Answers how far an invocation is. */
export function replyStage(exchange: Exchange, { invocationId, stage, failure }: Stage): void {
  const body = { stage, ...(failure === undefined ? {} : { error: detailOf(failure) }) };
  const headers = ["x-restate-id", invocationId, "content-type", json];
  reply(exchange, 200, headers, JSON.stringify(body));
}

export function replyJson(exchange: Exchange, body: unknown): void {
  reply(exchange, 200, ["content-type", json], JSON.stringify(body));
}

/** Answers that it is done, with nothing more to say. */
export function replyAccepted(exchange: Exchange): void {
  reply(exchange, 202, [], "");
}

/** Answers with an error. Where the client is gone, nothing happens. */
export function replyError(exchange: Exchange, error: unknown): void {
  if (isGone(exchange.response)) return;
  if (error instanceof Overloaded) return replyOverloaded(exchange, error);
  const known = toHttpError(error, `${exchange.head.method} ${exchange.head.url}`);
  const headers = known.headers();
  headers.push("content-type", json, "x-restate-error-source", "ingress");
  reply(exchange, known.status, headers, JSON.stringify(errorBodyOf(known)));
}

/** What is said again and again, while there is no time for it: made once for each reason. */
const overloadedBodies = new WeakMap<Overloaded, string>();

function replyOverloaded(exchange: Exchange, error: Overloaded): void {
  const { code, status } = ingressErrors.overloaded;
  let body = overloadedBodies.get(error);
  if (body === undefined) {
    const { message } = error;
    body = JSON.stringify({ code: status, message, source: "ingress", errorCode: code });
    overloadedBodies.set(error, body);
  }
  const after = String(error.retryAfterSeconds);
  const headers = ["retry-after", after, "content-type", json, "x-restate-error-source", "ingress"];
  reply(exchange, status, headers, body);
  if (error.holdBackMs > 0) holdBack(exchange.response, error.holdBackMs);
}

function errorBodyOf(error: HttpError): object {
  const { status, message, code } = error;
  return { code: status, message, source: "ingress", errorCode: code };
}

function reply(
  exchange: Exchange,
  status: number,
  headers: string[],
  body: Uint8Array | string,
): void {
  respond(exchange.response, status, addCorsHeaders(headers, exchange.head.origin), body);
}

/** Starts something and answers with what comes of it; whatever is thrown on the way is an answer too. */
export function replyWhenDone<T>(
  exchange: Exchange,
  start: () => Promise<T>,
  replyValue: (value: T) => void,
): void {
  try {
    start().then(
      (value) => {
        try {
          replyValue(value);
        } catch (error) {
          replyError(exchange, error);
        }
      },
      (error: unknown) => replyError(exchange, error),
    );
  } catch (error) {
    replyError(exchange, error);
  }
}
