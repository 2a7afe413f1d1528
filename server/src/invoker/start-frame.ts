// The frame that begins an attempt: the journal, and the state if it is small enough to come along.

import type { Start } from "@perdure/proto/protocol/v1/deployment";
import type { Invocation } from "@perdure/proto/storage/v1/records";
import { valueBytes } from "@perdure/protocol/frame-size";
import { endOfPrefix } from "../core/keys.js";
import { objectOf } from "../core/lock.js";
import type { Tables } from "../core/tables.js";
import { entryBytes } from "../store/table-specs.js";
import { LargeStates } from "./large-states.js";

export interface StartFrameOptions {
  readonly lazyState: boolean;
  /** State that comes along; more is asked for key by key. */
  readonly stateBytesMax: number;
  readonly nowMs: number;
}

export function startFrame(
  tables: Tables,
  runId: string,
  invocation: Invocation,
  options: StartFrameOptions,
): Start {
  const entries = tables.journal.read(runId);
  const start: Start = {
    $typeName: "perdure.protocol.v1.Start",
    runId,
    invocationId: invocation.id,
    knownEntries: entries.length,
    entries,
    randomSeed: invocation.randomSeed,
    retryCount: invocation.retryCount,
    millisSinceProgress: BigInt(Math.max(0, Math.floor(options.nowMs - invocation.progressAt))),
    target: invocation.target,
    state: [],
    partialState: false,
    attemptHeaders: [],
  };
  if (invocation.idempotencyKey !== "") start.idempotencyKey = invocation.idempotencyKey;
  if (!options.lazyState) addState(start, tables, invocation, options.stateBytesMax);
  else start.partialState = objectOf(invocation) !== undefined;
  return start;
}

const statesPerLook = 1_000;
/** State that is read in vain is too much to be read at each attempt. */
const readInVainMax = 1024 * 1024;
const largeStates = new LargeStates();

function addState(start: Start, tables: Tables, invocation: Invocation, bytesMax: number): void {
  const object = objectOf(invocation);
  if (object === undefined) return;
  if (largeStates.has(tables, object)) {
    start.partialState = true;
    return;
  }
  let bytes = 0;
  const rows = tables.state.scan(object, endOfPrefix(object), statesPerLook);
  for (const { value: row } of rows) {
    bytes += row.name.length + valueBytes(row.value);
    if (bytes > bytesMax) {
      if (bytes > readInVainMax) largeStates.add(tables, object);
      break;
    }
    if (row.value === undefined) continue;
    const { name: key, value } = row;
    start.state.push({ $typeName: "perdure.protocol.v1.StateEntry", key, value });
  }
  start.partialState = bytes > bytesMax || rows.length === statesPerLook;
}

/** What an attempt that begins so has in memory, roughly. */
export function bytesOfStart(start: Start): number {
  let bytes = 0;
  for (const entry of start.entries) bytes += entryBytes(entry);
  for (const { key, value } of start.state) bytes += key.length + valueBytes(value);
  return bytes;
}
