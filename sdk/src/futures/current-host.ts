// Which attempt the running code belongs to. Promises know it from their context; only those that were made of
// nothing (`race([])`) have to ask here, so that they can be cancelled and time out like all others.
//
// Keeping track costs every promise of the process on Node before 24 (a quarter of what an invocation costs), so there
// it begins with the first that asks. If that one can't be told apart from others, its attempt is tried again. Where the runtime has no AsyncLocalStorage they just never settle.

import { RetryableError } from "../errors.js";
import type { PromiseHost } from "./durable-promise.js";

/** Emptied when the attempt is over: sockets and timers that its code made may keep the slot for long. */
export interface HostSlot {
  host: PromiseHost | undefined;
}

interface Storage {
  run<T>(slot: HostSlot, code: () => T): T;
  getStore(): HostSlot | undefined;
}

interface AsyncHooks {
  readonly AsyncLocalStorage: new () => Storage;
}

interface NodeProcess {
  readonly versions?: { readonly node?: string };
  readonly getBuiltinModule?: (name: string) => unknown;
}

// Not imported: this file is part of the entry points that need no Node.
const { process } = globalThis as { readonly process?: NodeProcess };
/** From here on AsyncLocalStorage costs next to nothing. */
const isCheapFrom = 24;

let storage = Number.parseInt(process?.versions?.node ?? "0") >= isCheapFrom ? make() : undefined;

function make(): Storage | undefined {
  const hooks = process?.getBuiltinModule?.("node:async_hooks") as AsyncHooks | undefined;
  return hooks === undefined ? undefined : new hooks.AsyncLocalStorage();
}

/** Those of attempts that are not over. */
const live = new Set<HostSlot>();

/** Runs the code of an attempt. */
export function runInside<T>(slot: HostSlot, code: () => T): T {
  live.add(slot);
  return storage === undefined ? code() : storage.run(slot, code);
}

/** The attempt is over. */
export function leave(slot: HostSlot): void {
  slot.host = undefined;
  live.delete(slot);
}

/**
 * The attempt that the code belongs to; undefined outside of handlers.
 * @throws RetryableError  it is not known yet, and will be when the attempt is tried again
 */
export function currentHost(): PromiseHost | undefined {
  if (storage !== undefined) return storage.getStore()?.host;
  storage = make();
  const [only] = live;
  if (live.size <= 1) return only?.host;
  if (storage === undefined) return undefined;
  throw new RetryableError(
    "a race of no promises is awaited for the first time in this process; the attempt begins anew, so that it can be cancelled and time out (PDR2026)",
    { retryAfter: 1 },
  );
}
