// The data directory: who may use it, and which release wrote it. The lock is one that the operating system
// takes back when the process ends, however it ends.

import { closeSync, fstatSync, mkdirSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import fsNativeExtensions from "fs-native-extensions";
import { errorMessage } from "@perdure/protocol/error-message";
import { partitionCount } from "@perdure/protocol/ids";
import {
  damagedFormat,
  DataDirectoryError,
  notWritable,
  readFormat,
  writeFormat,
  type Format,
} from "./directory-format.js";
import { hasShards, settleMove, shardPaths } from "./directory-move.js";

export { DataDirectoryError } from "./directory-format.js";

export interface DataDirectory {
  readonly path: string;
  /** The directory of each shard, by its number: of as many as were asked for. */
  readonly shards: readonly string[];
  /** Of each shard that it has, where these are not as many: the partitions are to be moved before `shards` are opened. */
  readonly movesFrom: readonly string[] | undefined;
  /** How many partitions it was made with. */
  readonly partitions: number;
  release(): void;
}

export interface DirectoryShape {
  /** Default 64. */
  readonly partitions?: number;
  /** Default: as many as there are, 1 in a directory that is made. */
  readonly shards?: number | undefined;
}

/**
 * @param shape  of a directory that is made by this. One that exists keeps its partitions
 * @throws DataDirectoryError
 */
export function openDataDirectory(directory: string, shape: DirectoryShape = {}): DataDirectory {
  try {
    // Inputs, results and headers of requests are in it: for the user that runs the server alone.
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new DataDirectoryError(
      "PDR1001",
      `the data directory ${directory} can't be created (${errorMessage(error)}). Name another with --data-dir`,
    );
  }
  const lock = lockDirectory(directory);
  try {
    const { partitions, shards } = openFormat(directory, shape);
    const wanted = shape.shards ?? shards;
    checkShards(partitions, wanted);
    return {
      path: directory,
      shards: shardPaths(directory, wanted),
      movesFrom: wanted === shards ? undefined : shardPaths(directory, shards),
      partitions,
      release: () => {
        closeSync(lock);
      },
    };
  } catch (error) {
    closeSync(lock);
    throw error;
  }
}

const lockWarningMs = 5_000;

/**
 * Takes the lock of a shard that a process of its own runs. One that lost its server still ends: that is waited for.
 * @param waits  told where it takes long, with the path of the lock
 * @returns lets go of it
 * @throws DataDirectoryError
 */
export async function lockShard(
  directory: string,
  waits: (path: string) => void,
): Promise<() => void> {
  const warning = setTimeout(waits, lockWarningMs, lockPath(directory));
  try {
    for (;;) {
      try {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
      } catch (error) {
        throw notWritable(directory, error);
      }
      const file = openLock(directory);
      await fsNativeExtensions.waitForLock(file);
      const release = (): void => {
        closeSync(file);
      };
      if (isLockOf(directory, file)) return release;
      release();
    }
  } finally {
    clearTimeout(warning);
  }
}

/** Who held it may have put other shards in the place of this one. */
function isLockOf(directory: string, file: number): boolean {
  const found = statSync(lockPath(directory), { throwIfNoEntry: false, bigint: true });
  return found?.ino === fstatSync(file, { bigint: true }).ino;
}

function openLock(directory: string): number {
  try {
    return openSync(lockPath(directory), "a+");
  } catch (error) {
    throw notWritable(directory, error);
  }
}

function lockPath(directory: string): string {
  return join(directory, "lock");
}

function lockDirectory(directory: string): number {
  const file = openLock(directory);
  if (fsNativeExtensions.tryLock(file)) return file;
  closeSync(file);
  throw new DataDirectoryError(
    "PDR1002",
    `another server is using the data directory ${directory}. Stop it, or name another with --data-dir`,
  );
}

function openFormat(directory: string, shape: DirectoryShape): Format {
  const found = readFormat(directory);
  if (found !== undefined) {
    settleMove(directory, found);
    return found;
  }
  if (hasShards(directory)) throw damagedFormat(directory, "it is missing, but there is data");
  const { partitions = partitionCount, shards = 1 } = shape;
  checkShards(partitions, shards);
  writeFormat(directory, { partitions, shards, isMoved: false });
  return { partitions, shards };
}

function checkShards(partitions: number, shards: number): void {
  if (shards <= partitions) return;
  throw new DataDirectoryError(
    "PDR1005",
    `${String(shards)} workers can't share ${String(partitions)} partitions. Nothing was changed. Give --workers ${String(partitions)} or less`,
  );
}
