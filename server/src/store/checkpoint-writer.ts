// Writes the transactions of a checkpoint: in a worker thread, so that the loop goes on meanwhile, or in
// place, where there is no loop to hold up (recovery, tests).

import { Worker } from "node:worker_threads";
import { readBatch } from "./checkpoint-batch.js";
import type { Environment } from "./environment.js";

export interface CheckpointWriter {
  /** One transaction; resolves when it is on disk. */
  write(batch: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
}

export function createInlineWriter(environment: Environment): CheckpointWriter {
  return {
    write(batch): Promise<void> {
      environment.write(readBatch(batch));
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

/** What the worker answers to each batch: undefined, or what went wrong. */
export type WriterReply = string | undefined;

export function createThreadWriter(directory: string): CheckpointWriter {
  const worker = new Worker(new URL("./checkpoint-worker.js", import.meta.url), {
    workerData: { directory },
  });
  worker.unref();
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  worker.on("message", (reply: WriterReply) => {
    const waiter = waiting.shift();
    if (reply === undefined) waiter?.resolve();
    else waiter?.reject(new Error(reply));
  });
  worker.on("error", (error: Error) => {
    for (const waiter of waiting.splice(0)) waiter.reject(error);
  });
  return {
    write(batch): Promise<void> {
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.postMessage(batch, [batch.buffer]);
      });
    },
    async close(): Promise<void> {
      await worker.terminate();
    },
  };
}
