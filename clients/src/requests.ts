// The requests that begin something: call a handler, send to a handler. Values go in and come out; the
// transport sees bytes only.

import { millisOf, type Duration } from "@perdure/protocol/duration";
import type { HandlerDescriptor } from "@perdure/protocol/definitions";
import type { Send } from "./client-types.js";
import type { Connection } from "./connection.js";
import { ClientError, ClientErrorCode } from "./errors.js";
import type { AnyOptions } from "./options.js";
import { jsonSerde } from "./serde.js";
import { callPath, sendPath, targetName, type HandlerTarget } from "./target-path.js";
import type { IngressRequest } from "./transport.js";
import { badAnswer, type MaybeSerde } from "./values.js";

export interface HandlerRequest {
  readonly target: HandlerTarget;
  readonly input: unknown;
  readonly options: AnyOptions;
  /** What the definition says of the handler. */
  readonly declared?: HandlerDescriptor | undefined;
}

export async function callHandler(
  { transport, values }: Connection,
  { target, input, options, declared }: HandlerRequest,
): Promise<unknown> {
  const what = `calling ${targetName(target)}`;
  const answer = await transport({
    what,
    path: callPath(target),
    ...values.write(what, input, [options.input, declared?._inputSerde]),
    ...passedOn(options),
    isRepeatable: hasIdempotencyKey(options),
  });
  return values.read(what, answer, [options.output, declared?._outputSerde]);
}

/** @param isOnce  the same submission twice is one invocation, whose result is kept for whoever asks later */
export async function sendToHandler(
  { transport, values }: Connection,
  { target, input, options, declared }: HandlerRequest,
  isOnce: boolean = hasIdempotencyKey(options),
): Promise<Send> {
  const what = `sending to ${targetName(target)}`;
  const answer = await transport({
    what,
    path: sendPath(target, delayOf(what, options.delay)),
    ...values.write(what, input, [options.input, declared?._inputSerde]),
    ...passedOn(options),
    isRepeatable: isOnce,
  });
  const handle = { ...sentOf(what, answer.bytes), attachable: isOnce };
  declaredOutputs.set(handle, declared?._outputSerde);
  return handle;
}

const declaredOutputs = new WeakMap<object, MaybeSerde>();

/** What the definition declares for the result of what was sent; unknown of a handle that came from elsewhere. */
export function declaredOutputOf(handle: Send): MaybeSerde {
  return declaredOutputs.get(handle);
}

function sentOf(what: string, bytes: Uint8Array): Omit<Send, "attachable"> {
  const { invocationId, status, executionTime } = jsonObject(what, bytes);
  if (typeof invocationId !== "string") throw badAnswer(what, "it names no invocation");
  if (status !== "Accepted" && status !== "PreviouslyAccepted") {
    throw badAnswer(what, `its status is ${JSON.stringify(status)}`);
  }
  return { invocationId, status, ...(typeof executionTime === "string" && { executionTime }) };
}

/** The answer to a send is JSON, whatever the serdes are. */
function jsonObject(what: string, bytes: Uint8Array): Record<keyof Send, unknown> {
  try {
    return {
      ...(jsonSerde.deserialize(bytes) as Record<keyof Send, unknown> | null | undefined),
    } as Record<keyof Send, unknown>;
  } catch (cause) {
    throw badAnswer(what, "it is not JSON", cause);
  }
}

function hasIdempotencyKey({ idempotencyKey }: AnyOptions): boolean {
  return idempotencyKey !== undefined && idempotencyKey !== "";
}

function passedOn(options: AnyOptions): Partial<IngressRequest> {
  const { headers, timeout, signal, idempotencyKey, limitKey, method } = options;
  return { headers, timeout, signal, idempotencyKey, limitKey, method };
}

function delayOf(what: string, delay: Duration = 0): number {
  const ms = millisOf(delay);
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw new ClientError(
    ClientErrorCode.badArgument,
    `${what}: the delay is ${ms} ms; expected 0 or more`,
  );
}
