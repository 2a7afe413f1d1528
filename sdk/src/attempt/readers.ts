// From recorded results to what the code gets.

import type { Failure, Value } from "@perdure/proto/protocol/v1/journal";
import { errorMessage } from "@perdure/protocol/error-message";
import { bytesOf } from "@perdure/protocol/messages";
import { TerminalError } from "../errors.js";
import type { Settled } from "../futures/durable-promise.js";
import type { Serde } from "../serde/serde.js";
import type { CompletionResult, Reader } from "./leaves.js";

/** Stands in a value for bytes that could not be had: reading it throws. */
export function unreadable(error: Error): Value["content"] {
  const content: { readonly case: undefined; readonly error: Error } = { case: undefined, error };
  return content;
}

/**
 * The bytes that a serde is to read.
 * @throws Error  they could not be decoded
 */
export function readableBytes(value: Value | undefined): Uint8Array {
  if (value?.content.case === undefined) {
    const { error } = (value?.content ?? {}) as { readonly error?: Error };
    if (error !== undefined) throw error;
  }
  return bytesOf(value);
}

/** A recorded value does not fit what the code expects. The attempt is tried again. */
export class UnreadableValueError extends Error {
  override readonly name = "UnreadableValueError";
  readonly code = "PDR2020";

  constructor(cause: unknown) {
    super(`Failed to deserialize a value of the journal: ${errorMessage(cause)} (PDR2020)`, {
      cause,
    });
  }
}

function deserialised(serde: Serde<unknown>, bytes: Uint8Array): unknown {
  try {
    const value = serde.deserialize(bytes);
    // A serde that hands on the bytes as they are: they are the code's, the recorded ones stay what they are.
    return value === bytes ? new Uint8Array(bytes) : value;
  } catch (error) {
    throw new UnreadableValueError(error);
  }
}

export function errorOf({ code, message, metadata }: Failure): TerminalError {
  const entries = metadata.map(({ name, value }): [string, string] => [name, value]);
  return new TerminalError(message, {
    errorCode: code,
    ...(entries.length === 0 ? {} : { metadata: Object.fromEntries(entries) }),
  });
}

/** A value or a failure. `absent` stands for void. */
export function readValue<T>(serde: Serde<unknown>, absent: unknown): Reader<T> {
  return (result) => {
    switch (result.case) {
      case "value":
        return value(deserialised(serde, readableBytes(result.value)) as T);
      case "failure":
        return { kind: "failure", error: errorOf(result.value) };
      case "void":
        return value(absent as T);
      default:
        throw unexpected(result);
    }
  };
}

export const readVoid: Reader<void> = (result) => {
  if (result.case === "failure") return { kind: "failure", error: errorOf(result.value) };
  return value(undefined);
};

export const readInvocationId: Reader<string> = (result) => {
  if (result.case !== "invocationId") throw unexpected(result);
  return value(result.value);
};

export const readStateKeys: Reader<string[]> = (result) => {
  if (result.case !== "stateKeys") throw unexpected(result);
  return value(result.value.keys);
};

function value<T>(value: T): Settled<T> {
  return { kind: "value", value };
}

function unexpected(result: CompletionResult): Error {
  return new Error(`the server answered a command with "${String(result.case)}"`);
}
