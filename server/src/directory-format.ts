// What format.json says: which layout a data directory has, with how many partitions and shards. It is replaced as a whole,
// so it is also where a move of the partitions to other shards is decided (directory-move.ts).

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { errorMessage } from "@perdure/protocol/error-message";
import { partitionCount } from "@perdure/protocol/ids";

/** Releases that know only this format look for one shard, and would not see others. */
const oneShardVersion = 1;
const severalShardsVersion = 2;
/** Partitions were moved, and the folder of their new shards has not got its name yet. Lasts for a moment of a start. */
const movedVersion = 3;

export interface Format {
  readonly partitions: number;
  readonly shards: number;
}

export interface FoundFormat extends Format {
  /** The new shards hold the partitions, whatever lies in the place of the old ones. */
  readonly isMoved: boolean;
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
 * @returns undefined where there is none
 * @throws DataDirectoryError
 */
export function readFormat(directory: string): FoundFormat | undefined {
  const path = pathIn(directory);
  if (!existsSync(path)) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw damagedFormat(directory, "it is not JSON");
  }
  const found = (parsed ?? {}) as Record<string, unknown>;
  const { format, partitions = partitionCount, shards = 1 } = found;
  if (!isCount(format)) throw damagedFormat(directory, "it names no format");
  if (format > movedVersion) throw newerFormat(directory, format);
  if (!isCount(partitions) || partitions > partitionCount) {
    throw damagedFormat(directory, "it names no number of partitions");
  }
  if (!isCount(shards) || shards > partitions) {
    throw damagedFormat(directory, "it names no number of shards");
  }
  return { partitions, shards, isMoved: format === movedVersion };
}

/**
 * As a whole, or not at all: a crash must not leave half of it. On disk when this returns.
 * @throws DataDirectoryError
 */
export function writeFormat(directory: string, { partitions, shards, isMoved }: FoundFormat): void {
  const several = { format: isMoved ? movedVersion : severalShardsVersion, partitions, shards };
  const format = shards === 1 && !isMoved ? { format: oneShardVersion, partitions } : several;
  const path = pathIn(directory);
  try {
    const unfinished = `${path}.new`;
    writeFileSync(unfinished, `${JSON.stringify(format)}\n`, { flush: true });
    renameSync(unfinished, path);
    syncPath(directory);
  } catch (error) {
    throw notWritable(directory, error);
  }
}

/** A folder, or a file. */
export function syncPath(path: string): void {
  // Windows neither knows nor needs it.
  if (process.platform === "win32") return;
  const opened = openSync(path, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

export function damagedFormat(directory: string, what: string): DataDirectoryError {
  return new DataDirectoryError(
    "PDR1004",
    `the data directory is damaged: ${pathIn(directory)}: ${what}. Nothing was changed. Restore the directory from a backup, or name another with --data-dir`,
  );
}

export function notWritable(directory: string, error: unknown): DataDirectoryError {
  return new DataDirectoryError(
    "PDR1001",
    `the data directory ${directory} can't be written to (${errorMessage(error)}). Make room, mend its permissions, or name another with --data-dir`,
  );
}

function newerFormat(directory: string, format: number): DataDirectoryError {
  return new DataDirectoryError(
    "PDR1003",
    `the data directory ${directory} has format ${String(format)}; this release knows formats up to ${String(movedVersion)}. Nothing was changed. Start the newer release that wrote it`,
  );
}

function pathIn(directory: string): string {
  return join(directory, "format.json");
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1;
}
