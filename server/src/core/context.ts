// What an event handler gets: tables, the event's time, a way to emit effects; nothing else.
// And the draft: one invocation record being changed by one event, put back once at its end.

import { InvocationStatus, type Invocation, type Message } from "@perdure/proto/storage/v1/records";
import type { AttemptNumber } from "@perdure/proto/protocol/v1/deployment";
import type { Effect, VerbOutcome } from "./effect.js";
import { copyInvocation } from "./invocation.js";
import { homeOf } from "@perdure/protocol/ids";
import { outboxKey } from "./keys.js";
import { sequenceRow } from "./rows.js";
import type { Tables } from "./tables.js";

export interface ApplyContext {
  readonly tables: Tables;
  readonly partition: number;
  /** How many there are. */
  readonly partitions: number;
  /** The partition's epoch: attempts of older ones are over. */
  readonly epoch: number;
  readonly nowMs: number;
  /** Names the live connection that waits for the answer to this event. */
  readonly token: number | undefined;
  emit(effect: Effect): void;
}

/** An invocation record that is being changed. */
export interface Draft {
  readonly runId: string;
  /** A copy: may be changed until it is put back. */
  readonly invocation: Invocation;
}

export function openDraft(ctx: ApplyContext, runId: string): Draft | undefined {
  const stored = ctx.tables.invocations.get(runId);
  return stored === undefined ? undefined : { runId, invocation: copyInvocation(stored) };
}

/** The draft of a running attempt; undefined where the attempt's number is not the current one. */
export function openAttempt(
  ctx: ApplyContext,
  runId: string,
  attempt: AttemptNumber | undefined,
): Draft | undefined {
  if (attempt === undefined || attempt.epoch !== ctx.epoch) return undefined;
  const draft = openDraft(ctx, runId);
  if (draft === undefined || draft.invocation.attempt !== attempt.counter) return undefined;
  return draft.invocation.status === InvocationStatus.READY ? draft : undefined;
}

export function save(ctx: ApplyContext, draft: Draft): void {
  draft.invocation.modifiedAt = ctx.nowMs;
  ctx.tables.invocations.put(draft.runId, draft.invocation);
}

/** The next number of a counter of the partition, from 1. */
export function nextSequence(ctx: ApplyContext, name: string): number {
  const value = (ctx.tables.sequences.get(name)?.value ?? 0) + 1;
  ctx.tables.sequences.put(name, sequenceRow(value));
  return value;
}

/** Changes a count of the partition; one of zero has no row. */
export function addToCount(ctx: ApplyContext, name: string, change: 1 | -1): void {
  const value = countOf(ctx, name) + change;
  if (value <= 0) ctx.tables.sequences.delete(name);
  else ctx.tables.sequences.put(name, sequenceRow(value));
}

export function countOf(ctx: Pick<ApplyContext, "tables">, name: string): number {
  return ctx.tables.sequences.get(name)?.value ?? 0;
}

/** Tells the operator who waits, if one does. */
export function answer({ token, emit }: ApplyContext, outcome: VerbOutcome): void {
  if (token !== undefined) emit({ kind: "answered", token, outcome });
}

/**
 * Puts a message into the outbox. It reaches the partition in order, once.
 * @param place  the partition that an id names, as if there were all of them
 */
export function sendMessage(ctx: ApplyContext, place: number, message: Message): void {
  const to = homeOf(place, ctx.partitions);
  const sequence = nextSequence(ctx, `to:${String(to)}`);
  ctx.tables.outbox.put(outboxKey(to, sequence), message);
  ctx.emit({ kind: "send", to, sequence, message });
}

/** A command that the core refuses: the attempt that sent it fails, nothing is changed. */
export class CommandRejected extends Error {
  override readonly name = "CommandRejected";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
