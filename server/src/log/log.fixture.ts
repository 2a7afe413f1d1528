// What the tests of the event log share: records that follow one another, and logs opened so that
// what they replay can be looked at.

import { openLog, type EventLog, type LogRecord, type OpenLogOptions } from "./log.js";
import type { SimulatedDisk } from "./simulated-disk.js";

export const directory = "shards/0/log";
export const smallSegmentBytes = 8192;

export interface LogUnderTest {
  readonly log: EventLog;
  /** What replay delivered, without positions. */
  readonly records: readonly LogRecord[];
  readonly positions: readonly number[];
  readonly tornBytes: number;
}

/** `count` records that may follow `previous` in a log; no two are alike. */
export function recordsAfter(
  previous: readonly LogRecord[],
  count: number,
  bodyBytes = 20,
): LogRecord[] {
  const positions = new Map<number, number>();
  for (const record of previous) positions.set(record.partition, record.partitionPosition);
  return Array.from({ length: count }, (_, index) => {
    const number = previous.length + index + 1;
    const partition = number % 3;
    const partitionPosition = (positions.get(partition) ?? 0) + 1;
    positions.set(partition, partitionPosition);
    return {
      partition,
      partitionPosition,
      epoch: 7,
      timeMs: 1_700_000_000_000 + number / 4,
      kind: number % 11,
      behavior: 1,
      producerKind: number % 5,
      producerId: number * 1000,
      producerSequence: Number.MAX_SAFE_INTEGER - number,
      flags: 0,
      body: Uint8Array.from({ length: bodyBytes }, (__, byte) => (number * 31 + byte * 7) % 256),
    };
  });
}

export async function open(
  disk: SimulatedDisk,
  options: Partial<OpenLogOptions> = {},
): Promise<LogUnderTest> {
  const records: LogRecord[] = [];
  const positions: number[] = [];
  const { log, tornBytes } = await openLog({
    directory,
    segmentBytes: smallSegmentBytes,
    disk,
    replayFrom: 1,
    onRecord: ({ position, ...record }) => {
      positions.push(position);
      records.push(record);
    },
    ...options,
  });
  return { log, records, positions, tornBytes };
}

/** Appends batches of these sizes to a log that has `previous`; returns all records. */
export async function appendBatches(
  log: EventLog,
  previous: readonly LogRecord[],
  sizes: readonly number[],
  bodyBytes = 20,
): Promise<LogRecord[]> {
  const all = [...previous];
  for (const size of sizes) {
    const batch = recordsAfter(all, size, bodyBytes);
    await log.append(batch);
    all.push(...batch);
  }
  return all;
}

/** The same records, those that `isApart` names with bodies that are durable before they are appended. */
export async function withBodiesStored(
  log: EventLog,
  batch: readonly LogRecord[],
  isApart: (record: LogRecord) => boolean = () => true,
): Promise<LogRecord[]> {
  return Promise.all(
    batch.map(async (record) =>
      isApart(record) ? { ...record, stored: await log.storeBody([record.body]) } : record,
    ),
  );
}

/** One line for each record, to compare many quickly. */
export function linesOf(records: readonly LogRecord[]): string[] {
  return records.map(({ body, stored: _, ...header }) =>
    JSON.stringify([header, Buffer.from(body).toString("base64")]),
  );
}

/** The names of the segments of a log, oldest first. */
export function segmentsIn(disk: SimulatedDisk): string[] {
  return disk
    .namesIn(directory)
    .filter((name) => name.startsWith("segment-"))
    .sort();
}

/** What all files of the log take. */
export function bytesOn(disk: SimulatedDisk): number {
  const names = disk.namesIn(directory);
  return names.reduce((sum, name) => sum + disk.contentOf(directory, name).length, 0);
}

/** Every file of the log with its content, to compare. */
export function snapshotOf(disk: SimulatedDisk): Map<string, Buffer> {
  const names = disk.namesIn(directory);
  return new Map(names.map((name) => [name, Buffer.from(disk.contentOf(directory, name))]));
}
