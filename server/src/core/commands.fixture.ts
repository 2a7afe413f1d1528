// The commands of a journal, in few words.

import { create } from "@bufbuild/protobuf";
import {
  AttachCommandSchema,
  CallCommandSchema,
  CancelCommandSchema,
  ClearAllStateCommandSchema,
  ClearStateCommandSchema,
  CompleteAwakeableCommandSchema,
  CompletePromiseCommandSchema,
  GetOutputCommandSchema,
  GetPromiseCommandSchema,
  GetStateCommandSchema,
  GetStateKeysCommandSchema,
  PeekPromiseCommandSchema,
  RunCommandSchema,
  SendCommandSchema,
  SendSignalCommandSchema,
  SetStateCommandSchema,
  SleepCommandSchema,
  type Entry,
  type Failure,
} from "@perdure/proto/protocol/v1/journal";
import { entryOf } from "@perdure/protocol/messages";
import { resultOf, value } from "./events.fixture.js";

export function run(completionId: number, name = ""): Entry {
  return entryOf(name, { case: "run", value: create(RunCommandSchema, { completionId }) });
}

export function sleep(completionId: number, durationMs: number, name = ""): Entry {
  const command = create(SleepCommandSchema, { completionId, durationMs: BigInt(durationMs) });
  return entryOf(name, { case: "sleep", value: command });
}

export function getState(completionId: number, key: string): Entry {
  return entryOf("", {
    case: "getState",
    value: create(GetStateCommandSchema, { completionId, key }),
  });
}

/** A read that the SDK answered itself. */
export function getStateEagerly(completionId: number, key: string, found: string): Entry {
  const command = create(GetStateCommandSchema, { completionId, key });
  command.eager = { case: "value", value: value(found) };
  return entryOf("", { case: "getState", value: command });
}

export function getStateKeys(completionId: number, eager?: readonly string[]): Entry {
  const command = create(GetStateKeysCommandSchema, { completionId });
  if (eager !== undefined) {
    command.eager = { $typeName: "perdure.protocol.v1.StateKeys", keys: [...eager] };
  }
  return entryOf("", { case: "getStateKeys", value: command });
}

export function setState(key: string, text: string): Entry {
  const command = create(SetStateCommandSchema, { key, value: value(text) });
  return entryOf("", { case: "setState", value: command });
}

export function clearState(key: string): Entry {
  return entryOf("", { case: "clearState", value: create(ClearStateCommandSchema, { key }) });
}

export function clearAllState(): Entry {
  return entryOf("", { case: "clearAllState", value: create(ClearAllStateCommandSchema) });
}

export function getPromise(completionId: number, promise: string): Entry {
  const command = create(GetPromiseCommandSchema, { completionId, promise });
  return entryOf("", { case: "getPromise", value: command });
}

export function peekPromise(completionId: number, promise: string): Entry {
  const command = create(PeekPromiseCommandSchema, { completionId, promise });
  return entryOf("", { case: "peekPromise", value: command });
}

export function completePromise(
  completionId: number,
  promise: string,
  result: string | Failure,
): Entry {
  const command = create(CompletePromiseCommandSchema, { completionId, promise });
  command.result = resultOf(result);
  return entryOf("", { case: "completePromise", value: command });
}

/** With reaching(…): the facts about the callee go beside it. */
export function call(
  invocationIdCompletionId: number,
  resultCompletionId: number,
  parameter = "",
): Entry {
  const command = create(CallCommandSchema, {
    invocationIdCompletionId,
    resultCompletionId,
    parameter: value(parameter),
  });
  return entryOf("", { case: "call", value: command });
}

export function send(invocationIdCompletionId: number, delayMs: number | bigint = 0): Entry {
  const command = create(SendCommandSchema, { invocationIdCompletionId, delayMs: BigInt(delayMs) });
  return entryOf("", { case: "send", value: command });
}

export function attach(completionId: number): Entry {
  return entryOf("", { case: "attach", value: create(AttachCommandSchema, { completionId }) });
}

export function getOutput(completionId: number): Entry {
  return entryOf("", {
    case: "getOutput",
    value: create(GetOutputCommandSchema, { completionId }),
  });
}

export function completeAwakeable(awakeableId: string, result: string | Failure): Entry {
  const command = create(CompleteAwakeableCommandSchema, { awakeableId, result: resultOf(result) });
  return entryOf("", { case: "completeAwakeable", value: command });
}

export function sendSignal(name: string, result: string | Failure): Entry {
  const command = create(SendSignalCommandSchema, {
    signal: { case: "signalName", value: name },
    result: resultOf(result),
  });
  return entryOf("", { case: "sendSignal", value: command });
}

export function cancel(invocationId: string): Entry {
  return entryOf("", { case: "cancel", value: create(CancelCommandSchema, { invocationId }) });
}
