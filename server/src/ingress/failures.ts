// What went wrong, in the ingress's own words: errors of the engine as errors of a request, and the
// one failure of an invocation that the ingress has a code of its own for.

import { HandlerKind } from "@perdure/proto/manifest/v1/manifest";
import type { Failure } from "@perdure/proto/protocol/v1/journal";
import { workflowAlreadyInvoked } from "../core/lifecycle/submitted.js";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
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
  return new HttpError(ingressErrors.invocationNotFound, "invocation not found");
}
