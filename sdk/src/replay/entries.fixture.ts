// Journal entries, written the short way.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  EntrySchema,
  FailureSchema,
  ValueSchema,
  type Completion,
  type Entry,
  type Failure,
  type Signal,
  type Value,
} from "@perdure/proto/protocol/v1/journal";

type Init = MessageInitShape<typeof EntrySchema>;

/** A command. Fields that are not given have their default. */
export function command(body: Init["body"], name = ""): Entry {
  return create(EntrySchema, { name, ...(body === undefined ? {} : { body }) });
}

export function jsonValue(value: unknown): Value {
  const bytes = new TextEncoder().encode(value === undefined ? "" : JSON.stringify(value));
  return create(ValueSchema, { content: { case: "inline", value: bytes } });
}

export function failure(message: string, code = 500): Failure {
  return create(FailureSchema, { message, code });
}

export function input(value?: unknown, headers: Readonly<Record<string, string>> = {}): Entry {
  const given = Object.entries(headers).map(([name, text]) => ({ name, value: text }));
  return command({ case: "input", value: { value: jsonValue(value), headers: given } });
}

export function run(completionId: number, name = ""): Entry {
  return command({ case: "run", value: { completionId } }, name);
}

export function sleep(completionId: number, name = ""): Entry {
  return command({ case: "sleep", value: { completionId, durationMs: 1_000n } }, name);
}

type Result = Completion["result"];

export function completion(completionId: number, result: Result): Entry {
  return command({ case: "completion", value: { completionId, result } });
}

export function completedWith(completionId: number, value: unknown): Entry {
  return completion(completionId, { case: "value", value: jsonValue(value) });
}

/** The result of a step, shown to the code after the notification with this index, and recorded later. */
export function shownEarly(completionId: number, shownAfter: number): Entry {
  const result: Result = { case: "value", value: jsonValue("early") };
  return command({ case: "completion", value: { completionId, result, shownAfter } });
}

export function failedWith(completionId: number, message: string, code?: number): Entry {
  return completion(completionId, { case: "failure", value: failure(message, code) });
}

export function completedVoid(completionId: number): Entry {
  return completion(completionId, {
    case: "void",
    value: { $typeName: "perdure.protocol.v1.Void" },
  });
}

export function invocationId(completionId: number, id: string): Entry {
  return completion(completionId, { case: "invocationId", value: id });
}

const nothing: Signal["result"] = {
  case: "void",
  value: { $typeName: "perdure.protocol.v1.Void" },
};

export function signal(id: number, result: Signal["result"] = nothing): Entry {
  return command({ case: "signal", value: { signal: { case: "id", value: id }, result } });
}

export function namedSignal(name: string, result: Signal["result"] = nothing): Entry {
  const which = { case: "signalName" as const, value: name };
  return command({ case: "signal", value: { signal: which, result } });
}

/** The signal that asks an invocation to stop. */
export const cancelSignal: Entry = signal(1);
