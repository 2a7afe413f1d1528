// Puts simulated time and randomness in the place of those of this process, for all code that is loaded afterwards or
// asks for them by name. Import it before anything of the server or the SDK. Outside of a simulated world everything is
// as it was.

import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import timersPromises from "node:timers/promises";
import { real } from "./real.js";
import type { Random } from "./random.js";
import type { Scheduler } from "./scheduler.js";

export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** The system's clock, in epoch milliseconds, as the process whose code runs sees it. */
  readonly wall: () => number;
}

let surroundings: Surroundings | undefined;

/** From now on code sees this world; undefined: the real one. */
export function enterWorld(world: Surroundings | undefined): void {
  surroundings = world;
}

class Timer {
  #task: { cancel(): void } | undefined;
  readonly #start: () => { cancel(): void };

  constructor(start: () => { cancel(): void }) {
    this.#start = start;
    this.#task = start();
  }

  restart(): void {
    this.#task = this.#start();
  }

  cancel(): void {
    this.#task?.cancel();
    this.#task = undefined;
  }

  refresh(): this {
    this.cancel();
    this.restart();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

type Callback = (...args: unknown[]) => void;

/** Node's timers take a millisecond at least, and are a little late. */
function delayOf({ random }: Surroundings, delayMs: number | undefined): number {
  return Math.max(1, Math.trunc(delayMs ?? 0)) + random.unit() * 0.5;
}

function setTimer(every: boolean, callback: Callback, delayMs: number, args: unknown[]): unknown {
  const world = surroundings;
  if (world === undefined) {
    return (every ? real.setInterval : real.setTimeout)(callback, delayMs, ...args);
  }
  const owner = world.scheduler.current;
  const timer: Timer = new Timer(() =>
    world.scheduler.after(delayOf(world, delayMs), owner, () => {
      if (every) timer.restart();
      callback(...args);
    }),
  );
  return timer;
}

function clearTimer(timer: unknown): void {
  if (timer instanceof Timer) timer.cancel();
  else real.clearTimeout(timer as NodeJS.Timeout);
}

function replaceGlobals(): void {
  Object.assign(globalThis, {
    setTimeout: (callback: Callback, delayMs: number, ...args: unknown[]) =>
      setTimer(false, callback, delayMs, args),
    setInterval: (callback: Callback, delayMs: number, ...args: unknown[]) =>
      setTimer(true, callback, delayMs, args),
    setImmediate: (callback: Callback, ...args: unknown[]) => {
      const world = surroundings;
      if (world === undefined) return real.setImmediate(callback, ...args);
      return new Timer(() =>
        world.scheduler.immediate(() => {
          callback(...args);
        }),
      );
    },
    clearTimeout: clearTimer,
    clearInterval: clearTimer,
    clearImmediate: (timer: unknown) => {
      if (timer instanceof Timer) timer.cancel();
      else real.clearImmediate(timer as NodeJS.Immediate);
    },
  });
  Date.now = () => surroundings?.wall() ?? real.now();
  performance.now = () => surroundings?.scheduler.nowMs ?? real.performanceNow();
  Math.random = () => surroundings?.random.unit() ?? real.random();
}

function replaceBuiltins(): void {
  Object.assign(timersPromises, {
    setTimeout: (delayMs: number, value: unknown, options: object) => {
      const world = surroundings;
      if (world === undefined) return real.delay(delayMs, value, options);
      return world.scheduler.wait(delayOf(world, delayMs)).then(() => value);
    },
    setImmediate: (value: unknown) => {
      const world = surroundings;
      if (world === undefined) return real.nextTurn(value);
      return new Promise((resolve) => {
        world.scheduler.immediate(() => {
          resolve(value);
        });
      });
    },
  });
  Object.assign(crypto, {
    randomFillSync: (bytes: Uint8Array) => {
      if (surroundings === undefined) return real.randomFillSync(bytes);
      surroundings.random.fill(bytes);
      return bytes;
    },
    randomBytes: (length: number) => {
      if (surroundings === undefined) return real.randomBytes(length);
      const bytes = Buffer.alloc(length);
      surroundings.random.fill(bytes);
      return bytes;
    },
    randomUUID: () => {
      if (surroundings === undefined) return real.randomUUID();
      const hex = (): string => surroundings?.random.bits().toString(16).padStart(8, "0") ?? "";
      return `${hex()}-0000-4000-8000-${hex()}0000`;
    },
  });
  syncBuiltinESMExports();
}

replaceGlobals();
replaceBuiltins();
// Traces of errors cost time, are recorded in journals, and say where the code lies.
Error.stackTraceLimit = 0;
