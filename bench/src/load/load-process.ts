// The benchmark's end of the load generator process: hands it orders, one at a time.
import { once } from "node:events";
import { join } from "node:path";
import { compiledEntry } from "../paths.js";
import { failWhenEnded, startProcess } from "../processes.js";
import type { LoadOrder, LoadReply, LoadResult } from "./messages.js";

export interface LoadProcess {
  /** @throws Error  the order could not be carried out, or the load generator ended */
  run(order: LoadOrder): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** @param directory  for its log file */
export async function startLoadProcess(directory: string): Promise<LoadProcess> {
  const load = await startProcess({
    name: "load generator",
    command: process.execPath,
    args: [compiledEntry("load/main")],
    env: { ...process.env, NODE_OPTIONS: undefined },
    logFile: join(directory, "load.log"),
    ipc: true,
  });
  const ended = failWhenEnded(load);
  ended.catch(() => undefined);

  return {
    async run(order) {
      load.child.send(order);
      const [reply] = (await Promise.race([once(load.child, "message"), ended])) as [LoadReply];
      if (reply.kind === "failed") throw new Error(`load generator: ${reply.reason}`);
      return reply.result;
    },
    stop: () => load.stop("at-once"),
  };
}
