// Where things are: the compiled entries of child processes, the command, a disk for the data.
import { existsSync, mkdirSync, mkdtempSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const benchRoot = fileURLToPath(new URL("..", import.meta.url));

/** Entry of the `perdure` command. */
export const perdureBin: string = join(benchRoot, "../cli/bin/perdure.js");

const memoryFilesystems: ReadonlyMap<number, string> = new Map([
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
]);

/**
 * A compiled file of this package. Children run compiled code without loaders, as in production.
 *
 * @param name  path below `src` without its ending
 * @throws Error  it has not been built
 */
export function compiledEntry(name: string): string {
  const path = join(benchRoot, "dist", `${name}.js`);
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`npm run build\``);
  return path;
}

/**
 * A new directory for the data of one run.
 *
 * @param parent  where to make it; by default the system's temporary directory, or this package's
 *                `results` folder if that one is kept in memory
 * @throws Error  `parent` is kept in memory, where durability costs nothing
 */
export function makeDataDirectory(parent: string | undefined): string {
  if (parent !== undefined) {
    const kind = memoryFilesystemOf(parent);
    if (kind) throw new Error(`${parent} is a ${kind}, kept in memory: data must be on a disk`);
    return mkdtempSync(join(parent, "perdure-bench-"));
  }
  if (memoryFilesystemOf(tmpdir()) === undefined)
    return mkdtempSync(join(tmpdir(), "perdure-bench-"));
  const results = join(benchRoot, "results");
  mkdirSync(results, { recursive: true });
  return mkdtempSync(join(results, "data-"));
}

function memoryFilesystemOf(directory: string): string | undefined {
  return memoryFilesystems.get(statfsSync(directory).type);
}
