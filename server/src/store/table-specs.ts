// The tables of a partition as bytes: their numbers (which never change), the messages in them, and how
// large a row is in memory, roughly.

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Entry, Failure, Value } from "@perdure/proto/protocol/v1/journal";
import {
  DeploymentSchema,
  DurablePromiseSchema,
  IdentitySchema,
  InboxRowSchema,
  InvocationSchema,
  KeyLockSchema,
  LimitRuleSchema,
  MessageSchema,
  ReadyRowSchema,
  SequenceSchema,
  StateRowSchema,
  TimerRowSchema,
} from "@perdure/proto/storage/v1/records";

export interface TableSpec<Desc extends DescMessage> {
  /** Part of every key. */
  readonly number: number;
  readonly schema: Desc;
  readonly kind: "point" | "range";
  readonly insertOnly: boolean;
  readonly sizeOf: (value: MessageShape<Desc>) => number;
}

const small = (): number => 100;

export interface TableSpecs {
  readonly invocations: TableSpec<typeof InvocationSchema>;
  readonly identities: TableSpec<typeof IdentitySchema>;
  readonly locks: TableSpec<typeof KeyLockSchema>;
  readonly inbox: TableSpec<typeof InboxRowSchema>;
  readonly state: TableSpec<typeof StateRowSchema>;
  readonly promises: TableSpec<typeof DurablePromiseSchema>;
  readonly timers: TableSpec<typeof TimerRowSchema>;
  readonly ready: TableSpec<typeof ReadyRowSchema>;
  readonly outbox: TableSpec<typeof MessageSchema>;
  readonly sequences: TableSpec<typeof SequenceSchema>;
  readonly deployments: TableSpec<typeof DeploymentSchema>;
  readonly rules: TableSpec<typeof LimitRuleSchema>;
}

// prettier-ignore
export const tableSpecs: TableSpecs = {
  invocations: { number: 1, schema: InvocationSchema, kind: "point", insertOnly: false, sizeOf: () => 900 },
  identities: { number: 2, schema: IdentitySchema, kind: "point", insertOnly: false, sizeOf: small },
  locks: { number: 4, schema: KeyLockSchema, kind: "point", insertOnly: false, sizeOf: small },
  inbox: { number: 5, schema: InboxRowSchema, kind: "range", insertOnly: true, sizeOf: small },
  state: { number: 6, schema: StateRowSchema, kind: "range", insertOnly: false, sizeOf: (row) => 100 + valueBytes(row.value) },
  promises: { number: 7, schema: DurablePromiseSchema, kind: "range", insertOnly: false, sizeOf: (row) => row.result.case === "value" ? 200 + valueBytes(row.result.value) : 300 },
  timers: { number: 8, schema: TimerRowSchema, kind: "range", insertOnly: true, sizeOf: small },
  ready: { number: 9, schema: ReadyRowSchema, kind: "range", insertOnly: true, sizeOf: small },
  outbox: { number: 10, schema: MessageSchema, kind: "range", insertOnly: true, sizeOf: () => 500 },
  sequences: { number: 11, schema: SequenceSchema, kind: "point", insertOnly: false, sizeOf: small },
  deployments: { number: 12, schema: DeploymentSchema, kind: "range", insertOnly: false, sizeOf: () => 5_000 },
  rules: { number: 15, schema: LimitRuleSchema, kind: "range", insertOnly: false, sizeOf: () => 300 },
};

/** Beside the tables above: journals (chunks) and the partition's own record. */
export const journalTableNumber = 3;
export const partitionTableNumber = 13;

export function valueBytes(value: Value | undefined): number {
  return value?.content.case === "inline" ? value.content.value.length : 0;
}

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
