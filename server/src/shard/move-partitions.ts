// Partitions move to other shards, as they are: a partition stands alone, so its rows are all that there is of it. What a
// shard has besides stays behind: its log, which the rows hold all of, and the position of its checkpoint.
//   M1. A new shard has the rows of its own partitions and of no other, under an empty log.
//   M2. Each new shard gets the registry of the first one: that is the one which leads, so others have of it what they
//       were told, or less.

import { setImmediate as nextTurn } from "node:timers/promises";
import { registryPartition } from "@perdure/protocol/ids";
import type { StoreEnvironment } from "../store/environment.js";
import { PartitionCopy } from "../store/partition-copy.js";
import type { Store } from "../store/store.js";
import { shardOf } from "./placement.js";

export interface MoveOptions {
  /** The shards that have the partitions, by their numbers. All that was applied is in their checkpoints. */
  readonly from: readonly Store[];
  /** Opens the store of each new shard: empty, and closed when it has its partitions. */
  readonly to: readonly (() => StoreEnvironment)[];
  /** Told each time when that many more partitions are on disk in their new place. */
  readonly moved?: (partitions: number) => void;
}

export interface Moved {
  readonly rows: number;
  readonly bytes: number;
}

/** Resolves when all partitions are on disk in their new stores, or with "diskFull" where there is no room for them. */
export async function movePartitions(options: MoveOptions): Promise<Moved | "diskFull"> {
  let rows = 0;
  let bytes = 0;
  for (const [number, open] of options.to.entries()) {
    const environment = open();
    try {
      const copy = new PartitionCopy(environment);
      if ((await copyAll(options, number, environment, copy)) === "diskFull") return "diskFull";
      rows += copy.rows;
      bytes += copy.bytes;
    } finally {
      await environment.close();
    }
  }
  return { rows, bytes };
}

async function copyAll(
  { from, to, moved = () => undefined }: MoveOptions,
  shard: number,
  environment: StoreEnvironment,
  copy: PartitionCopy,
): Promise<"copied" | "diskFull"> {
  const [leader] = from as readonly [Store];
  const partitions = [...Array(leader.partitions).keys()];
  const own = partitions.filter((each) => shardOf(each, partitions.length, to.length) === shard);
  for (const partition of own) {
    const source = from[shardOf(partition, partitions.length, from.length)] ?? leader;
    if ((await copyRows(source, partition, copy)) === "diskFull") return "diskFull";
    // Their pages would count as memory of the process.
    source.rest();
    environment.rest();
    moved(1);
  }
  if ((await copyRows(leader, registryPartition, copy)) === "diskFull") return "diskFull";
  return copy.write() === "diskFull" ? "diskFull" : "copied";
}

async function copyRows(
  source: Store,
  partition: number,
  copy: PartitionCopy,
): Promise<"copied" | "diskFull"> {
  let last = copy.take(source.storedRows(partition));
  while (last !== undefined) {
    if (copy.write() === "diskFull") return "diskFull";
    // The ports answer meanwhile that the server is starting.
    await nextTurn();
    last = copy.take(source.storedRows(partition, last));
  }
  return "copied";
}
