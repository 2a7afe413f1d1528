// What frames weigh as bytes, roughly: cheap enough to ask of each, and exact enough to know the large ones. Only what can be
// large is counted; the rest has a flat rate.

import type { DeploymentFrame, ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import type {
  Awaiting,
  Completion,
  Entry,
  Failure,
  Header,
  StateKeys,
  Value,
} from "@perdure/proto/protocol/v1/journal";
import { bytesOf } from "./messages.js";

/** What a frame has around its payload: ids, numbers, tags. */
const flatBytes = 64;

export function serverFrameBytes({ frame }: ServerFrame): number {
  switch (frame.case) {
    case "start": {
      const { entries, state, attemptHeaders } = frame.value;
      let bytes = 4 * flatBytes + entriesBytes(entries) + headersBytes(attemptHeaders);
      for (const { key, value } of state) bytes += flatBytes + key.length + valueBytes(value);
      return bytes;
    }
    case "startEntries":
      return flatBytes + entriesBytes(frame.value.entries);
    case "notify":
      return flatBytes + entrySize(frame.value.entry);
    case "fragment":
      return flatBytes + frame.value.data.length;
    default:
      return flatBytes;
  }
}

export function deploymentFrameBytes({ frame }: DeploymentFrame): number {
  switch (frame.case) {
    case "command":
      return flatBytes + entrySize(frame.value);
    case "proposeCompletion":
      return flatBytes + resultBytes(frame.value.result);
    case "end":
      return flatBytes + entrySize(frame.value.output);
    case "failed":
      return flatBytes + failureBytes(frame.value.failure) + frame.value.stacktrace.length;
    case "waiting":
      return flatBytes + awaitingBytes(frame.value.awaiting);
    case "fragment":
      return flatBytes + frame.value.data.length;
    default:
      return flatBytes;
  }
}

export function entrySize(entry: Entry | undefined): number {
  if (entry === undefined) return flatBytes;
  const { name, body } = entry;
  const bytes = flatBytes + name.length;
  switch (body.case) {
    case "input":
      return bytes + valueBytes(body.value.value) + headersBytes(body.value.headers);
    case "setState":
      return bytes + valueBytes(body.value.value);
    case "call":
    case "send":
      return bytes + valueBytes(body.value.parameter) + headersBytes(body.value.headers);
    case "getState":
      return bytes + resultBytes(body.value.eager);
    case "getStateKeys":
      return bytes + keysBytes(body.value.eager);
    case "output":
    case "completePromise":
    case "completeAwakeable":
    case "sendSignal":
    case "completion":
    case "signal":
      return bytes + resultBytes(body.value.result);
    default:
      return bytes;
  }
}

type Result = Completion["result"] | { readonly case: undefined; readonly value?: undefined };

function resultBytes(result: Result): number {
  switch (result.case) {
    case "value":
      return valueBytes(result.value);
    case "failure":
      return failureBytes(result.value);
    case "stateKeys":
      return keysBytes(result.value);
    default:
      return 0;
  }
}

function keysBytes(keys: StateKeys | undefined): number {
  return keys === undefined ? 0 : keys.keys.reduce((sum, key) => sum + key.length + 4, 0);
}

/** Of what a value holds; 0 where there is none. */
export function valueBytes(value: Value | undefined): number {
  return bytesOf(value).length;
}

function failureBytes(failure: Failure | undefined): number {
  if (failure === undefined) return 0;
  return failure.message.length + headersBytes(failure.metadata);
}

function headersBytes(headers: readonly Header[]): number {
  let bytes = 0;
  for (const { name, value } of headers) bytes += name.length + value.length + 8;
  return bytes;
}

function entriesBytes(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entrySize(entry);
  return bytes;
}

function awaitingBytes(awaiting: Awaiting | undefined): number {
  if (awaiting === undefined) return 0;
  const { completionIds, signalIds, signalNames, nested } = awaiting;
  let bytes = 16 + 5 * (completionIds.length + signalIds.length);
  for (const name of signalNames) bytes += name.length + 4;
  for (const tree of nested) bytes += awaitingBytes(tree);
  return bytes;
}
