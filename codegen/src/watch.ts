// `--watch`: runs codegen, and again whenever something that it reads has changed.
//   - What it reads: files that the patterns can match, and every file that the last run came to, so that a type in
//     another folder counts, too.
//   - Changes that come together are one run. What changes during a run is seen by the next.
//   - Errors in the code are told and end nothing.

import { watch as watchPaths, type FSWatcher } from "chokidar";
import { stat } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { CodegenSettings } from "./model/settings.js";
import { runCodegen, type CodegenRun } from "./run.js";

export interface WatchOptions {
  /** After each run, the first one included. */
  readonly onRun: (run: CodegenRun) => void;
  /** A run that could not do its work: PDR64…. The next change runs again. */
  readonly onError: (error: unknown) => void;
  /** How long it is quiet before a run. 100 ms by default. */
  readonly debounceMs?: number;
}

export interface Watching {
  /** Resolves when the files are watched and the first run is over. */
  readonly ready: Promise<void>;
  /** Stops it; resolves when the run that is under way is over. */
  readonly close: () => Promise<void>;
}

export function watch(settings: CodegenSettings, options: WatchOptions): Watching {
  const { debounceMs = 100 } = options;
  const out = resolve(settings.cwd, settings.out);
  const roots = [...new Set(settings.sources.map((glob) => rootOf(settings.cwd, glob)))];
  const isInside = (path: string, folder: string): boolean =>
    path === folder || path.startsWith(folder + sep);
  const ofRoots = watchPaths(roots, {
    ignored: (path, stats) =>
      isInside(path, out) ||
      /[\\/](node_modules|\.git)([\\/]|$)/.test(path) ||
      (stats?.isFile() === true && !/\.([mc]?tsx?|json)$/.test(path)),
    ignoreInitial: true,
  });
  let others: readonly string[] = [];
  let ofOthers: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let turn: Promise<void> = Promise.resolve();

  const run = async (): Promise<void> => {
    if (isClosed) return;
    const begunAt = Date.now();
    try {
      const done = await runCodegen(settings);
      await follow(done.generated.sources, begunAt);
      options.onRun(done);
    } catch (error) {
      options.onError(error);
    }
  };
  const queue = (): Promise<void> => (turn = turn.then(run));
  const changed = (): void => {
    clearTimeout(timer);
    if (!isClosed) timer = setTimeout(() => void queue(), debounceMs);
  };
  const observe = async (watcher: FSWatcher): Promise<void> => {
    watcher.on("all", changed);
    watcher.on("error", options.onError);
    await new Promise<void>((isReady) => watcher.once("ready", isReady));
  };

  /** What was read and is in no folder that is watched. Packages don't change while one writes code. */
  const follow = async (sources: readonly string[], begunAt: number): Promise<void> => {
    const outside = sources
      .map((file) => resolve(settings.cwd, file))
      .filter((file) => !roots.some((root) => isInside(file, root)) && !isInstalled(file))
      .toSorted();
    if (isClosed || outside.join("\n") === others.join("\n")) return;
    others = outside;
    await ofOthers?.close();
    if (outside.length === 0) return;
    ofOthers = watchPaths([...outside], { ignoreInitial: true });
    await observe(ofOthers);
    // They were not watched while they were read.
    const times = await Promise.all(outside.map(modifiedAt));
    if (times.some((time) => time >= begunAt)) changed();
  };

  return {
    ready: observe(ofRoots).then(queue),
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await turn;
      await Promise.all([ofRoots.close(), ofOthers?.close()]);
    },
  };
}

/** Epoch milliseconds; of a file that is gone, now. */
async function modifiedAt(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => Date.now(),
  );
}

function isInstalled(file: string): boolean {
  return file.includes(`${sep}node_modules${sep}`);
}

/** The folder that a pattern can't leave. */
function rootOf(cwd: string, glob: string): string {
  const parts = glob.split("/");
  const open = parts.findIndex((part) => /[*?{}[\]()!]/.test(part));
  if (open < 0) return dirname(resolve(cwd, glob));
  return resolve(cwd, join(...parts.slice(0, open), "."));
}
