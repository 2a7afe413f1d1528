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
  Target,
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
    case "failed": {
      const { failure, stacktrace, relatedCommandName } = frame.value;
      const texts = stacktrace.length + relatedCommandName.length;
      return flatBytes + failureBytes(failure) + texts;
    }
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
      return bytes + body.value.key.length + valueBytes(body.value.value);
    case "clearState":
      return bytes + body.value.key.length;
    case "call":
    case "send": {
      const { target, idempotencyKey = "", parameter, headers } = body.value;
      const texts = targetBytes(target) + idempotencyKey.length;
      return bytes + texts + valueBytes(parameter) + headersBytes(headers);
    }
    case "getState":
      return bytes + body.value.key.length + resultBytes(body.value.eager);
    case "getPromise":
    case "peekPromise":
      return bytes + body.value.promise.length;
    case "completePromise":
      return bytes + body.value.promise.length + resultBytes(body.value.result);
    case "sendSignal": {
      const { signal, result } = body.value;
      const name = signal.case === "signalName" ? signal.value.length : 0;
      return bytes + name + resultBytes(result);
    }
    case "attach":
    case "getOutput":
      return bytes + referenceBytes(body.value.target?.reference.value);
    case "getStateKeys":
      return bytes + keysBytes(body.value.eager);
    case "output":
    case "completeAwakeable":
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

function targetBytes(target: Target | undefined): number {
  if (target === undefined) return 0;
  const { service, handler, key = "" } = target;
  return service.length + handler.length + key.length;
}

function referenceBytes(reference: string | object | undefined): number {
  const texts = typeof reference === "object" ? Object.values(reference) : [reference];
  let bytes = 0;
  for (const text of texts) if (typeof text === "string") bytes += text.length;
  return bytes;
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
