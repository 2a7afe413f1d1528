// From what the code gives to what is recorded.

import type { Entry, Failure, Header } from "@perdure/proto/protocol/v1/journal";
import { errorMessage } from "@perdure/protocol/error-message";
import { failureMessage, valueOf } from "@perdure/protocol/messages";
import { commandBody } from "./command-body.js";
import type { HandlerModel, ServiceModel } from "../definitions/model.js";
import { isTerminalError, type TerminalError } from "../errors.js";
import { defaultSerde, type Serde } from "../serde/serde.js";

/** What fits the contract's field. */
const codeMax = 0xffff_ffff;

export function failureOf(error: unknown): Failure {
  return failureMessage(codeOf(error), errorMessage(error), metadataOf(error));
}

function codeOf(error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "number" && Number.isInteger(code) && code > 0 && code <= codeMax
    ? code
    : 500;
}

function metadataOf(error: unknown): Header[] {
  const metadata = error instanceof Error && "metadata" in error ? error.metadata : undefined;
  if (typeof metadata !== "object" || metadata === null) return [];
  return Object.entries(metadata).map(([name, value]) => ({
    $typeName: "perdure.protocol.v1.Header",
    name,
    value: errorMessage(value),
  }));
}

/** The error as one that is not tried again, where it is one or `asTerminalError` makes it one. */
export function terminalOf(
  { handler, service }: { readonly handler: HandlerModel; readonly service: ServiceModel },
  error: unknown,
): TerminalError | undefined {
  if (isTerminalError(error)) return error;
  const mapped = (handler.options.asTerminalError ?? service.options.asTerminalError)?.(error);
  return isTerminalError(mapped) ? mapped : undefined;
}

/**
 * Writes a value.
 * @param what  names it in the error: `state "stage"`
 * @throws TypeError  PDR2002
 */
export function serialised<T>(serde: Serde<T>, value: T, what: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = serde.serialize(value);
  } catch (error) {
    throw new TypeError(`${what} can't be serialised: ${errorMessage(error)} (PDR2002)`, {
      cause: error,
    });
  }
  // A serde that hands on the caller's own bytes: what happens to them later is not what is recorded.
  if (bytes instanceof Uint8Array && (bytes as unknown) === value) return new Uint8Array(bytes);
  if (ArrayBuffer.isView(bytes)) return bytes;
  throw new TypeError(
    `${what} can't be serialised: its serde makes no bytes of a ${typeof value} (PDR2002)`,
  );
}

/** The serde of everything for which a handler names none: its own default, its service's, the endpoint's, JSON. */
export function defaultSerdeOf(service: ServiceModel, handler: HandlerModel): Serde<unknown> {
  return handler.options.serde ?? service.options.serde ?? defaultSerde();
}

/** The serde of a handler's input or output. */
export function handlerSerde(
  service: ServiceModel,
  handler: HandlerModel,
  direction: "input" | "output",
): Serde<unknown> {
  return handler.options[direction] ?? defaultSerdeOf(service, handler);
}

/** @throws TypeError  the value can't be serialised */
export function outputEntry(
  service: ServiceModel,
  handler: HandlerModel,
  value: unknown,
): Entry["body"] {
  const bytes = serialised(
    handlerSerde(service, handler, "output"),
    value,
    `what ${service.name}/${handler.name} returned`,
  );
  const result = { case: "value" as const, value: valueOf(bytes) };
  return commandBody("output", { result });
}
