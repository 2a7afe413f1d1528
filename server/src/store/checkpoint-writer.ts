// Writes the transactions of a checkpoint: in a worker thread, so that the loop goes on meanwhile, or in
// place, where there is no loop to hold up (recovery, tests).

import { Worker } from "node:worker_threads";
import { readBatch } from "./checkpoint-batch.js";
import type { Environment } from "./environment.js";

export type WriteOutcome = "written" | "diskFull";

export interface CheckpointWriter {
  /** One transaction; resolves when it is on disk, or when there was no room for it and nothing was changed. */
  write(batch: Uint8Array<ArrayBuffer>): Promise<WriteOutcome>;
  close(): Promise<void>;
}

export function createInlineWriter(environment: Environment): CheckpointWriter {
  return {
    write: (batch) => Promise.resolve(writeBatch(environment, batch)),
    close: () => Promise.resolve(),
  };
}

/** One transaction. What is wrong with the store, but for a full disk, is thrown. */
export function writeBatch(environment: Environment, batch: Uint8Array): WriteOutcome {
  try {
    environment.write(readBatch(batch));
    return "written";
  } catch (error) {
    if (environment.isFull(error)) return "diskFull";
    throw error;
  }
}

/** What the worker answers to each batch. */
export type WriterReply = { readonly outcome: WriteOutcome } | { readonly error: string };

export function createThreadWriter(directory: string): CheckpointWriter {
  // Holds the process only while it writes.
  const worker = new Worker(new URL("./checkpoint-worker.js", import.meta.url), {
    workerData: { directory },
  });
  worker.unref();
  const waiting: {
    resolve: (outcome: WriteOutcome) => void;
    reject: (error: Error) => void;
  }[] = [];
  worker.on("message", (reply: WriterReply) => {
    const waiter = waiting.shift();
    if (waiting.length === 0) worker.unref();
    if ("outcome" in reply) waiter?.resolve(reply.outcome);
    else waiter?.reject(new Error(reply.error));
  });
  worker.on("error", (error: Error) => {
    for (const waiter of waiting.splice(0)) waiter.reject(error);
  });
  return {
    write(batch): Promise<WriteOutcome> {
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.ref();
        worker.postMessage(batch);
      });
    },
    async close(): Promise<void> {
      await worker.terminate();
    },
  };
}
