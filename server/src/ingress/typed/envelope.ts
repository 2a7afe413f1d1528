// What a typed request says beside the handler's input: key, idempotency key, scope, limit key, delay. The one rule
// for all of them: each may be a field of the request or a header; where both are there, they must say the same.

import { parseDuration } from "@perdure/protocol/duration";
import { ingressErrors } from "../../http/error-codes.js";
import { HttpError } from "../../http/http-error.js";
import type { TypedMethod, TypedRequest } from "../../typed/typed-services.js";
import { checkDelay } from "../invoke.js";
import type { RequestHead } from "../request-head.js";
import { checkLimitKey, checkScope } from "../scope.js";
import { checkIdempotencyKey, checkKey, isKeyed, kindNameOf } from "../target.js";
import type { RpcHead } from "./rpc-head.js";

export interface Envelope {
  /** Present exactly for virtual objects and workflows. */
  readonly key: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly scope: string | undefined;
  readonly limitKey: string | undefined;
  /** Undefined: the caller waits for the result, where the method is one that waits. */
  readonly delayMs: number | undefined;
}

/** @throws HttpError  PDR3028, and for each part what the JSON routes refuse */
export function envelopeOf(
  method: TypedMethod,
  request: TypedRequest,
  head: RequestHead,
  rpc: RpcHead,
): Envelope {
  const { service, handler, operation } = method;
  const key = agreed("key", request.key, "x-perdure-key", rpc.key);
  checkKeyOf(method, key);
  const scope = agreed("scope", request.scope, "x-perdure-scope", rpc.scope);
  if (scope !== undefined) checkScope(scope);
  if (operation === "attach" || operation === "output") {
    return { key, scope, idempotencyKey: undefined, limitKey: undefined, delayMs: undefined };
  }
  const { idempotencyKey: idempotencyHeader, limitKey: limitHeader } = head;
  const idempotencyKey = agreed(
    "idempotency_key",
    request.idempotencyKey,
    "idempotency-key",
    idempotencyHeader,
  );
  if (idempotencyKey !== undefined) checkIdempotencyKey(service, handler, idempotencyKey);
  const limitKey = agreed("limit_key", request.limitKey, "x-restate-limit-key", limitHeader);
  if (limitKey !== undefined) checkLimitKey(limitKey, scope);
  const delayOfHeader = rpc.delay === undefined ? undefined : delayMsOf(rpc.delay);
  const delayMs = agreed("delay", request.delayMs, "x-perdure-delay", delayOfHeader);
  if (delayMs !== undefined) checkDelayOf(method, delayMs);
  return { key, scope, idempotencyKey, limitKey, delayMs };
}

/** @throws HttpError  PDR3028 */
function agreed<T extends string | number>(
  field: string,
  inField: T | undefined,
  header: string,
  inHeader: T | undefined,
): T | undefined {
  if (inField === undefined || inHeader === undefined || inField === inHeader) {
    return inField ?? inHeader;
  }
  throw new HttpError(
    ingressErrors.contradiction,
    `field "${field}" and header "${header}" differ; send one of them, or the same in both`,
  );
}

/** @throws HttpError  PDR3007 */
function checkKeyOf({ service }: TypedMethod, key: string | undefined): void {
  if (isKeyed(service) === (key !== undefined)) {
    if (key !== undefined) checkKey(key);
    return;
  }
  const { name } = service.service;
  throw new HttpError(
    ingressErrors.badKey,
    `"${name}" is a ${kindNameOf(service)}: ` +
      (key === undefined
        ? 'set the field "key" or the header "x-perdure-key"'
        : 'it takes no key; leave the header "x-perdure-key" out'),
  );
}

/** @throws HttpError  PDR3008 */
function delayMsOf(text: string): number {
  const delayMs = parseDuration(text);
  if (delayMs !== undefined) return delayMs;
  throw new HttpError(
    ingressErrors.badDelay,
    `bad delay "${text}" in header "x-perdure-delay": write a duration such as 500ms, 10s, "1h 5m" or PT1H5M`,
  );
}

/**
 * A workflow's run can be waited for or submitted, and these are two methods; any other handler is submitted by
 * saying when.
 * @throws HttpError  PDR3008, PDR3009
 */
function checkDelayOf({ operation, desc }: TypedMethod, delayMs: number): void {
  const hasField = desc.input.fields.some(({ name }) => name === "delay");
  if (operation === "call" && !hasField) {
    throw new HttpError(
      ingressErrors.delayOnCall,
      `${desc.name} waits for its result and can't be delayed; use Submit, and Attach to its result`,
    );
  }
  checkDelay(delayMs);
}
