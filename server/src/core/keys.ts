// Keys of the tables: strings of code units below 256, so that they sort as the bytes that the store
// makes of them. Parts of variable length end with a zero, which text can't contain (it is escaped).

import { base62OfNumber, bigintOfBase62 } from "@perdure/protocol/base62";

const end = "\u0000";

/** Sorts after every key that begins with `prefix`. */
export function endOfPrefix(prefix: string): string {
  return `${prefix}\u00ff`;
}

const sequenceWidth = 9;

/** A sequence number or a time in milliseconds. */
export function orderedNumber(value: number): string {
  return base62OfNumber(value, sequenceWidth);
}

const plain = /^[\u0002-\u007f]*$/;

/** Text of any alphabet: UTF-8, with 0 and 1 escaped. Never holds a zero or a 255. */
export function textKey(text: string): string {
  if (plain.test(text)) return text;
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"))
    .replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .replace(/[\u0000\u0001]/g, (char) => (char === "\u0000" ? "\u0001\u0001" : "\u0001\u0002"));
}

/** A virtual object or a workflow. Prefix of its state, inbox and promises. Names of services begin with no "@". */
export function objectKey(service: string, key: string, scope?: string): string {
  const object = service + end + textKey(key) + end;
  return scope === undefined ? object : `@${scope}${end}${object}`;
}

/** What waits for the limits of scopes, of one scope, or of one limit key in it. Prefix of rows in the inbox table. */
export function limitQueueKey(scope?: string, limitKey?: string): string {
  const ofScope = scope === undefined ? "" : scope + end;
  return `=${ofScope}${limitKey === undefined ? "" : limitKey + end}`;
}

/** The queue of a key made by {@link inboxKey}. */
export function queueOfInboxKey(key: string): string {
  return key.slice(0, -sequenceWidth);
}

export function inboxKey(object: string, sequence: number): string {
  return object + orderedNumber(sequence);
}

export function namedKey(object: string, name: string): string {
  return object + textKey(name);
}

/** The object of a key made by {@link namedKey}. */
export function objectOfKey(key: string): string {
  return key.slice(0, key.lastIndexOf(end) + 1);
}

export type TimerKind = "sleep" | "start" | "retry" | "retention" | "journalRetention";

const timerLetters: Record<TimerKind, string> = {
  sleep: "s",
  start: "i",
  retry: "r",
  retention: "x",
  journalRetention: "j",
};

/** The end of time: what would be due later is due then. */
const timeMax = Number.MAX_SAFE_INTEGER;

/** When something is due that was asked for at `nowMs`: in whole milliseconds, never early. */
export function dueAfter(nowMs: number, delayMs: bigint): number {
  return Math.min(timeMax, Math.ceil(nowMs) + Number(delayMs));
}

/** Timers of retention come after all others: what waits for those must not wait behind a million of these. */
const retentionPrefix = "~";

const isRetention: ReadonlySet<TimerKind> = new Set(["retention", "journalRetention"]);

/** Where the timers of retention begin, and those that are due by then end; and the same for all others. */
export function timerRange(retention: boolean, until?: number): readonly [string, string] {
  const prefix = retention ? retentionPrefix : "";
  if (until !== undefined) return [prefix, prefix + orderedNumber(until + 1)];
  return [prefix, retention ? endOfPrefix(prefix) : retentionPrefix];
}

/** @param id  tells timers of one kind and one run apart: no two may have the same key, ever */
export function timerKey(dueAt: number, runId: string, kind: TimerKind, id = 0): string {
  const due = orderedNumber(Math.min(timeMax, dueAt));
  const prefix = isRetention.has(kind) ? retentionPrefix : "";
  return prefix + due + runId + timerLetters[kind] + orderedNumber(id);
}

export function dueAtOfTimerKey(key: string): number {
  const from = key.startsWith(retentionPrefix) ? retentionPrefix.length : 0;
  return Number(bigintOfBase62(key.slice(from, from + sequenceWidth)));
}

export function readyKey(group: string, sequence: number): string {
  return group + end + orderedNumber(sequence);
}

/** The group of a key made by {@link readyKey}. */
export function groupOfReadyKey(key: string): string {
  return key.slice(0, key.length - sequenceWidth - end.length);
}

const partitionWidth = 3;

export function outboxKey(partition: number, sequence: number): string {
  return base62OfNumber(partition, partitionWidth) + orderedNumber(sequence);
}

/** The receiver and the sequence of a key made by {@link outboxKey}. */
export function addressOfOutboxKey(key: string): { to: number; sequence: number } {
  return {
    to: Number(bigintOfBase62(key.slice(0, partitionWidth))),
    sequence: Number(bigintOfBase62(key.slice(partitionWidth))),
  };
}

/** The sequence of a key made by {@link readyKey} or {@link inboxKey}. */
export function sequenceOfKey(key: string): number {
  return Number(bigintOfBase62(key.slice(-sequenceWidth)));
}
