// Which attempt the running code belongs to. Promises know it from their context; only those that were made of
// nothing (`race([])`) have to ask here, so that they can be cancelled and time out like all others.
// Where the runtime has no AsyncLocalStorage they just never settle.

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

const storage = makeStorage();

// Not imported: this file is part of the entry points that need no Node.
function makeStorage(): Storage | undefined {
  const runtime = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => unknown };
  };
  const hooks = runtime.process?.getBuiltinModule?.("node:async_hooks") as AsyncHooks | undefined;
  return hooks === undefined ? undefined : new hooks.AsyncLocalStorage();
}

export function runInside<T>(slot: HostSlot, code: () => T): T {
  return storage === undefined ? code() : storage.run(slot, code);
}

export function currentHost(): PromiseHost | undefined {
  return storage?.getStore()?.host;
}
