// Waiting for results and looking at them: attach, output, status and lookup, whatever names the invocation
// (its id, a workflow's key, an idempotency key) and however it is said (a path or a JSON body).

import { readBody } from "../http/body.js";
import { ingressErrors } from "../http/error-codes.js";
import { goneSignal } from "./gone-signal.js";
import { HttpError } from "../http/http-error.js";
import type { InvocationRef } from "../shard/invocations.js";
import { replyError, replyJson, replyOutcome, replyStage, replyWhenDone } from "./exchange.js";
import type { Exchange } from "./exchange.js";
import { notFound } from "./failures.js";
import { bodyTooLarge } from "./invoke.js";
import type { IngressParts } from "./parts.js";
import { checkInvocationId, parseTarget } from "./target-body.js";

export type ResultOperation = "attach" | "output" | "status" | "lookup";

/** A target body is a few names and keys. */
const targetBytesMax = 64 * 1024;

/**
 * Answers an operation on an invocation.
 * @throws HttpError  PDR3026; later errors are answered here
 */
export function answerResult(
  parts: IngressParts,
  exchange: Exchange,
  operation: ResultOperation,
  ref: InvocationRef,
): void {
  const { invocations } = parts;
  if (ref.kind === "id") checkInvocationId(ref.invocationId);
  if (operation === "lookup") {
    replyJson(exchange, { invocationId: invocations.idOf(ref) });
    return;
  }
  if (operation === "status") {
    replyWhenDone(
      exchange,
      () => invocations.status(ref),
      (stage) => {
        if (stage === undefined) throw notFound(parts.registry(), ref);
        replyStage(exchange, stage);
      },
    );
    return;
  }
  replyWhenDone(
    exchange,
    () =>
      operation === "attach"
        ? invocations.attach(ref, goneSignal(exchange.response))
        : invocations.output(ref),
    (outcome) => {
      if (outcome === undefined) throw notFound(parts.registry(), ref);
      if (outcome === "notReady") throw outputNotReady();
      replyOutcome(exchange, parts.registry(), outcome);
    },
  );
}

/** Answers an operation on the invocation that the request's body names. */
export function answerResultOfBody(
  parts: IngressParts,
  exchange: Exchange,
  operation: ResultOperation,
): void {
  const bytesMax = Math.min(targetBytesMax, parts.bodyBytesMax);
  readBody(exchange.request, exchange.head.body, bytesMax, {
    complete: (body) => {
      try {
        answerResult(parts, exchange, operation, parseTarget(body));
      } catch (error) {
        replyError(exchange, error);
      }
    },
    tooLarge: () => replyError(exchange, bodyTooLarge(bytesMax)),
  });
}

function outputNotReady(): HttpError {
  return new HttpError(
    ingressErrors.outputNotReady,
    "the invocation exists but has not completed yet",
  );
}
