// The data directory: who may use it, and which release wrote it. The lock is one that the operating system
// takes back when the process ends, however it ends.

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fsNativeExtensions from "fs-native-extensions";
import { partitionCount } from "@perdure/protocol/ids";

/** The layout that this release writes: shards/N/{log,store,payloads}. */
const formatVersion = 2;
/** Releases that know only this format look for one shard, and would not see others. */
const oneShardVersion = 1;

export interface DataDirectory {
  /** The directory of each shard, by its number. */
  readonly shards: readonly string[];
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

/** The data directory can't be used. Nothing in it was changed. */
export class DataDirectoryError extends Error {
  override readonly name = "DataDirectoryError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/**
 * @param shape  of a directory that is made by this. One that exists keeps its partitions, and must have as many shards
 * @throws DataDirectoryError
 */
export function openDataDirectory(directory: string, shape: DirectoryShape = {}): DataDirectory {
  try {
    // Inputs, results and headers of requests are in it: for the user that runs the server alone.
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new DataDirectoryError(
      "PDR1001",
      `the data directory ${directory} can't be created (${messageOf(error)}). Name another with --data-dir`,
    );
  }
  const lock = lockDirectory(directory);
  let format: Format;
  try {
    format = checkFormat(directory, shape);
  } catch (error) {
    closeSync(lock);
    throw error;
  }
  const numbers = [...Array(format.shards).keys()];
  return {
    shards: numbers.map((number) => join(directory, "shards", String(number))),
    partitions: format.partitions,
    release: () => {
      closeSync(lock);
    },
  };
}

/**
 * Takes the lock of a shard that a process of its own runs. One that lost its server still ends: that is waited for.
 * @returns lets go of it
 * @throws DataDirectoryError
 */
export async function lockShard(directory: string): Promise<() => void> {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notWritable(directory, error);
  }
  const file = openLock(directory);
  await fsNativeExtensions.waitForLock(file);
  return () => {
    closeSync(file);
  };
}

function openLock(directory: string): number {
  try {
    return openSync(join(directory, "lock"), "a+");
  } catch (error) {
    throw notWritable(directory, error);
  }
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

interface Format {
  readonly partitions: number;
  readonly shards: number;
}

function checkFormat(directory: string, shape: DirectoryShape): Format {
  const { partitions = partitionCount, shards = 1 } = shape;
  const path = join(directory, "format.json");
  if (!existsSync(path)) {
    if (existsSync(join(directory, "shards"))) {
      throw damaged(path, "it is missing, but there is data");
    }
    checkShards(partitions, shards);
    writeFormat(
      directory,
      path,
      shards === 1
        ? { format: oneShardVersion, partitions }
        : { format: formatVersion, partitions, shards },
    );
    return { partitions, shards };
  }
  const found = readFormat(path);
  const { format } = found;
  if (format <= formatVersion) {
    const { shards: asked = found.shards } = shape;
    if (found.shards !== asked) throw otherShards(directory, found.shards, asked);
    return found;
  }
  throw new DataDirectoryError(
    "PDR1003",
    `the data directory ${directory} has format ${String(format)}; this release knows formats up to ${String(formatVersion)}. Nothing was changed. Start the newer release that wrote it`,
  );
}

function checkShards(partitions: number, shards: number): void {
  if (shards <= partitions) return;
  throw new DataDirectoryError(
    "PDR1005",
    `${String(shards)} workers can't share ${String(partitions)} partitions. Give --workers ${String(partitions)} or less`,
  );
}

function otherShards(directory: string, found: number, asked: number): DataDirectoryError {
  return new DataDirectoryError(
    "PDR1005",
    `the data directory ${directory} is made for ${workersText(found)}, and the server was started with ${workersText(asked)}. Nothing was changed. Start it with --workers ${String(found)}`,
  );
}

function workersText(count: number): string {
  return count === 1 ? "1 worker" : `${String(count)} workers`;
}

/** As a whole, or not at all: a crash must not leave half of it. */
function writeFormat(directory: string, path: string, format: object): void {
  try {
    const unfinished = `${path}.new`;
    writeFileSync(unfinished, `${JSON.stringify(format)}\n`, { flush: true });
    renameSync(unfinished, path);
    syncDirectory(directory);
  } catch (error) {
    throw notWritable(directory, error);
  }
}

function syncDirectory(directory: string): void {
  // Windows neither knows nor needs it.
  if (process.platform === "win32") return;
  const opened = openSync(directory, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

function notWritable(directory: string, error: unknown): DataDirectoryError {
  return new DataDirectoryError(
    "PDR1001",
    `the data directory ${directory} can't be written to (${messageOf(error)}). Make room, mend its permissions, or name another with --data-dir`,
  );
}

function readFormat(path: string): Format & { readonly format: number } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw damaged(path, "it is not JSON");
  }
  const found = (parsed ?? {}) as Record<string, unknown>;
  const { format, partitions = partitionCount, shards = 1 } = found;
  if (!isCount(format)) throw damaged(path, "it names no format");
  if (!isCount(partitions) || partitions > partitionCount) {
    throw damaged(path, "it names no number of partitions");
  }
  if (!isCount(shards) || shards > partitions) throw damaged(path, "it names no number of shards");
  return { format, partitions, shards };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1;
}

function damaged(path: string, what: string): DataDirectoryError {
  return new DataDirectoryError(
    "PDR1004",
    `the data directory is damaged: ${path}: ${what}. Nothing was changed. Restore the directory from a backup, or name another with --data-dir`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
