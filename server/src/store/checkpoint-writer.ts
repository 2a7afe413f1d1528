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
  const bytes = batch.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (!environment.hasRoomFor(bytes)) return "diskFull";
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

export interface WriterData {
  readonly directory: string;
  /** How many requests the thread is through with. */
  readonly answered: Int32Array;
}

export function createThreadWriter(directory: string): CheckpointWriter {
  const answered = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const workerData: WriterData = { directory, answered };
  // Holds the process only while it writes.
  const worker = new Worker(new URL("./checkpoint-worker.js", import.meta.url), {
    workerData,
    resourceLimits: workerLimits,
  });
  worker.unref();
  let asked = 0;
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
  const forget = beforeExit(() => {
    waitForThread(answered, asked);
  });
  worker.on("error", (error: Error) => {
    forget();
    for (const waiter of waiting.splice(0)) waiter.reject(error);
  });
  worker.on("exit", forget);
  let last: Promise<unknown> = Promise.resolve();
  const ask = (request: WriterRequest): Promise<Written | "rests"> => {
    const reply = new Promise<Written | "rests">((resolve, reject) => {
      waiting.push({ resolve, reject });
      asked++;
      worker.ref();
      // Moved, not copied.
      worker.postMessage(request, request === "rest" ? [] : request.map(({ buffer }) => buffer));
    });
    last = reply.catch(() => undefined);
    return reply;
  };
  return {
    write: async (batch) => (await ask(batch)) as Written,
    async rest(): Promise<void> {
      await ask("rest");
    },
    async close(): Promise<void> {
      await last;
      await worker.terminate();
    },
  };
}

/** A disk that takes longer for a transaction is taken to stand still. */
const exitWaitMs = 10_000;

/**
 * A thread that is ended inside of a transaction waits for its own lock for ever, and the process that ends waits for the
 * thread. So the transaction may end first; where it does not, the process ends as by kill -9.
 */
function waitForThread(answered: Int32Array, asked: number): void {
  const deadline = performance.now() + exitWaitMs;
  for (let seen = Atomics.load(answered, 0); seen < asked; seen = Atomics.load(answered, 0)) {
    const left = deadline - performance.now();
    if (left <= 0) process.kill(process.pid, "SIGKILL");
    Atomics.wait(answered, 0, seen, left);
  }
}

const endings = new Set<() => void>();

/** Called where the process ends by itself, for whatever reason. Returns how to take it back. */
function beforeExit(ending: () => void): () => void {
  if (endings.size === 0) process.on("exit", endAll);
  endings.add(ending);
  return () => {
    endings.delete(ending);
    if (endings.size === 0) process.off("exit", endAll);
  };
}

function endAll(): void {
  for (const ending of endings) ending();
}
