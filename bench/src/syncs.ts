// Watches a process sync its files, with strace: shows that what it answers is on disk, and how many
// syncs a request costs. Tracing slows the process down, so figures of such a run compare with nothing.
// What this can't see: writes to files opened with O_DSYNC, and rings (io_uring); the README says how
// to look for those.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { startProcess } from "./processes.js";

export interface SyncTrace {
  /** Stop watching. @returns the number of syncs for each file */
  stop(): Promise<ReadonlyMap<string, number>>;
}

/** How long strace may take to attach to all threads. */
const attachMs = 1000;

/**
 * @param file  where the trace is written
 * @throws Error  strace is not installed, or may not trace the process
 */
export async function traceSyncs(pid: number, file: string): Promise<SyncTrace> {
  const calls = "trace=fsync,fdatasync,msync,sync_file_range";
  const strace = await startProcess({
    name: "strace",
    command: "strace",
    args: ["-f", "-y", "-tt", "-e", calls, "-e", "signal=none", "-o", file, "-p", String(pid)],
    env: process.env,
    logFile: `${file}.log`,
  });
  const early = await Promise.race([delay(attachMs), strace.ended]);
  if (early !== undefined) throw new Error(`strace ended (${early}): ${strace.logTail()}`);
  return {
    async stop() {
      await strace.stop("gracefully");
      return countSyncs(createInterface({ input: createReadStream(file, "latin1") }));
    },
  };
}

/** Counts the calls in the lines of a trace made with `-f -y`, by file. */
export async function countSyncs(
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for await (const line of lines) {
    // The second line of an interrupted call says "resumed" and is not counted again.
    const call = / (fsync|fdatasync|sync_file_range)\(\d+<([^>]*)>/.exec(line);
    const file = call?.[2] ?? (/ msync\(/.test(line) ? "(mapped memory)" : undefined);
    if (file !== undefined) counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  return counts;
}
