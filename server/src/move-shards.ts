// Another number of workers: the partitions of a data directory move to as many shards. It happens before anything is
// served, and under all of the directory's locks. Recovery and checkpoints of the old shards are as at any start and stop;
// what is more is written beside them, and takes their place at once (directory-move.ts).

import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { abandonMove, beginMove, commitMove } from "./directory-move.js";
import { DataDirectoryError, syncPath } from "./directory-format.js";
import { lockShard } from "./data-directory.js";
import { isSetAside } from "./log/segment-files.js";
import type { Log } from "./observe/log.js";
import { movePartitions, type Moved } from "./shard/move-partitions.js";
import { recoverShard, type Recovered } from "./shard/recovery.js";
import { Environment } from "./store/environment.js";
import { freeBytes } from "./store/free-bytes.js";

export interface ShardMove {
  /** Of the data, which this process has locked. */
  readonly directory: string;
  readonly partitions: number;
  /** The directories of the shards that there are. */
  readonly from: readonly string[];
  /** How many there shall be. */
  readonly shards: number;
  readonly log: Log;
}

const progressMs = 5_000;
/** What folders, locks and empty stores take. */
const bytesOfShard = 256 * 1024;
const bytesOfMove = 1024 * 1024;

/**
 * Resolves when the partitions are in as many shards as there shall be.
 * @throws an error with a code: the directory is as it was, but for what any start does to it
 */
export async function moveShards(move: ShardMove): Promise<void> {
  const { directory, partitions, shards, from, log } = move;
  const way = `${String(partitions)} partitions from ${String(from.length)} to ${workersText(shards)}`;
  const locks: (() => void)[] = [];
  try {
    // The first one is that of the process which has the directory.
    for (const shard of from.slice(1)) {
      locks.push(
        await lockShard(shard, (path) => {
          log.warn(
            `moving partitions waits for ${path}, which a process of an earlier server holds`,
          );
        }),
      );
    }
    const begun = performance.now();
    const { rows, bytes } = await buildShards(move, way);
    commitMove(directory, { partitions, shards });
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    log.info(`moved ${way}: ${String(rows)} rows, ${String(bytes)} bytes, ${seconds} s`);
  } finally {
    for (const release of locks) release();
  }
}

/** Resolves when the new shards are whole and on disk. The old ones are closed then. */
async function buildShards(move: ShardMove, way: string): Promise<Moved> {
  const found: Recovered[] = [];
  try {
    // All of them, before anything is written: where one is damaged, the server does not start.
    for (const directory of move.from) {
      const { partitions } = move;
      found.push(await recoverShard({ directory, partitions, writer: "inline" }));
    }
    return await writeShards(move, found, way);
  } finally {
    for (const { log, store } of found) {
      await log.close();
      await store.close();
    }
  }
}

async function writeShards(
  move: ShardMove,
  found: readonly Recovered[],
  way: string,
): Promise<Moved> {
  const { directory, shards, log } = move;
  const needed = found.reduce(
    (sum, { store }) => sum + store.bytesToMove,
    bytesOfMove + shards * bytesOfShard,
  );
  if (freeBytes(directory) < needed) throw noRoom(move, needed);
  log.info(`moving ${way}`);
  let moved: Moved | "diskFull";
  try {
    moved = await writeAll(move, found);
  } catch (error) {
    abandonMove(directory);
    throw isFull(error) ? noRoom(move, needed) : error;
  }
  if (moved !== "diskFull") return moved;
  abandonMove(directory);
  throw noRoom(move, needed);
}

async function writeAll(move: ShardMove, found: readonly Recovered[]): Promise<Moved | "diskFull"> {
  for (const { store, log } of found) {
    store.giveUpWhenFull();
    if ((await store.checkpoint(log.lastPosition)) === "diskFull") return "diskFull";
  }
  const paths = beginMove(move.directory, move.shards);
  const moved = await movePartitions({
    from: found.map(({ store }) => store),
    to: paths.map((path) => () => Environment.open(join(path, "store"))),
    moved: progressOf(move),
  });
  if (moved === "diskFull") return "diskFull";
  keepSetAside(move.from[0] ?? "", paths[0] ?? "");
  for (const path of paths) {
    syncPath(join(path, "store", "data.mdb"));
    syncPath(join(path, "store"));
    syncPath(path);
  }
  return moved;
}

/** What an operator has given up of a log is kept for inspection. Only the log of the one shard that there was can have it. */
function keepSetAside(from: string, to: string): void {
  const names = readdirSync(join(from, "log")).filter((name) => isSetAside(name));
  if (names.length === 0) return;
  mkdirSync(join(to, "log"));
  for (const name of names) {
    const copy = join(to, "log", name);
    copyFileSync(join(from, "log", name), copy);
    syncPath(copy);
  }
  syncPath(join(to, "log"));
}

function progressOf({ partitions, log }: ShardMove): (more: number) => void {
  let done = 0;
  let toldAt = performance.now();
  return (more) => {
    done += more;
    if (performance.now() - toldAt < progressMs) return;
    toldAt = performance.now();
    log.info(`moved ${String(done)} of ${String(partitions)} partitions so far`);
  };
}

function isFull(error: unknown): boolean {
  return (
    error instanceof Error && /no space left|quota exceeded|ENOSPC|EDQUOT/i.test(error.message)
  );
}

function noRoom({ directory, shards, from }: ShardMove, needed: number): DataDirectoryError {
  const megabytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  return new DataDirectoryError(
    "PDR1007",
    `there is no room on the disk of ${directory} to move its partitions to ${workersText(shards)}: that takes up to ${megabytes(needed)}, and ${megabytes(freeBytes(directory))} are free. Nothing was changed. Make room, or go on with --workers ${String(from.length)}`,
  );
}

function workersText(count: number): string {
  return count === 1 ? "1 worker" : `${String(count)} workers`;
}
