// From recorded results to what the code gets.

import type { Failure, Value } from "@perdure/proto/protocol/v1/journal";
import { TerminalError } from "../errors.js";
import type { Settled } from "../futures/durable-promise.js";
import type { Serde } from "../serde/serde.js";
import type { CompletionResult, Reader } from "./leaves.js";

const empty = new Uint8Array();

export function bytesOf(value: Value | undefined): Uint8Array {
  return value?.content.case === "inline" ? value.content.value : empty;
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
        return value(serde.deserialize(bytesOf(result.value)) as T);
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
