// What went wrong, in the ingress's own words: errors of the engine as errors of a request, and the
// one failure of an invocation that the ingress has a code of its own for.

import { HandlerKind } from "@perdure/proto/manifest/v1/manifest";
import type { Failure } from "@perdure/proto/protocol/v1/journal";
import { workflowAlreadyInvoked } from "../core/lifecycle/submitted.js";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import { slotRetryAfterSeconds } from "../http/request-slots.js";
import { unexpected } from "../http/unexpected.js";
import type { RegistryView } from "../shard/registry-view.js";
import { Overloaded, Unavailable } from "../shard/invocations.js";
import type { InvocationRef, Outcome } from "../shard/invocations.js";
import type { IngressParts } from "./parts.js";
import { serviceOf } from "./target.js";

/** @param during  what was asked for; logged with an error that nobody expected */
export function toHttpError(error: unknown, during: string): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof Overloaded) {
    const { message, retryAfterSeconds } = error;
    return new HttpError(ingressErrors.overloaded, message, { retryAfterSeconds, cause: error });
  }
  if (error instanceof Unavailable) {
    return new HttpError({ code: error.code, status: 503 }, error.message, { cause: error });
  }
  return unexpected(ingressErrors.internal, error, during);
}

export function isWorkflowAlreadyInvoked(
  view: RegistryView,
  outcome: Outcome,
  failure: Failure,
): boolean {
  const told = workflowAlreadyInvoked;
  if (told.case !== "failure" || failure.message !== told.value.message) return false;
  if (failure.code !== told.value.code) return false;
  const handler = view.services.get(outcome.service)?.handlers.get(outcome.handler);
  return handler?.kind === HandlerKind.RUN;
}

/** @throws HttpError  PDR3019 while the server recovers */
export function checkReady(parts: IngressParts): void {
  if (parts.ready()) return;
  throw new HttpError(
    ingressErrors.recovering,
    "the server is recovering and takes no requests yet; nothing was accepted, it is safe to retry",
    { retryAfterSeconds: 1 },
  );
}

/** @param max  requests that are served at the same time */
export function noSlot(max: number): HttpError {
  return new HttpError(
    ingressErrors.overloaded,
    `the server is overloaded: it serves ${max} requests at the same time already; nothing was accepted, it is safe to retry`,
    { retryAfterSeconds: slotRetryAfterSeconds },
  );
}

/** Why a reference led nowhere. */
export function notFound(view: RegistryView, ref: InvocationRef): HttpError {
  if (ref.kind !== "id") {
    try {
      serviceOf(view, ref.kind === "workflow" ? ref.workflow : ref.service);
    } catch (error) {
      if (error instanceof HttpError) return error;
      throw error;
    }
  }
  return new HttpError(ingressErrors.invocationNotFound, `invocation not found: ${named(ref)}`);
}

function named(ref: InvocationRef): string {
  const scope = ref.kind === "id" || ref.scope === undefined ? "" : ` in scope "${ref.scope}"`;
  switch (ref.kind) {
    case "id":
      return `there is none with id ${ref.invocationId}`;
    case "workflow":
      return `workflow "${ref.workflow}" was not submitted with key "${ref.key}"${scope}`;
    case "idempotent": {
      const key = ref.key === undefined ? "" : `/${ref.key}`;
      const target = `${ref.service}${key}/${ref.handler}`;
      return `${target} was not submitted with idempotency key "${ref.idempotencyKey}"${scope}`;
    }
  }
}
