// perdure.ingress.v1.Ingress: the same operations for Connect, gRPC and gRPC-Web clients. Errors keep
// their PDR code in the metadata `x-perdure-error-code`; an invocation's own failure comes with a
// FailureDetail.

import { Code, ConnectError, createContextKey, createContextValues } from "@connectrpc/connect";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Ingress, Stage } from "@perdure/proto/ingress/v1/ingress";
import { constants } from "node:http2";
import { errorMessage } from "@perdure/protocol/error-message";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { HttpRequest } from "../http/messages.js";
import { contracts, isContractPath } from "./contracts.js";
import { addCorsHeaders } from "./cors.js";
import { replyError } from "./exchange.js";
import { notFound, toHttpError } from "./failures.js";
import { checkDelay } from "./invoke.js";
import { OpenStreams } from "./open-streams.js";
import type { IngressParts } from "./parts.js";
import { refOf, submissionOf } from "./connect-requests.js";
import { splitPath } from "./path.js";
import type { ConnectHandler } from "./routes.js";
import { addHealth } from "./typed/health.js";
import { addReflection } from "./typed/reflection.js";
import { watch } from "./watch.js";
import { connectErrorOf, detailOf, valueOf } from "./rpc-error.js";

/** What a request has beside its parameter. */
const envelopeBytesMax = 256 * 1024;

/** Why a request is refused before its method is called: refusals are told in the words of its protocol. */
const refusalKey = createContextKey<HttpError | undefined>(undefined);

const stages = {
  created: Stage.CREATED,
  started: Stage.STARTED,
  completed: Stage.COMPLETED,
} as const;

/**
 * Answers requests for the contracts.
 * @param closing  the port is about to close
 */
export function createConnectHandler(parts: IngressParts, closing: AbortSignal): ConnectHandler {
  const refusals = new WeakMap<HttpRequest, HttpError>();
  const streams = new OpenStreams(closing);
  const adapter = connectNodeAdapter({
    routes: (router) => {
      router.service(Ingress, ingressService(parts, streams));
      addHealth(router, parts, contracts, streams);
      addReflection(router, parts, contracts, streams);
    },
    readMaxBytes: parts.bodyBytesMax + envelopeBytesMax,
    contextValues: (request) => createContextValues().set(refusalKey, refusals.get(request)),
  });
  return (exchange, refusal) => {
    const { request, response, head } = exchange;
    const { path } = splitPath(head.url);
    if (!isContractPath(path)) {
      throw new HttpError(ingressErrors.unknownRoute, `no contract has a method at ${path}`);
    }
    if (refusal !== undefined) refusals.set(request, refusal);
    const cors = addCorsHeaders([], head.origin);
    for (let at = 0; at + 1 < cors.length; at += 2) {
      response.setHeader(cors[at] ?? "", cors[at + 1] ?? "");
    }
    endWithAnswer(request);
    try {
      adapter(request, response);
    } catch (error) {
      const why = errorMessage(error);
      replyError(exchange, new HttpError(ingressErrors.badHeader, `bad host header: ${why}`));
    }
  };
}

/** How long a client that has the end of its answer may leave its own side open. */
const halfOpenMs = 500;

/**
 * A stream of HTTP/2 lives until both of its sides have ended: one whose client never ends its own would keep its slot,
 * and a closing port.
 */
function endWithAnswer(request: HttpRequest): void {
  if (!("stream" in request)) return;
  const { stream } = request;
  // Of the stream: the response says it when all is over.
  stream.once("finish", () => {
    if (stream.readableEnded) return;
    // Not at once: trailers may be on their way.
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), halfOpenMs);
    stream.once("close", () => clearTimeout(timer));
  });
}

export function ingressService(
  parts: IngressParts,
  streams: OpenStreams,
): ServiceImpl<typeof Ingress> {
  const { invocations } = parts;
  return {
    call: (request, context) =>
      answering(context, async () => {
        const submission = submissionOf(parts, request, context.requestHeader);
        const outcome = await invocations.call(submission, context.signal);
        const result = valueOf(parts.registry(), outcome);
        return { invocationId: outcome.invocationId, result };
      }),
    send: (request, context) =>
      answering(context, async () => {
        const delayMs = Number(request.delayMs);
        checkDelay(delayMs);
        const submission = submissionOf(parts, request, context.requestHeader);
        const submitted = await invocations.submit({ ...submission, delayMs });
        const { invocationId, accepted, executionTimeMs } = submitted;
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
    status: (request, context) =>
      answering(context, async () => {
        const ref = refOf(parts, request.invocation);
        const found = await invocations.status(ref);
        if (found === undefined) throw notFound(parts.registry(), ref);
        const { invocationId, stage, failure } = found;
        const detail = failure === undefined ? {} : { failure: detailOf(failure) };
        return { invocationId, stage: stages[stage], ...detail };
      }),
    lookup: (request, context) =>
      answering(context, async () => ({
        invocationId: invocations.idOf(refOf(parts, request.invocation)),
      })),
    async *watch(request, context) {
      try {
        checkNotRefused(context);
        yield* watch(parts, streams, request, context.signal);
      } catch (error) {
        throw told(context, error);
      }
    },
  };
}

/** Runs one method; whatever goes wrong becomes an error that the client understands. */
async function answering<T>(context: HandlerContext, answer: () => Promise<T>): Promise<T> {
  try {
    checkNotRefused(context);
    // A deadline can pass before the request has been read.
    context.signal.throwIfAborted();
    // The engine forgets a wait that is aborted, without a word: its promise stays open.
    return await Promise.race([answer(), abortOf(context.signal)]);
  } catch (error) {
    throw told(context, error);
  }
}

/** @throws HttpError */
function checkNotRefused(context: HandlerContext): void {
  const refusal = context.values.get(refusalKey);
  if (refusal !== undefined) throw refusal;
}

function told({ signal, method }: HandlerContext, error: unknown): ConnectError {
  // The caller has gone or its deadline has passed: the reason says which.
  if (signal.aborted) return ConnectError.from(signal.reason, Code.Canceled);
  if (error instanceof ConnectError) return error;
  return connectErrorOf(toHttpError(error, method.name));
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
