// Work that syncs, written once and run either way: on the spot (blocking the thread) or later (each
// sync in the thread pool). The work is a generator that yields what is to be synced and goes on when
// that is durable; a failed sync is thrown into it.

import type { DiskFile, Syncable } from "./disk.js";

export type Steps<Result> = Generator<Syncable, Result, void>;

/** A large write, beside the loop. */
export function writing(file: DiskFile, bytes: Uint8Array, offset: number): Syncable {
  return {
    sync: () => file.writeLater(bytes, offset),
    syncNow: () => {
      file.write(bytes, offset);
    },
  };
}

export function runNow<Result>(steps: Steps<Result>): Result {
  let step = steps.next();
  while (step.done !== true) {
    try {
      step.value.syncNow();
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next();
  }
  return step.value;
}

export async function runLater<Result>(steps: Steps<Result>): Promise<Result> {
  let step = steps.next();
  while (step.done !== true) {
    try {
      await step.value.sync();
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next();
  }
  return step.value;
}
