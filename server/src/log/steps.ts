// Work that syncs, written once and run either way: on the spot (blocking the thread) or later (each
// sync in the thread pool). The work is a generator that yields what is to be synced and goes on when
// that is durable; a failed sync is thrown into it.

import type { Syncable } from "./disk.js";

export type Steps<Result> = Generator<Syncable, Result, void>;

/** Nothing to sync: others have their turn of the loop. */
export const breath: Syncable = {
  sync: () =>
    new Promise((resolve) => {
      setImmediate(resolve);
    }),
  syncNow: () => undefined,
};

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
