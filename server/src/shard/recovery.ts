// Start of a shard: LMDB as of its last checkpoint, the log replayed from there, a new epoch for every
// partition. Replay releases no effect.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { OpenedSchema } from "@perdure/proto/storage/v1/events";
import { apply, behaviorVersion } from "../core/apply.js";
import { openLog, type Disk, type EventLog, type PositionedRecord } from "../log/log.js";
import { Store, type StoreOptions } from "../store/store.js";
import { decodeEvent } from "./event-codec.js";
import { everywhere, type Placement } from "./placement.js";
import { recordOf } from "./shard.js";

// What tools need that write a log or tables themselves.
export type { LogRecord } from "../log/log.js";
export type { CheckpointOperation } from "../store/checkpoint-batch.js";
export { Environment } from "../store/environment.js";
export { recordOf } from "./shard.js";

export interface RecoverOptions {
  /** The shard's directory: log, store and payloads are in it. */
  readonly directory: string;
  readonly writer: StoreOptions["writer"];
  /** Of the directory. Default 64. */
  readonly partitions?: number;
  readonly segmentBytes?: number;
  /** "cut": the operator gives up the records from the first one that can't be read. Default "refuse". */
  readonly damagedLog?: "refuse" | "cut";
  /** What the log lies on. Default: the real one. */
  readonly disk?: Disk;
  /** What the tables lie in. Default: LMDB. */
  readonly simulatedStore?: StoreOptions["simulated"];
}

export interface Recovered {
  readonly log: EventLog;
  readonly store: Store;
  /** Records that were replayed. */
  readonly replayed: number;
}

/** The log was written by a newer release. Nothing was changed. */
export class NewerBehavior extends Error {
  override readonly name = "NewerBehavior";
  readonly code = "PDR1302";

  constructor(record: PositionedRecord) {
    super(
      `PDR1302: record ${String(record.position)} of the event log (kind ${String(record.kind)}, behaviour ${String(record.behavior)}) was written by a newer release than this one (behaviour ${String(behaviorVersion)}). Nothing was changed. Start the release that wrote it`,
    );
  }
}

/** The tables were written by a newer release. Nothing was changed. */
export class NewerTables extends Error {
  override readonly name = "NewerTables";
  readonly code = "PDR1220";

  constructor(behavior: number) {
    super(
      `PDR1220: the tables were written by a newer release than this one (behaviour ${String(behavior)}; this release knows up to ${String(behaviorVersion)}). Nothing was changed. Start the release that wrote them`,
    );
  }
}

/** The tables lack events that a checkpoint says they hold: rows of the store are lost. Nothing was changed. */
export class TablesBehindLog extends Error {
  override readonly name = "TablesBehindLog";
  readonly code = "PDR1210";

  constructor(partition: number, applied: number, logged: number) {
    super(
      `PDR1210: the tables hold partition ${String(partition)} up to event ${String(applied)}, but the log goes on at ${String(logged)}: rows of the store are lost. Nothing was changed. Restore the whole data directory from a backup`,
    );
  }
}

export async function recoverShard(options: RecoverOptions): Promise<Recovered> {
  const { writer, partitions, simulatedStore: simulated } = options;
  if (simulated === undefined) mkdirSync(join(options.directory, "payloads"), { recursive: true });
  const directory = join(options.directory, "store");
  const store = new Store({
    directory,
    writer,
    ...(partitions === undefined ? {} : { partitions }),
    ...(simulated === undefined ? {} : { simulated }),
  });
  try {
    checkBehavior(store);
    const { log, replayed, lastOfPartitions } = await openLog({
      directory: join(options.directory, "log"),
      ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
      ...(options.damagedLog === undefined ? {} : { damage: options.damagedLog }),
      ...(options.disk === undefined ? {} : { disk: options.disk }),
      replayFrom: store.checkpointPosition + 1,
      onRecord: (record) => {
        replay(store, record);
      },
    });
    for (const [partition, last] of lastOfPartitions) {
      const { appliedPosition } = store.partition(partition).partitionState;
      if (appliedPosition >= last) continue;
      await log.close();
      throw new TablesBehindLog(partition, appliedPosition, last);
    }
    return { log, store, replayed };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Rows that newer rules wrote may mean what this release does not know; their events may be long trimmed. */
function checkBehavior(store: Store): void {
  for (const number of store.partitionNumbers) {
    const { behavior } = store.partition(number).partitionState;
    if (behavior > behaviorVersion) throw new NewerTables(behavior);
  }
}

/** Event time of the newest record that there is; 0 for none. */
export function lastEventAt({ store }: Pick<Recovered, "store">): number {
  const times = [...store.partitionNumbers].map((number) => {
    return store.partition(number).partitionState.appliedAt;
  });
  return Math.max(0, ...times);
}

/** Raises the epoch of every partition that is run here: attempts that were running are over. */
export async function openEpoch(
  { log, store }: Recovered,
  nowMs: number,
  { isHere }: Placement = everywhere,
): Promise<void> {
  const opened = [...store.partitionNumbers].filter((number) => isHere(number));
  const batch = opened.map((partition) => {
    const { partitionState } = store.partition(partition);
    partitionState.epoch++;
    partitionState.behavior = behaviorVersion;
    partitionState.appliedPosition++;
    partitionState.appliedAt = nowMs;
    const { appliedPosition, epoch } = partitionState;
    const value = create(OpenedSchema, { epoch });
    return recordOf(partition, appliedPosition, epoch, nowMs, { case: "opened", value });
  });
  await log.append(batch);
}

function replay(store: Store, record: PositionedRecord): void {
  const tables = store.partition(record.partition);
  const { partitionState } = tables;
  const { appliedPosition } = partitionState;
  if (record.partitionPosition <= appliedPosition) return;
  if (record.partitionPosition !== appliedPosition + 1) {
    throw new TablesBehindLog(record.partition, appliedPosition, record.partitionPosition);
  }
  const event = decodeEvent(record.kind, record.body);
  if (event === undefined || record.behavior > behaviorVersion) throw new NewerBehavior(record);
  if (event.case === "opened") partitionState.epoch = event.value.epoch;
  apply(
    {
      tables,
      partition: record.partition,
      partitions: store.partitions,
      epoch: partitionState.epoch,
      nowMs: record.timeMs,
      token: undefined,
      emit: () => undefined,
    },
    event,
  );
  tables.undo.commit();
  partitionState.appliedPosition = record.partitionPosition;
  partitionState.appliedAt = record.timeMs;
}
