// The requests that clients make: call a handler, send to a handler, wait for the result of what was
// submitted, look for it. Values go in and come out; the transport sees bytes only.
//
// Results are asked for by a target in the body, not by a path: any key fits in there.

import { millisOf, type Duration } from "@perdure/protocol/duration";
import type { SendHandle, WorkflowOutput } from "./client-types.js";
import { ClientError, ClientErrorCode } from "./errors.js";
import type { CallOptions, SendOptions } from "./options.js";
import { serde, type Serde } from "./serde.js";
import { callPath, sendPath, targetName, type HandlerTarget } from "./target-path.js";
import type { IngressAnswer, IngressRequest, Transport } from "./transport.js";

/** What names an invocation in the ingress's `attach` and `output`. */
export type ResultTarget =
  | { readonly target: "invocation"; readonly invocationId: string }
  | { readonly target: "workflow"; readonly workflowName: string; readonly workflowKey: string };

export async function callHandler(
  transport: Transport,
  target: HandlerTarget,
  input: unknown,
  options: CallOptions,
): Promise<unknown> {
  const what = `calling ${targetName(target)}`;
  const answer = await transport({
    what,
    path: callPath(target),
    ...bodyOf(what, input, options.input),
    ...passedOn(options),
    idempotencyKey: options.idempotencyKey,
    isRepeatable: options.idempotencyKey !== undefined,
  });
  return resultOf(what, answer, options.output);
}

/** @param isOnce  the same submission twice is one invocation, whose result is kept for whoever asks later */
export async function sendToHandler(
  transport: Transport,
  target: HandlerTarget,
  input: unknown,
  options: SendOptions,
  isOnce: boolean = options.idempotencyKey !== undefined,
): Promise<SendHandle> {
  const what = `sending to ${targetName(target)}`;
  const answer = await transport({
    what,
    path: sendPath(target, delayOf(what, options.delay)),
    ...bodyOf(what, input, options.input),
    ...passedOn(options),
    idempotencyKey: options.idempotencyKey,
    isRepeatable: isOnce,
  });
  const handle = resultOf(what, answer, serde.json) as Partial<SendHandle> | null | undefined;
  const { invocationId, status } = handle ?? {};
  if (typeof invocationId !== "string" || typeof status !== "string") {
    throw badAnswer(what, "it names no invocation");
  }
  return { invocationId, status, attachable: isOnce };
}

/** Waits until there is a result. */
export async function attach(
  transport: Transport,
  target: ResultTarget,
  options: CallOptions = {},
): Promise<unknown> {
  const what = `waiting for ${nameOfResult(target)}`;
  const answer = await transport({
    what,
    path: "/restate/attach",
    ...bodyOf(what, target),
    ...passedOn(options),
    isRepeatable: true,
  });
  return resultOf(what, answer, options.output);
}

/** The status that says: known, and not completed yet. */
const notReady = 470;

/** Looks whether there is a result. */
export async function output(
  transport: Transport,
  target: ResultTarget,
  options: CallOptions = {},
): Promise<WorkflowOutput<unknown>> {
  const what = `reading the output of ${nameOfResult(target)}`;
  const answer = await transport({
    what,
    path: "/restate/output",
    ...bodyOf(what, target),
    ...passedOn(options),
    isRepeatable: true,
    alsoGood: [notReady],
  });
  return answer.status === notReady
    ? { ready: false, result: undefined }
    : { ready: true, result: resultOf(what, answer, options.output) };
}

function nameOfResult(target: ResultTarget): string {
  return target.target === "invocation"
    ? target.invocationId
    : `${target.workflowName}/${target.workflowKey}`;
}

function passedOn({ headers, timeout, signal }: CallOptions): CallOptions {
  return { headers, timeout, signal };
}

/** Nothing at all for `undefined`: neither a body nor a content type. */
function bodyOf(
  what: string,
  input: unknown,
  given: Serde<unknown> = serde.json,
): Pick<IngressRequest, "body" | "contentType"> {
  if (input === undefined) return {};
  try {
    return { body: given.serialize(input), contentType: given.contentType };
  } catch (cause) {
    throw badArgument(`${what}: the input can't be serialised: ${messageOf(cause)}`, cause);
  }
}

function resultOf(
  what: string,
  answer: IngressAnswer,
  given: Serde<unknown> = serde.json,
): unknown {
  try {
    return given.deserialize(answer.bytes);
  } catch (cause) {
    const type = answer.contentType ?? "no content-type";
    throw badAnswer(what, `it can't be read (${type}): ${messageOf(cause)}`, cause);
  }
}

function delayOf(what: string, delay: Duration = 0): number {
  const ms = millisOf(delay);
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw badArgument(`${what}: the delay is ${ms} ms; expected 0 or more`);
}

function badArgument(message: string, cause?: unknown): ClientError {
  return new ClientError(ClientErrorCode.badArgument, message, { cause });
}

function badAnswer(what: string, why: string, cause?: unknown): ClientError {
  const message = `${what}: the answer is not one of an ingress: ${why}`;
  return new ClientError(ClientErrorCode.badAnswer, message, { cause });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
