// Handlers as data. A program is generated from the seed, travels as the input of its invocation, and is interpreted by
// real handlers over every part of the context. Programs call only deeper levels, and keys of objects carry their
// level: so no two wait for each other.

import type { Random } from "../machine/random.js";

export type Target = Scoped &
  (
    | { readonly service: "Plain"; readonly handler: "run" }
    | { readonly service: "Thing"; readonly handler: "own" | "look"; readonly key: string }
    | { readonly service: "Flow"; readonly handler: "run" | "share"; readonly key: string }
  );

export interface Scoped {
  readonly scope?: string;
  readonly limitKey?: string;
}

/** What can be awaited and combined. */
export type Awaited =
  | {
      readonly op: "run";
      readonly ends: "value" | "terminal" | "flaky" | "exhausted";
      /** How long the closure takes; 0: it is synchronous. */
      readonly ms: number;
      /** Of its result, besides what it says. */
      readonly bytes: number;
    }
  | { readonly op: "sleep"; readonly ms: number }
  | { readonly op: "get"; readonly key: string }
  | { readonly op: "keys" }
  | {
      readonly op: "call";
      readonly target: Target;
      readonly program: Program;
      readonly idempotencyKey?: string;
    }
  | { readonly op: "awakeable" }
  | { readonly op: "promise"; readonly name: string }
  | { readonly op: "peek"; readonly name: string }
  | { readonly op: "signal"; readonly name: string }
  | { readonly op: "date" }
  | { readonly op: "timeout"; readonly of: Awaited; readonly ms: number }
  | {
      readonly op: "combine";
      readonly how: "all" | "race" | "any" | "allSettled";
      readonly of: readonly Awaited[];
    };

export type Statement =
  | { readonly op: "await"; readonly what: Awaited }
  | { readonly op: "set"; readonly key: string; readonly bytes: number }
  | { readonly op: "clear"; readonly key: string }
  | { readonly op: "clearAll" }
  | {
      readonly op: "send";
      readonly target: Target;
      readonly program: Program;
      readonly delayMs: number;
      /** What it does with the invocation that it sent. */
      readonly then: "nothing" | "attach" | "output" | "cancel";
    }
  | { readonly op: "settle"; readonly name: string; readonly how: "resolve" | "reject" }
  /** For others: awakeables and signals of another invocation. */
  | { readonly op: "resolveAwakeable"; readonly id: string; readonly value: string }
  | { readonly op: "rejectAwakeable"; readonly id: string; readonly value: string }
  | {
      readonly op: "sendSignal";
      readonly invocationId: string;
      readonly name: string;
      readonly value: string;
    }
  | { readonly op: "rand" }
  | { readonly op: "fail" }
  /** Branches of the code that run side by side. */
  | { readonly op: "branches"; readonly of: readonly Program[] };

export type Program = readonly Statement[];

/** How much there is of everything: drawn for each run. */
export interface Taste {
  readonly statementsMax: number;
  readonly depthMax: number;
  readonly keys: number;
  readonly sleepMs: number;
  readonly stepMs: number;
  readonly workflowKeys: number;
  /** Share of targets that are in a scope. */
  readonly scoped: number;
  /** Mean of those values that are not small. */
  readonly valueBytes: number;
}

export const limitKeys = ["a", "a/x", "b"] as const;

/** Scopes carry their level, as keys do: who waits for a limit waits for none who waits for him. */
export function scopeOf(random: Random, level: number): string {
  return `L${String(level)}-${random.pick(["s", "t"])}`;
}

function drawScope(random: Random, level: number, { scoped }: Taste): Scoped {
  if (scoped === 0 || !random.chance(scoped)) return {};
  const scope = scopeOf(random, level);
  const limitKey = random.pick([undefined, ...limitKeys]);
  return limitKey === undefined ? { scope } : { scope, limitKey };
}

const hugeBytes = 300_000;

/** Most values are small; a few are so large that they lie beside the log wherever that begins. */
function drawBytes(random: Random, { valueBytes }: Taste): number {
  if (valueBytes === 0 || !random.chance(0.2)) return 0;
  return random.chance(0.01) ? hugeBytes : Math.floor(random.about(valueBytes));
}

export function drawTarget(random: Random, level: number, taste: Taste): Target {
  const key = `L${String(level)}-${String(random.below(taste.keys))}`;
  const scope = drawScope(random, level, taste);
  switch (random.below(7)) {
    case 0:
    case 1:
      return { service: "Plain", handler: "run", ...scope };
    case 2:
    case 3:
    case 4:
      return { service: "Thing", handler: "own", key, ...scope };
    case 5:
      return { service: "Thing", handler: "look", key, ...scope };
    default:
      return {
        service: "Flow",
        handler: "run",
        key: `L${String(level)}-${String(random.below(taste.workflowKeys))}`,
        ...scope,
      };
  }
}

export function drawProgram(random: Random, target: Target, level: number, taste: Taste): Program {
  const count = 1 + random.below(taste.statementsMax);
  return Array.from({ length: count }, () => drawStatement(random, target, level, taste));
}

function drawStatement(random: Random, target: Target, level: number, taste: Taste): Statement {
  const writes =
    target.handler === "own" || (target.service === "Flow" && target.handler === "run");
  const key = random.pick(["a", "b", "c"]);
  const deeper = level < taste.depthMax;
  switch (random.below(16)) {
    case 0:
    case 1:
      return writes ? { op: "set", key, bytes: drawBytes(random, taste) } : { op: "rand" };
    case 2:
      if (!writes) return { op: "rand" };
      return random.chance(0.8) ? { op: "clear", key } : { op: "clearAll" };
    case 3:
    case 4: {
      if (!deeper) break;
      const to = drawTarget(random, level + 1, taste);
      return {
        op: "send",
        target: to,
        program: drawProgram(random, to, level + 1, taste),
        delayMs: random.chance(0.3) ? random.between(1, taste.sleepMs) : 0,
        then: random.pick(["nothing", "nothing", "attach", "output", "cancel"]),
      };
    }
    case 5: {
      if (target.service !== "Flow") break;
      const how = random.chance(0.7) ? "resolve" : "reject";
      return { op: "settle", name: random.pick(["p", "q"]), how };
    }
    case 6:
      return random.chance(0.2) ? { op: "fail" } : { op: "rand" };
    case 7: {
      const programs = Array.from({ length: random.between(2, 3) }, () =>
        Array.from({ length: random.between(1, 2) }, () => drawAwait(random, target, level, taste)),
      );
      return { op: "branches", of: programs };
    }
  }
  return drawAwait(random, target, level, taste);
}

function drawAwait(random: Random, target: Target, level: number, taste: Taste): Statement {
  return { op: "await", what: drawAwaited(random, target, level, taste, 2) };
}

function drawAwaited(
  random: Random,
  target: Target,
  level: number,
  taste: Taste,
  nesting: number,
): Awaited {
  const inner = (): Awaited => drawAwaited(random, target, level, taste, nesting - 1);
  switch (random.below(20)) {
    case 0:
    case 1:
      return { op: "sleep", ms: 1 + Math.floor(random.about(taste.sleepMs)) };
    case 2:
    case 3:
      if (target.service !== "Plain") return { op: "get", key: random.pick(["a", "b", "c"]) };
      break;
    case 4:
      if (target.service !== "Plain") return { op: "keys" };
      break;
    case 5:
    case 6: {
      if (level >= taste.depthMax) break;
      const to = drawTarget(random, level + 1, taste);
      const program = drawProgram(random, to, level + 1, taste);
      if (to.service === "Plain" && random.chance(0.2)) {
        return { op: "call", target: to, program, idempotencyKey: `i${String(random.below(1e9))}` };
      }
      return { op: "call", target: to, program };
    }
    case 7:
      return { op: "awakeable" };
    case 8:
      // In a scope, who completes it may wait for the room that this one has.
      if (target.service !== "Flow" || target.scope !== undefined) break;
      return { op: "promise", name: random.pick(["p", "q"]) };
    case 9:
      if (target.service === "Flow") return { op: "peek", name: random.pick(["p", "q"]) };
      break;
    case 10:
      return { op: "signal", name: random.pick(["s", "t"]) };
    case 11:
      return { op: "date" };
    case 12:
      if (nesting > 0) return { op: "timeout", of: inner(), ms: random.between(1, taste.sleepMs) };
      break;
    case 13:
    case 14:
    case 15:
      if (nesting > 0) {
        const of = Array.from({ length: random.between(1, 3) }, inner);
        return { op: "combine", how: random.pick(["all", "race", "any", "allSettled"]), of };
      }
      break;
  }
  return {
    op: "run",
    ends: random.pick(["value", "value", "value", "value", "terminal", "flaky", "exhausted"]),
    ms: random.chance(0.4) ? 0 : Math.ceil(random.about(taste.stepMs)),
    bytes: drawBytes(random, taste),
  };
}
