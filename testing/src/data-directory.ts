// Where the embedded server keeps its data: a new directory that is removed when the environment stops, or else
// when the process ends.

import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system that lives in memory, on Linux. A sync costs nothing there. */
const memoryRoot = "/dev/shm";
/** What must be free in it: the tables are mapped, and a full one would end the process. */
const memoryBytesMin = 512 * 1024 * 1024;

export type Storage = "memory" | "disk";

/** Those that are there. */
const directories = new Set<string>();

export interface TemporaryDirectory {
  readonly path: string;
  remove(): void;
}

/** "memory" is the disk too where there is no file system in memory, or not enough room in it. */
export function temporaryDirectory(storage: Storage): TemporaryDirectory {
  const root = storage === "memory" && isRoomy(memoryRoot) ? memoryRoot : tmpdir();
  const path = mkdtempSync(join(root, "perdure-test-"));
  if (directories.size === 0) process.once("exit", removeAll);
  directories.add(path);
  return {
    path,
    remove: () => {
      remove(path);
      if (directories.size === 0) process.off("exit", removeAll);
    },
  };
}

function remove(path: string): void {
  directories.delete(path);
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/** A test that forgot to stop its environment, or was stopped itself. */
function removeAll(): void {
  for (const path of directories) remove(path);
}

function isRoomy(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize >= memoryBytesMin;
  } catch {
    return false;
  }
}
