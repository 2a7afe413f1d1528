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
const formatVersion = 1;

export interface DataDirectory {
  readonly shard: string;
  /** How many partitions it was made with. */
  readonly partitions: number;
  release(): void;
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
 * @param partitions  of a directory that is made by this
 * @throws DataDirectoryError
 */
export function openDataDirectory(
  directory: string,
  partitions: number = partitionCount,
): DataDirectory {
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
    format = checkFormat(directory, partitions);
  } catch (error) {
    closeSync(lock);
    throw error;
  }
  return {
    shard: join(directory, "shards", "0"),
    partitions: format.partitions,
    release: () => {
      closeSync(lock);
    },
  };
}

function lockDirectory(directory: string): number {
  let file: number;
  try {
    file = openSync(join(directory, "lock"), "a+");
  } catch (error) {
    throw notWritable(directory, error);
  }
  if (fsNativeExtensions.tryLock(file)) return file;
  closeSync(file);
  throw new DataDirectoryError(
    "PDR1002",
    `another server is using the data directory ${directory}. Stop it, or name another with --data-dir`,
  );
}

interface Format {
  readonly format: number;
  readonly partitions: number;
}

function checkFormat(directory: string, partitions: number): Format {
  const path = join(directory, "format.json");
  if (!existsSync(path)) {
    if (existsSync(join(directory, "shards"))) {
      throw damaged(path, "it is missing, but there is data");
    }
    const format = { format: formatVersion, partitions };
    writeFormat(directory, path, format);
    return format;
  }
  const found = readFormat(path);
  const { format } = found;
  if (format <= formatVersion) return found;
  throw new DataDirectoryError(
    "PDR1003",
    `the data directory ${directory} has format ${String(format)}; this release knows formats up to ${String(formatVersion)}. Nothing was changed. Start the newer release that wrote it`,
  );
}

/** As a whole, or not at all: a crash must not leave half of it. */
function writeFormat(directory: string, path: string, format: Format): void {
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

function readFormat(path: string): Format {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw damaged(path, "it is not JSON");
  }
  const { format, partitions = partitionCount } = (parsed ?? {}) as Record<string, unknown>;
  if (!isCount(format)) throw damaged(path, "it names no format");
  if (!isCount(partitions) || partitions > partitionCount) {
    throw damaged(path, "it names no number of partitions");
  }
  return { format, partitions };
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
