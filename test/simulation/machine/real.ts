// Time and randomness of this process, as they are before a simulated world takes their place.

import crypto from "node:crypto";
import timersPromises from "node:timers/promises";

export const real = {
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
  clearTimeout: globalThis.clearTimeout,
  clearInterval: globalThis.clearInterval,
  clearImmediate: globalThis.clearImmediate,
  now: Date.now,
  performanceNow: performance.now.bind(performance),
  random: Math.random,
  randomFillSync: crypto.randomFillSync,
  randomBytes: crypto.randomBytes,
  randomUUID: crypto.randomUUID,
  delay: timersPromises.setTimeout,
  nextTurn: timersPromises.setImmediate,
};
