// The tables of a partition as bytes: their numbers (which never change), the messages in them, and how
// large a row is in memory, roughly.

import type { Entry, Failure, Value } from "@perdure/proto/protocol/v1/journal";
import type {
  Deployment,
  DurablePromise,
  Identity,
  InboxRow,
  Invocation,
  KeyLock,
  LimitRule,
  Message,
  ReadyRow,
  Sequence,
  StateRow,
  TimerRow,
} from "@perdure/proto/storage/v1/records";
import type { Codec } from "@perdure/proto/wire";
import { valueBytes } from "@perdure/protocol/frame-size";
import {
  DeploymentCodec,
  DurablePromiseCodec,
  IdentityCodec,
  InboxRowCodec,
  InvocationCodec,
  KeyLockCodec,
  LimitRuleCodec,
  MessageCodec,
  ReadyRowCodec,
  SequenceCodec,
  StateRowCodec,
  TimerRowCodec,
} from "@perdure/proto/wire/storage/v1/records";

export interface TableSpec<T> {
  /** Part of every key. */
  readonly number: number;
  readonly codec: Codec<T>;
  readonly kind: "point" | "range";
  readonly insertOnly: boolean;
  readonly sizeOf: (value: T) => number;
}

const small = (): number => 100;

export interface TableSpecs {
  readonly invocations: TableSpec<Invocation>;
  readonly identities: TableSpec<Identity>;
  readonly locks: TableSpec<KeyLock>;
  readonly inbox: TableSpec<InboxRow>;
  readonly state: TableSpec<StateRow>;
  readonly promises: TableSpec<DurablePromise>;
  readonly timers: TableSpec<TimerRow>;
  readonly ready: TableSpec<ReadyRow>;
  readonly outbox: TableSpec<Message>;
  readonly sequences: TableSpec<Sequence>;
  readonly deployments: TableSpec<Deployment>;
  readonly rules: TableSpec<LimitRule>;
}

// prettier-ignore
export const tableSpecs: TableSpecs = {
  invocations: { number: 1, codec: InvocationCodec, kind: "point", insertOnly: false, sizeOf: () => 900 },
  identities: { number: 2, codec: IdentityCodec, kind: "point", insertOnly: false, sizeOf: small },
  locks: { number: 4, codec: KeyLockCodec, kind: "point", insertOnly: false, sizeOf: small },
  inbox: { number: 5, codec: InboxRowCodec, kind: "range", insertOnly: true, sizeOf: small },
  state: { number: 6, codec: StateRowCodec, kind: "range", insertOnly: false, sizeOf: (row) => 100 + valueBytes(row.value) },
  promises: { number: 7, codec: DurablePromiseCodec, kind: "range", insertOnly: false, sizeOf: (row) => row.result.case === "value" ? 200 + valueBytes(row.result.value) : 300 },
  timers: { number: 8, codec: TimerRowCodec, kind: "range", insertOnly: true, sizeOf: small },
  ready: { number: 9, codec: ReadyRowCodec, kind: "range", insertOnly: true, sizeOf: small },
  outbox: { number: 10, codec: MessageCodec, kind: "range", insertOnly: true, sizeOf: () => 500 },
  sequences: { number: 11, codec: SequenceCodec, kind: "point", insertOnly: false, sizeOf: small },
  deployments: { number: 12, codec: DeploymentCodec, kind: "range", insertOnly: false, sizeOf: () => 5_000 },
  rules: { number: 15, codec: LimitRuleCodec, kind: "range", insertOnly: false, sizeOf: () => 300 },
};

/** Beside the tables above: journals (chunks) and the partition's own record. */
export const journalTableNumber = 3;
export const partitionTableNumber = 13;

/** Of a value, or of what a failure says. */
export function resultBytes(result: {
  readonly case: string | undefined;
  readonly value?: unknown;
}): number {
  if (result.case === "value") return valueBytes(result.value as Value);
  return result.case === "failure" ? (result.value as Failure).message.length : 0;
}

/** The size of an entry in memory: its objects, and the payload if it has one. */
export function entryBytes(entry: Entry): number {
  const { body } = entry;
  switch (body.case) {
    case "input":
      return 1_000 + valueBytes(body.value.value);
    case "output":
    case "completion":
    case "signal":
    case "completePromise":
      return 300 + resultBytes(body.value.result);
    case "setState":
      return 300 + valueBytes(body.value.value);
    case "call":
    case "send":
      return 600 + valueBytes(body.value.parameter);
    case "getState":
      return 300 + (body.value.eager.case === "value" ? valueBytes(body.value.eager.value) : 0);
    default:
      return 300;
  }
}
