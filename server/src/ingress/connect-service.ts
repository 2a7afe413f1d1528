// perdure.ingress.v1.Ingress: the same operations for Connect, gRPC and gRPC-Web clients. Errors keep
// their PDR code in the metadata `x-perdure-error-code`; an invocation's own failure comes with a
// FailureDetail.

import { Code, ConnectError, createContextKey, createContextValues } from "@connectrpc/connect";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { FailureDetailSchema, Ingress, Stage } from "@perdure/proto/ingress/v1/ingress";
import type { Failure } from "@perdure/proto/protocol/v1/journal";
import { ingressErrors, invocationErrors } from "../http/error-codes.js";
import { connectCodeOf, HttpError } from "../http/http-error.js";
import type { HttpRequest } from "../http/messages.js";
import type { RegistryView } from "../shard/registry-view.js";
import type { Outcome } from "../shard/invocations.js";
import { addCorsHeaders } from "./cors.js";
import { metadataOf, replyError } from "./exchange.js";
import { isWorkflowAlreadyInvoked, notFound, toHttpError } from "./failures.js";
import { checkDelay } from "./invoke.js";
import type { IngressParts } from "./parts.js";
import { refOf, submissionOf } from "./connect-requests.js";
import { splitPath } from "./path.js";
import type { ConnectHandler } from "./routes.js";

/** What a request has beside its parameter. */
const envelopeBytesMax = 256 * 1024;

/** Why a request is refused before its method is called: refusals are told in the words of its protocol. */
const refusalKey = createContextKey<HttpError | undefined>(undefined);

const stages = {
  created: Stage.CREATED,
  started: Stage.STARTED,
  completed: Stage.COMPLETED,
} as const;

/** Answers requests under /perdure.ingress.v1.Ingress/. */
export function createConnectHandler(parts: IngressParts): ConnectHandler {
  const refusals = new WeakMap<HttpRequest, HttpError>();
  const adapter = connectNodeAdapter({
    routes: (router) => {
      router.service(Ingress, ingressService(parts));
    },
    readMaxBytes: parts.bodyBytesMax + envelopeBytesMax,
    contextValues: (request) => createContextValues().set(refusalKey, refusals.get(request)),
  });
  const paths = new Set(Ingress.methods.map((method) => `/${Ingress.typeName}/${method.name}`));
  return (exchange, refusal) => {
    const { request, response, head } = exchange;
    const { path } = splitPath(head.url);
    if (!paths.has(path)) {
      throw new HttpError(
        ingressErrors.unknownRoute,
        `${Ingress.typeName} has no method at ${path}`,
      );
    }
    if (refusal !== undefined) refusals.set(request, refusal);
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
  };
}

/** Runs one method; whatever goes wrong becomes an error that the client understands. */
async function answering<T>(context: HandlerContext, answer: () => Promise<T>): Promise<T> {
  const { signal } = context;
  try {
    const refusal = context.values.get(refusalKey);
    if (refusal !== undefined) throw refusal;
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
        value: detailOf(failure),
      },
    ],
  );
}

function detailOf(failure: Failure): {
  code: number;
  message: string;
  metadata: Record<string, string>;
} {
  return { code: failure.code, message: failure.message, metadata: metadataOf(failure) };
}
