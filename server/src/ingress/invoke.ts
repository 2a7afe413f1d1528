// Calls and sends over the JSON routes: the target and what stands in the head are checked before
// the body is read, the body against the handler's rule after. This is the hot path.

import { parseDuration } from "@perdure/protocol/duration";
import { readBody } from "../http/body.js";
import { ingressErrors } from "../http/error-codes.js";
import { goneSignal } from "./gone-signal.js";
import { HttpError } from "../http/http-error.js";
import { isGone } from "../http/messages.js";
import type { SubmitRequest } from "../shard/invocations.js";
import type { RegisteredService, RegistryView } from "../shard/registry-view.js";
import { replyError, replyOutcome, replySubmitted, replyWhenDone } from "./exchange.js";
import type { Exchange } from "./exchange.js";
import { checkInput } from "./input-rule.js";
import type { IngressParts } from "./parts.js";
import { decodeKey, queryParameter } from "./path.js";
import { checkMethod } from "./refusals.js";
import { checkLimitKey, scopeOfSegment } from "./scope.js";
import { checkIdempotencyKey, checkKey, checkProtocol, checkPublic, handlerOf } from "./target.js";

/** What a path says. */
export interface Invocation {
  readonly mode: "call" | "send";
  readonly service: RegisteredService;
  readonly handlerName: string;
  /** As it stands in the path; undefined for services. */
  readonly encodedKey: string | undefined;
  /** As it stands in the path; undefined outside of scopes. */
  readonly encodedScope: string | undefined;
  readonly query: string;
}

/** A delay past this is a mistake, and past the year 9999 no time that RFC 3339 can say. */
const delayMsMax = 100 * 365 * 24 * 60 * 60 * 1_000;

/**
 * Answers a call or a send.
 * @throws HttpError  before the body is read; later errors are answered here
 */
export function invoke(
  parts: IngressParts,
  view: RegistryView,
  exchange: Exchange,
  invocation: Invocation,
): void {
  const { mode, service, encodedKey, encodedScope, query } = invocation;
  const { head } = exchange;
  const handler = handlerOf(service, invocation.handlerName);
  checkPublic(service, handler);
  checkProtocol(service);
  checkMethod(exchange, "GET", "POST");
  const scope = encodedScope === undefined ? undefined : scopeOfSegment(encodedScope);
  const key = encodedKey === undefined ? undefined : decodeKey(encodedKey);
  if (key !== undefined) checkKey(key);
  const delayMs = query === "" ? 0 : delayOf(mode, query);
  const { idempotencyKey } = head;
  if (idempotencyKey !== undefined) checkIdempotencyKey(service, handler, idempotencyKey);
  checkHead(exchange);
  const limitKey = head.limitKey ?? queryParameter(query, "limit-key");
  if (limitKey !== undefined) checkLimitKey(limitKey, scope);
  const { headers } = head;
  // Whoever is refused is refused at once, whatever he still has to send.
  parts.invocations.admit(mode, service.service.name);
  const about = {
    service,
    handler,
    key,
    scope,
    limitKey,
    headers,
    idempotencyKey,
    delayMs,
    admitted: true,
  };

  readBody(exchange.request, head.body, parts.bodyBytesMax, {
    complete: (parameter) => submit(parts, view, exchange, mode, about, parameter),
    tooLarge: () => replyError(exchange, bodyTooLarge(parts.bodyBytesMax)),
  });
}

function submit(
  parts: IngressParts,
  view: RegistryView,
  exchange: Exchange,
  mode: "call" | "send",
  about: Omit<SubmitRequest, "parameter">,
  parameter: Uint8Array,
): void {
  const { response, head } = exchange;
  // Whoever has gone has been promised nothing.
  if (isGone(response)) return;
  try {
    checkInput(about.service, about.handler, head.contentType, parameter.byteLength);
  } catch (error) {
    replyError(exchange, error);
    return;
  }
  const request = { ...about, parameter };
  if (mode === "send") {
    replyWhenDone(
      exchange,
      () => parts.invocations.submit(request),
      (submitted) => replySubmitted(exchange, submitted),
    );
  } else {
    replyWhenDone(
      exchange,
      () => parts.invocations.call(request, goneSignal(response)),
      (outcome) => replyOutcome(exchange, view, outcome),
    );
  }
}

/** @throws HttpError  PDR3013 */
export function checkHead({ head }: Exchange): void {
  if (head.unreadable === undefined) return;
  throw new HttpError(
    ingressErrors.badHeader,
    `the value of header "${head.unreadable}" has characters that are not ASCII`,
  );
}

/** @throws HttpError  PDR3008, PDR3009 */
function delayOf(mode: "call" | "send", query: string): number {
  const text = queryParameter(query, "delay");
  if (text === undefined) return 0;
  if (mode === "call") {
    throw new HttpError(
      ingressErrors.delayOnCall,
      `a call can't be delayed (delay "${text}"); send it instead, and attach to its result`,
    );
  }
  const delayMs = parseDuration(text);
  if (delayMs === undefined) {
    throw new HttpError(
      ingressErrors.badDelay,
      `bad delay "${text}": write a duration such as 500ms, 10s, "1h 5m" or PT1H5M`,
    );
  }
  checkDelay(delayMs);
  return delayMs;
}

/** @throws HttpError  PDR3008 */
export function checkDelay(delayMs: number): void {
  if (delayMs <= delayMsMax) return;
  throw new HttpError(ingressErrors.badDelay, "bad delay: more than 100 years");
}

export function bodyTooLarge(bytesMax: number): HttpError {
  return new HttpError(
    ingressErrors.bodyTooLarge,
    `the request body is larger than ${bytesMax} bytes, the limit of this server`,
  );
}
