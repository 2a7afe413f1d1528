// What happens to invocations, in few words: builders of events, commands and targets for tests of the
// core. Everything that a test does not name has a default that does no harm: attempt 1 of epoch 1, a
// retention of a minute, an empty parameter.

import { create } from "@bufbuild/protobuf";
import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import {
  AttemptNumberSchema,
  type AttemptNumber,
  type ProposeCompletion,
} from "@perdure/proto/protocol/v1/deployment";
import {
  AwaitingSchema,
  Awaiting_Combinator as Combinator,
  FailureSchema,
  OutputCommandSchema,
  SignalSchema,
  type Awaiting,
  type Completion,
  type Entry,
  type Failure,
  type Signal,
  type Value,
} from "@perdure/proto/protocol/v1/journal";
import {
  AppendedItemSchema,
  AppendedSchema,
  AttemptLostSchema,
  CalleeFactsSchema,
  DeliveredSchema,
  FailedSchema,
  MessageReceivedSchema,
  ResumedSchema,
  SignalledSchema,
  SubmittedSchema,
  SuspendedSchema,
  TimersDueSchema,
  type AppendedItem,
  type CalleeFacts,
  type Failed,
} from "@perdure/proto/storage/v1/events";
import {
  InvokeMessageSchema,
  MessageSchema,
  ResolvedTargetSchema,
  type InvokeMessage,
  type Message,
  type ResolvedTarget,
} from "@perdure/proto/storage/v1/records";
import { base62Of64, base62OfNumber, base62Width128 } from "@perdure/protocol/base62";
import { invocationIdOf, partitionCount, runIdOf } from "@perdure/protocol/ids";
import { entryOf, proposalOf, valueOf, voidResult } from "@perdure/protocol/messages";
import type { EventBody } from "./apply.js";

// ---- ids

/** The n-th run id: they sort as their numbers do. */
export function runIdAt(n: number): string {
  return runIdOf(n, 0, base62Of64(0, n));
}

export const A: string = runIdAt(1);
export const B: string = runIdAt(2);
export const C: string = runIdAt(3);
export const D: string = runIdAt(4);

/** The id of a plain invocation. */
export function idOf(runId: string, partition = 0): string {
  return invocationIdOf(partitionKey(partition), runId);
}

/** An id that is derived: of a workflow run or an idempotent call. */
export function derivedId(name: string, partition = 0): string {
  const hash = Array.from(name).reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 2 ** 40, 7);
  return invocationIdOf(partitionKey(partition), base62OfNumber(hash, base62Width128));
}

function partitionKey(partition: number): string {
  return base62Of64(partition * (0x1_0000_0000 / partitionCount), 0);
}

// ---- values

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function value(text: string): Value {
  return valueOf(encoder.encode(text));
}

export function textOf(stored: Value | undefined): string | undefined {
  return stored?.content.case === "inline" ? decoder.decode(stored.content.value) : undefined;
}

export function failure(code: number, message = "it did not work"): Failure {
  return create(FailureSchema, { code, message });
}

type OneResult = { case: "value"; value: Value } | { case: "failure"; value: Failure };

/** Text stands for a value. */
export function resultOf(result: string | Failure): OneResult {
  if (typeof result === "string") return { case: "value", value: value(result) };
  return { case: "failure", value: result };
}

// ---- targets

const minuteMs = 60_000;

export interface TargetOptions {
  /** How long the result is kept. */
  readonly kept?: number;
  /** How long the journal is kept; as long as the result. */
  readonly journalKept?: number;
}

function target(
  service: string,
  handler: string,
  key: string | undefined,
  serviceKind: ServiceKind,
  handlerKind: HandlerKind,
  { kept = minuteMs, journalKept = kept }: TargetOptions = {},
): ResolvedTarget {
  return create(ResolvedTargetSchema, {
    target: key === undefined ? { service, handler } : { service, handler, key },
    serviceKind,
    handlerKind,
    completionRetention: kept,
    journalRetention: journalKept,
  });
}

export function plain(options?: TargetOptions): ResolvedTarget {
  const { SERVICE } = ServiceKind;
  return target("Greeter", "greet", undefined, SERVICE, HandlerKind.SHARED, options);
}

export function exclusive(key: string, options?: TargetOptions): ResolvedTarget {
  const { VIRTUAL_OBJECT } = ServiceKind;
  return target("Counter", "add", key, VIRTUAL_OBJECT, HandlerKind.EXCLUSIVE, options);
}

export function beside(key: string, options?: TargetOptions): ResolvedTarget {
  const { VIRTUAL_OBJECT } = ServiceKind;
  return target("Counter", "get", key, VIRTUAL_OBJECT, HandlerKind.SHARED, options);
}

export function workflowRun(key: string, options?: TargetOptions): ResolvedTarget {
  return target("Signup", "run", key, ServiceKind.WORKFLOW, HandlerKind.RUN, options);
}

export function workflowShared(key: string, options?: TargetOptions): ResolvedTarget {
  return target("Signup", "verify", key, ServiceKind.WORKFLOW, HandlerKind.SHARED, options);
}

// ---- submissions and messages

export interface InvokeOptions {
  readonly id?: string;
  readonly startAt?: number;
  readonly idempotencyKey?: string;
  readonly parameter?: string;
  /** Who is told the result: a run of partition 0, or of another one, and its completion id. */
  readonly tells?: readonly [runId: string, completionId: number, partition?: number];
}

export function invocationOf(
  runId: string,
  of: ResolvedTarget,
  options: InvokeOptions = {},
): InvokeMessage {
  const { id = idOf(runId), startAt = 0, idempotencyKey = "", parameter = "", tells } = options;
  const message = create(InvokeMessageSchema, {
    id,
    runId,
    target: of,
    parameter: value(parameter),
    idempotencyKey,
    startAt,
    randomSeed: 7n,
  });
  if (tells !== undefined) {
    const [tellsRun, completionId, partition = 0] = tells;
    message.sink = {
      $typeName: "perdure.storage.v1.ResponseSink",
      partition,
      runId: tellsRun,
      completionId,
    };
  }
  return message;
}

export function submitted(runId: string, of: ResolvedTarget, options?: InvokeOptions): EventBody {
  const invocation = invocationOf(runId, of, options);
  return { case: "submitted", value: create(SubmittedSchema, { invocation }) };
}

/** Message number `sequence` from a partition. */
export function received(from: number, sequence: number, message: Message): EventBody {
  const received = create(MessageReceivedSchema, { from, sequence, message });
  return { case: "messageReceived", value: received };
}

export function invoke(runId: string, of: ResolvedTarget, options?: InvokeOptions): Message {
  const invocation = invocationOf(runId, of, options);
  return create(MessageSchema, { message: { case: "invoke", value: invocation } });
}

export function completeMessage(runId: string, completion: Completion): Message {
  return create(MessageSchema, { message: { case: "complete", value: { runId, completion } } });
}

export function attachMessage(
  invocationId: string,
  [runId, completionId, partition = 0]: readonly [string, number, number?],
  mode: "wait" | "peek" = "wait",
): Message {
  const sink = { runId, completionId, partition };
  const peek = mode === "peek";
  return create(MessageSchema, {
    message: { case: "attach", value: { invocationId, sink, peek } },
  });
}

export function delivered(...to: (readonly [partition: number, sequence: number])[]): EventBody {
  const rows = to.map(([partition, sequence]) => ({ partition, sequence }));
  return { case: "delivered", value: create(DeliveredSchema, { to: rows }) };
}

// ---- attempts

export interface AttemptOptions {
  readonly attempt?: number;
  readonly epoch?: number;
}

function numberOf({ attempt = 1, epoch = 1 }: AttemptOptions): AttemptNumber {
  return create(AttemptNumberSchema, { epoch, counter: attempt });
}

/** What an attempt may bring: a command, a command with the facts about whom it reaches, a step's result. */
export type Item = Entry | AppendedItem | ProposeCompletion;

function itemOf(item: Item): AppendedItem {
  switch (item.$typeName) {
    case "perdure.storage.v1.AppendedItem":
      return item;
    case "perdure.protocol.v1.Entry":
      return create(AppendedItemSchema, { item: { case: "command", value: item } });
    case "perdure.protocol.v1.ProposeCompletion":
      return create(AppendedItemSchema, { item: { case: "proposal", value: item } });
  }
}

export interface AppendedOptions extends AttemptOptions {
  readonly deploymentId?: string;
  readonly end?: boolean;
}

export function appended(
  runId: string,
  items: readonly Item[],
  options: AppendedOptions = {},
): EventBody {
  const { deploymentId = "dp_1", end = false } = options;
  const init = { runId, items: items.map(itemOf), deploymentId, end };
  return {
    case: "appended",
    value: create(AppendedSchema, { ...init, attempt: numberOf(options) }),
  };
}

/** The handler returns, or throws for good. */
export function ended(
  runId: string,
  result: string | Failure = "done",
  options: AppendedOptions = {},
): EventBody {
  return appended(runId, [output(result)], { ...options, end: true });
}

export interface SuspendedOptions extends AttemptOptions {
  /** Index of the last notification that the attempt has seen. */
  readonly seen?: number;
}

export function suspended(
  runId: string,
  awaiting: Awaiting,
  options: SuspendedOptions = {},
): EventBody {
  const { seen = 0 } = options;
  const attempt = numberOf(options);
  return { case: "suspended", value: create(SuspendedSchema, { runId, attempt, awaiting, seen }) };
}

export type Decision = Failed["decision"];
export const retryAt = (at: number): Decision => ({ case: "retryAt", value: at });
export const pause: Decision = { case: "pause", value: voidResult.value };
export const endWith = (with_: Failure): Decision => ({ case: "end", value: with_ });

export function failed(
  runId: string,
  decision: Decision,
  options: AttemptOptions & { readonly message?: string } = {},
): EventBody {
  const { message = "it broke" } = options;
  const attempt = numberOf(options);
  const init = { runId, attempt, failure: { code: 500, message } };
  return { case: "failed", value: { ...create(FailedSchema, init), decision } };
}

export function attemptLost(runId: string, options: AttemptOptions = {}): EventBody {
  const attempt = numberOf(options);
  return { case: "attemptLost", value: create(AttemptLostSchema, { runId, attempt }) };
}

// ---- time, signals

export function timersDue(until: number, limit = 500, retention = false): EventBody {
  return { case: "timersDue", value: create(TimersDueSchema, { until, limit, retention }) };
}

export function signalOf(signal: number | string, result: string | Failure = ""): Signal {
  const init = create(SignalSchema, { result: resultOf(result) });
  init.signal =
    typeof signal === "number"
      ? { case: "id", value: signal }
      : { case: "signalName", value: signal };
  return init;
}

export function signalled(invocationId: string, signal: Signal): EventBody {
  const value = create(SignalledSchema, { signal: { invocationId, signal } });
  return { case: "signalled", value };
}

/** An operator lets an invocation go on, here or with another deployment. */
export function resumed(invocationId: string, deploymentId = ""): EventBody {
  return { case: "resumed", value: create(ResumedSchema, { invocationId, deploymentId }) };
}

// ---- what is awaited

function treeOf(combinator: Combinator, ids: readonly (number | Awaiting)[]): Awaiting {
  return create(AwaitingSchema, {
    combinator,
    completionIds: ids.filter((id) => typeof id === "number"),
    nested: ids.filter((id) => typeof id !== "number"),
  });
}

export function firstOf(...ids: (number | Awaiting)[]): Awaiting {
  return treeOf(Combinator.FIRST_COMPLETED, ids);
}

export function allOf(...ids: (number | Awaiting)[]): Awaiting {
  return treeOf(Combinator.ALL_COMPLETED, ids);
}

/** Wakes at the first value, or when all have failed. */
export function firstSuccessOf(...ids: (number | Awaiting)[]): Awaiting {
  return treeOf(Combinator.FIRST_SUCCEEDED, ids);
}

/** Wakes at the first failure, or when all have values. */
export function allSuccessesOf(...ids: (number | Awaiting)[]): Awaiting {
  return treeOf(Combinator.ALL_SUCCEEDED, ids);
}

export function signalTree(...signals: (number | string)[]): Awaiting {
  return create(AwaitingSchema, {
    combinator: Combinator.FIRST_COMPLETED,
    signalIds: signals.filter((signal) => typeof signal === "number"),
    signalNames: signals.filter((signal) => typeof signal === "string"),
  });
}

// ---- commands (the rest is in commands.fixture.ts)

export function output(result: string | Failure): Entry {
  const command = create(OutputCommandSchema, { result: resultOf(result) });
  return entryOf("", { case: "output", value: command });
}

/** A step's result. */
export function proposal(
  completionId: number,
  result: string | Failure,
  early: { shownAfter?: number } = {},
): ProposeCompletion {
  return { ...proposalOf(completionId, resultOf(result)), ...early };
}

/** Facts about the invocation that a command reaches. */
export function calleeOf(
  id: string,
  options: { partition?: number; runId?: string; target?: ResolvedTarget } = {},
): CalleeFacts {
  return create(CalleeFactsSchema, { id, randomSeed: 9n, ...options });
}

export function reaching(command: Entry, callee: CalleeFacts): AppendedItem {
  return create(AppendedItemSchema, { item: { case: "command", value: command }, callee });
}
