// Writes the transactions of a checkpoint: in a worker thread, so that the loop goes on meanwhile, or in
// place, where there is no loop to hold up (recovery, tests).

import { Worker } from "node:worker_threads";
import { readBatch, type BatchPieces } from "./checkpoint-batch.js";
import type { StoreEnvironment } from "./environment.js";

export type WriteOutcome = "written" | "diskFull";

export interface Written {
  readonly outcome: WriteOutcome;
  /** The batch, which comes back: to be written again, or its memory to be used again. */
  readonly bytes: BatchPieces;
}

export interface CheckpointWriter {
  /**
   * One transaction; resolves when it is on disk, or when there was no room for it and nothing was changed. The bytes are
   * the writer's until then.
   */
  write(batch: BatchPieces): Promise<Written>;
  /** Lets go of the environment until the next write. Between writes only. */
  rest(): Promise<void>;
  close(): Promise<void>;
}

export function createInlineWriter(environment: StoreEnvironment): CheckpointWriter {
  return {
    write: (bytes) => Promise.resolve({ outcome: writeBatch(environment, bytes), bytes }),
    rest: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** One transaction. What is wrong with the store, but for a full disk, is thrown. */
export function writeBatch(environment: StoreEnvironment, batch: BatchPieces): WriteOutcome {
  try {
    environment.write(readBatch(batch));
    return "written";
  } catch (error) {
    if (environment.isFull(error)) return "diskFull";
    throw error;
  }
}

export type WriterRequest = BatchPieces | "rest";

/** What the worker answers to each request. */
export type WriterReply = Written | "rests" | { readonly error: string };

/** It holds one batch at a time, outside of its heap: garbage needs no room to gather in. */
const workerLimits = { maxYoungGenerationSizeMb: 2 };

export function createThreadWriter(directory: string): CheckpointWriter {
  // Holds the process only while it writes.
  const worker = new Worker(new URL("./checkpoint-worker.js", import.meta.url), {
    workerData: { directory },
    resourceLimits: workerLimits,
  });
  worker.unref();
  const waiting: {
    resolve: (reply: Exclude<WriterReply, { readonly error: string }>) => void;
    reject: (error: Error) => void;
  }[] = [];
  worker.on("message", (reply: WriterReply) => {
    const waiter = waiting.shift();
    if (waiting.length === 0) worker.unref();
    if (typeof reply === "object" && "error" in reply) waiter?.reject(new Error(reply.error));
    else waiter?.resolve(reply);
  });
  worker.on("error", (error: Error) => {
    for (const waiter of waiting.splice(0)) waiter.reject(error);
  });
  const ask = (request: WriterRequest): Promise<Written | "rests"> =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      worker.ref();
      // Moved, not copied.
      worker.postMessage(request, request === "rest" ? [] : request.map(({ buffer }) => buffer));
    });
  return {
    write: async (batch) => (await ask(batch)) as Written,
    async rest(): Promise<void> {
      await ask("rest");
    },
    async close(): Promise<void> {
      await worker.terminate();
    },
  };
}
