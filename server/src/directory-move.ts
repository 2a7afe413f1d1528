// The folders of a move: new shards are built beside the old ones, and take their place as a whole.
//   D1. Until format.json says that the partitions are moved, the old shards have them, and the new folder is worthless: any
//       release opens the directory as it was.
//   D2. From then on the new shards have them. Format and folder still have to be brought into the layout that earlier
//       releases know; until that is done they refuse the directory.
//   D3. Each step is on disk before the next one begins, and the next start goes on wherever a crash came.

import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  damagedFormat,
  DataDirectoryError,
  notWritable,
  syncPath,
  writeFormat,
  type Format,
  type FoundFormat,
} from "./directory-format.js";

const folder = "shards";
const nextFolder = "shards.next";

/** The directory of each shard, by its number. */
export function shardPaths(directory: string, shards: number): string[] {
  return pathsIn(join(directory, folder), shards);
}

/** Whether there is data, of a server or of a move. */
export function hasShards(directory: string): boolean {
  return existsSync(join(directory, folder)) || existsSync(join(directory, nextFolder));
}

/**
 * Room for new shards, empty.
 * @returns the directory of each
 * @throws DataDirectoryError
 */
export function beginMove(directory: string, shards: number): string[] {
  const next = join(directory, nextFolder);
  const paths = pathsIn(next, shards);
  try {
    abandonMove(directory);
    mkdirSync(next, { mode: 0o700 });
    for (const path of paths) mkdirSync(path);
  } catch (error) {
    throw notWritable(directory, error);
  }
  return paths;
}

/** What was begun is of no use. */
export function abandonMove(directory: string): void {
  rmSync(join(directory, nextFolder), { recursive: true, force: true });
}

/**
 * The new shards take the place of the old ones. All that is in them is on disk.
 * @throws DataDirectoryError
 */
export function commitMove(directory: string, format: Format): void {
  try {
    syncPath(join(directory, nextFolder));
    syncPath(directory);
  } catch (error) {
    throw notWritable(directory, error);
  }
  writeFormat(directory, { ...format, isMoved: true });
  settleMove(directory, { ...format, isMoved: true });
}

/**
 * Ends what a crash may have left half-way: a move that was decided is brought to its end, any other is forgotten.
 * @throws DataDirectoryError
 */
export function settleMove(directory: string, format: FoundFormat): void {
  try {
    if (!format.isMoved) return abandonMove(directory);
    const next = join(directory, nextFolder);
    const place = join(directory, folder);
    if (!hasShards(directory))
      throw damagedFormat(directory, "it names shards, and there are none");
    // Where it is gone, it has its name already.
    if (existsSync(next)) {
      rmSync(place, { recursive: true, force: true });
      syncPath(directory);
      renameSync(next, place);
      syncPath(directory);
    }
  } catch (error) {
    throw error instanceof DataDirectoryError ? error : notWritable(directory, error);
  }
  writeFormat(directory, { ...format, isMoved: false });
}

function pathsIn(parent: string, shards: number): string[] {
  return Array.from(Array(shards).keys(), (number) => join(parent, String(number)));
}
