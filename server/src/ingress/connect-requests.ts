// Requests of perdure.ingress.v1.Ingress as the engine takes them. The checks are those of the JSON routes; every
// "no" has the same code and the same words.

import type { CallRequest, InvocationTarget, SendRequest } from "@perdure/proto/ingress/v1/ingress";
import type { Header } from "@perdure/proto/protocol/v1/journal";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { InvocationRef, SubmitRequest } from "../shard/invocations.js";
import { checkReady } from "./failures.js";
import { checkInput, impliedContentType } from "./input-rule.js";
import { bodyTooLarge } from "./invoke.js";
import type { IngressParts } from "./parts.js";
import { endsHere, headerOf, isAsciiText } from "./request-head.js";
import { checkLimitKey, checkScope } from "./scope.js";
import { checkInvocationId } from "./target-body.js";
import {
  checkIdempotencyKey,
  checkIdempotencyKeyText,
  checkKey,
  checkProtocol,
  checkPublic,
  handlerOf,
  isKeyed,
  kindNameOf,
  serviceOf,
} from "./target.js";

/** What a caller's own tracing adds to a request, for the handler's. */
const traceHeaders = ["traceparent", "tracestate"];

/** @throws HttpError  for whatever is wrong with the request */
export function submissionOf(
  parts: IngressParts,
  request: CallRequest | SendRequest,
  requestHeader: Headers,
): SubmitRequest {
  checkReady(parts);
  const { target, parameter, idempotencyKey } = request;
  const service = serviceOf(parts.registry(), target?.service ?? "");
  const handler = handlerOf(service, target?.handler ?? "");
  checkPublic(service, handler);
  checkProtocol(service);
  const key = target?.key;
  if (isKeyed(service) !== (key !== undefined)) {
    const { name } = service.service;
    throw new HttpError(
      ingressErrors.badKey,
      `"${name}" is a ${kindNameOf(service)}: its target has ${isKeyed(service) ? "a" : "no"} key`,
    );
  }
  if (key !== undefined) checkKey(key);
  const { scope, limitKey } = target ?? {};
  if (scope !== undefined) checkScope(scope);
  if (limitKey !== undefined) checkLimitKey(limitKey, scope);
  if (idempotencyKey !== undefined) checkIdempotencyKey(service, handler, idempotencyKey);
  if (parameter.byteLength > parts.bodyBytesMax) throw bodyTooLarge(parts.bodyBytesMax);
  const implied = parameter.byteLength === 0 ? undefined : impliedContentType(handler);
  const contentType = request.contentType === "" ? implied : request.contentType;
  // Without a content type from either side there is nothing that a wildcard rule could object to.
  checkInput(
    service,
    handler,
    contentType ?? (parameter.byteLength > 0 ? "*/*" : undefined),
    parameter.byteLength,
  );
  const headers = headersOf(request.headers, requestHeader);
  if (contentType !== undefined) headers.push(headerOf("content-type", contentType));
  return {
    service,
    handler,
    key,
    scope,
    limitKey,
    headers,
    parameter,
    idempotencyKey,
    delayMs: 0,
  };
}

/** @throws HttpError  PDR3013 */
function headersOf(given: Readonly<Record<string, string>>, requestHeader: Headers): Header[] {
  const headers: Header[] = [];
  for (const [rawName, value] of Object.entries(given)) {
    const name = rawName.toLowerCase();
    if (!isAsciiText(value)) {
      throw new HttpError(
        ingressErrors.badHeader,
        `the value of header "${name}" has characters that are not ASCII`,
      );
    }
    if (!endsHere(name)) headers.push(headerOf(name, value));
  }
  for (const name of traceHeaders) {
    const value = requestHeader.get(name);
    if (value === null || headers.some((header) => header.name === name)) continue;
    if (isAsciiText(value)) headers.push(headerOf(name, value));
  }
  return headers;
}

/** @throws HttpError  for whatever is wrong with the target */
export function refOf(
  parts: IngressParts,
  invocation: InvocationTarget | undefined,
): InvocationRef {
  checkReady(parts);
  const target = invocation?.target;
  switch (target?.case) {
    case "invocationId":
      checkInvocationId(target.value);
      return { kind: "id", invocationId: target.value };
    case "workflow": {
      const { workflow, key, scope } = target.value;
      checkKey(key);
      if (scope !== undefined) checkScope(scope);
      return { kind: "workflow", workflow, key, scope };
    }
    case "idempotent": {
      const { service, handler, key, idempotencyKey, scope } = target.value;
      if (key !== undefined) checkKey(key);
      if (scope !== undefined) checkScope(scope);
      checkIdempotencyKeyText(idempotencyKey);
      return { kind: "idempotent", service, handler, key, idempotencyKey, scope };
    }
    default:
      throw new HttpError(
        ingressErrors.badTarget,
        "the request names no invocation: set invocation_id, workflow or idempotent",
      );
  }
}
