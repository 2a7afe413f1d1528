// perdure.ingress.v1.Ingress: the same operations for Connect, gRPC and gRPC-Web clients. Errors keep
// their PDR code in the metadata `x-perdure-error-code`; an invocation's own failure comes with a
// FailureDetail.

import { Code, ConnectError } from "@connectrpc/connect";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { FailureDetailSchema, Ingress } from "@perdure/proto/ingress/v1/ingress";
import type { CallRequest, InvocationTarget, SendRequest } from "@perdure/proto/ingress/v1/ingress";
import { ingressErrors, invocationErrors } from "../http/error-codes.js";
import { connectCodeOf, HttpError } from "../http/http-error.js";
import type { RegistryView } from "../shard/registry-view.js";
import type { InvocationRef, Outcome, SubmitRequest } from "../shard/invocations.js";
import { addCorsHeaders } from "./cors.js";
import { metadataOf, replyError } from "./exchange.js";
import type { Exchange } from "./exchange.js";
import { checkReady, isWorkflowAlreadyInvoked, notFound, toHttpError } from "./failures.js";
import { checkInput, impliedContentType } from "./input-rule.js";
import { bodyTooLarge, checkDelay } from "./invoke.js";
import type { IngressParts } from "./parts.js";
import { splitPath } from "./path.js";
import { headerOf, isAsciiText } from "./request-head.js";
import { checkInvocationId } from "./target-body.js";
import {
  checkIdempotencyKey,
  checkIdempotencyKeyText,
  checkKey,
  checkPublic,
  handlerOf,
  isKeyed,
  kindNameOf,
  serviceOf,
} from "./target.js";

/** What a request has beside its parameter. */
const envelopeBytesMax = 256 * 1024;

/** Answers requests under /perdure.ingress.v1.Ingress/. */
export function createConnectHandler(parts: IngressParts): (exchange: Exchange) => void {
  const adapter = connectNodeAdapter({
    routes: (router) => {
      router.service(Ingress, ingressService(parts));
    },
    readMaxBytes: parts.bodyBytesMax + envelopeBytesMax,
  });
  const paths = new Set(Ingress.methods.map((method) => `/${Ingress.typeName}/${method.name}`));
  return (exchange) => {
    const { request, response, head } = exchange;
    const { path } = splitPath(head.url);
    if (!paths.has(path)) {
      throw new HttpError(
        ingressErrors.unknownRoute,
        `${Ingress.typeName} has no method at ${path}`,
      );
    }
    const cors = addCorsHeaders([], head.origin);
    for (let at = 0; at + 1 < cors.length; at += 2) {
      response.setHeader(cors[at] ?? "", cors[at + 1] ?? "");
    }
    try {
      adapter(request, response);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      replyError(exchange, new HttpError(ingressErrors.badHeader, `bad host header: ${why}`));
    }
  };
}

export function ingressService(parts: IngressParts): ServiceImpl<typeof Ingress> {
  const { invocations } = parts;
  return {
    call: (request, context) =>
      answering(context, async () => {
        const outcome = await invocations.call(submissionOf(parts, request), context.signal);
        const result = valueOf(parts.registry(), outcome);
        return { invocationId: outcome.invocationId, result };
      }),
    send: (request, context) =>
      answering(context, async () => {
        const delayMs = Number(request.delayMs);
        checkDelay(delayMs);
        const submission = { ...submissionOf(parts, request), delayMs };
        const { invocationId, accepted, executionTimeMs } = await invocations.submit(submission);
        return {
          invocationId,
          newlyAccepted: accepted,
          ...(executionTimeMs === undefined ? {} : { executionTimeMs: BigInt(executionTimeMs) }),
        };
      }),
    attach: (request, context) =>
      answering(context, async () => {
        const ref = refOf(parts, request.invocation);
        const outcome = await invocations.attach(ref, context.signal);
        if (outcome === undefined) throw notFound(parts.registry(), ref);
        const result = valueOf(parts.registry(), outcome);
        return { invocationId: outcome.invocationId, result };
      }),
    output: (request, context) =>
      answering(context, async () => {
        const ref = refOf(parts, request.invocation);
        const outcome = await invocations.output(ref);
        if (outcome === undefined) throw notFound(parts.registry(), ref);
        if (outcome === "notReady") return { invocationId: invocations.idOf(ref), ready: false };
        const result = valueOf(parts.registry(), outcome);
        return { invocationId: outcome.invocationId, ready: true, result };
      }),
    lookup: (request, context) =>
      answering(context, async () => ({
        invocationId: invocations.idOf(refOf(parts, request.invocation)),
      })),
  };
}

/** Runs one method; whatever goes wrong becomes an error that the client understands. */
async function answering<T>(context: HandlerContext, answer: () => Promise<T>): Promise<T> {
  const { signal } = context;
  try {
    // The engine forgets a wait that is aborted, without a word: its promise stays open.
    return await Promise.race([answer(), abortOf(signal)]);
  } catch (error) {
    // The caller has gone or its deadline has passed: the reason says which.
    if (signal.aborted) throw ConnectError.from(signal.reason, Code.Canceled);
    if (error instanceof ConnectError) throw error;
    throw connectErrorOf(toHttpError(error, context.method.name));
  }
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

function connectErrorOf(error: HttpError): ConnectError {
  const metadata = new Headers({ "x-perdure-error-code": error.code });
  const headers = error.headers();
  for (let at = 0; at + 1 < headers.length; at += 2) {
    metadata.set(headers[at] ?? "", headers[at + 1] ?? "");
  }
  return new ConnectError(error.message, connectCodeOf(error.status), metadata);
}

function valueOf(view: RegistryView, outcome: Outcome): Uint8Array {
  if (outcome.kind === "value") return outcome.value;
  const { failure, invocationId } = outcome;
  const isDuplicate = isWorkflowAlreadyInvoked(view, outcome, failure);
  throw new ConnectError(
    failure.message,
    isDuplicate ? Code.AlreadyExists : connectCodeOf(failure.code),
    {
      "x-restate-id": invocationId,
      "x-restate-error-source": "invocation",
      "x-perdure-error-code": isDuplicate
        ? invocationErrors.workflowAlreadyInvoked
        : invocationErrors.failed,
    },
    [
      {
        desc: FailureDetailSchema,
        value: { code: failure.code, message: failure.message, metadata: metadataOf(failure) },
      },
    ],
  );
}

/** @throws HttpError  for whatever is wrong with the request */
function submissionOf(parts: IngressParts, request: CallRequest | SendRequest): SubmitRequest {
  checkReady(parts);
  const { target, parameter, idempotencyKey } = request;
  const service = serviceOf(parts.registry(), target?.service ?? "");
  const handler = handlerOf(service, target?.handler ?? "");
  checkPublic(service, handler);
  const key = target?.key;
  if (isKeyed(service) !== (key !== undefined)) {
    const { name } = service.service;
    throw new HttpError(
      ingressErrors.badKey,
      `"${name}" is a ${kindNameOf(service)}: its target has ${isKeyed(service) ? "a" : "no"} key`,
    );
  }
  if (key !== undefined) checkKey(key);
  if (idempotencyKey !== undefined) checkIdempotencyKey(handler, idempotencyKey);
  if (parameter.byteLength > parts.bodyBytesMax) throw bodyTooLarge(parts.bodyBytesMax);
  const implied = parameter.byteLength === 0 ? undefined : impliedContentType(handler);
  const contentType = request.contentType === "" ? implied : request.contentType;
  // Without a content type from either side there is nothing that a wildcard rule could object to.
  checkInput(
    handler,
    contentType ?? (parameter.byteLength > 0 ? "*/*" : undefined),
    parameter.byteLength,
  );
  const headers = Object.entries(request.headers).map(([name, value]) => {
    if (isAsciiText(value)) return headerOf(name.toLowerCase(), value);
    throw new HttpError(
      ingressErrors.badHeader,
      `the value of header "${name}" has characters that are not ASCII`,
    );
  });
  if (contentType !== undefined) headers.push(headerOf("content-type", contentType));
  return { service, handler, key, headers, parameter, idempotencyKey, delayMs: 0 };
}

/** @throws HttpError  for whatever is wrong with the target */
function refOf(parts: IngressParts, invocation: InvocationTarget | undefined): InvocationRef {
  checkReady(parts);
  const target = invocation?.target;
  switch (target?.case) {
    case "invocationId":
      checkInvocationId(target.value);
      return { kind: "id", invocationId: target.value };
    case "workflow": {
      const { workflow, key } = target.value;
      checkKey(key);
      return { kind: "workflow", workflow, key };
    }
    case "idempotent": {
      const { service, handler, key, idempotencyKey } = target.value;
      if (key !== undefined) checkKey(key);
      checkIdempotencyKeyText(idempotencyKey);
      return { kind: "idempotent", service, handler, key, idempotencyKey };
    }
    default:
      throw new HttpError(
        ingressErrors.badTarget,
        "the request names no invocation: set invocation_id, workflow or idempotent",
      );
  }
}
