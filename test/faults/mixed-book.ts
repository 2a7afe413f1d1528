// What callers of the mixed load were told, held against what steps did. Judged while the load goes on, so that an hour of
// it fits into memory: an operation is forgotten once it was judged, but for its name.
//
//   M1. What a caller was told is what the steps of its operation gave.
//   M2. A step whose result was used does not run again; one that was in flight may, once for each disturbance.
//   M3. When a caller has its answer, no step of its operation runs any more.
//   M4. The additions to a counter gave 1, 2, 3 … , each once, and the counter holds their number.
//   M5. What began goes to its end, also where its caller could not ask for as long as its result was kept.

import { closeSync, openSync, readSync } from "node:fs";
import { repeatedAfterUse, repeatsOf } from "../crash/effects.js";
import type { Effect } from "../crash/trip-types.js";

/** An operation whose caller has its answer. */
export interface Ended {
  readonly id: string;
  /** Steps, each with the value that the caller was told. */
  readonly told: readonly (readonly [step: string, value: string])[];
  /** How often something was disturbed while it ran. */
  readonly disturbances: number;
  /** What was wrong with the answer alone. */
  readonly offences: readonly string[];
}

interface Counter {
  /** What callers were told. */
  readonly told: Set<number>;
  /** Told to a second caller. */
  readonly twice: number[];
  /** Additions whose callers were never told whether they took place. */
  untold: number;
}

/** Lines are read some time after the answer came; a step that ran after it is in one of them. */
const judgedAfterMs = 3_000;
const offencesKept = 1_000;

export class MixedBook {
  readonly #effects: EffectsTail;
  readonly #open = new Map<string, Effect[]>();
  readonly #judged = new Set<string>();
  readonly #offences: string[] = [];
  readonly #counters = new Map<string, Counter>();
  /** Operations whose results nobody got, with all steps that they take. */
  readonly #untold = new Map<string, readonly string[]>();
  #ended: { readonly operation: Ended; readonly at: number }[] = [];
  #executions = 0;
  #repeats = 0;

  constructor(effectsFile: string) {
    this.#effects = new EffectsTail(effectsFile);
  }

  get offences(): readonly string[] {
    return this.#offences;
  }

  get figures(): {
    readonly judged: number;
    readonly executions: number;
    readonly repeats: number;
  } {
    return {
      judged: this.#judged.size,
      executions: this.#executions,
      repeats: this.#repeats,
    };
  }

  /** The ids of operations whose callers asked until it was too late. */
  get untold(): readonly string[] {
    return [...this.#untold.keys()];
  }

  get counters(): ReadonlyMap<string, unknown> {
    return this.#counters;
  }

  ended(operation: Ended): void {
    this.#ended.push({ operation, at: performance.now() });
  }

  /** Its caller asked until the result could be gone. It may never have been accepted; or go on, and is judged in the end. */
  askedTooLate(id: string, steps: readonly string[]): void {
    this.#untold.set(id, steps);
  }

  /** An addition of 1 to a counter was answered. */
  added(key: string, value: number): void {
    const { told, twice } = this.#counter(key);
    if (told.has(value)) twice.push(value);
    told.add(value);
  }

  /** An addition of 1 to a counter took place once, or was never accepted. */
  mayHaveAdded(key: string): void {
    this.#counter(key).untold += 1;
  }

  offend(offence: string): void {
    if (this.#offences.length < offencesKept) this.#offences.push(offence);
  }

  /** Judges what ended some time ago; all that ended where everything is over. */
  judge(isOver = false): void {
    for (const effect of this.#effects.read()) this.#note(effect);
    const before = isOver ? Infinity : performance.now() - judgedAfterMs;
    const due = this.#ended.filter(({ at }) => at <= before);
    this.#ended = this.#ended.filter(({ at }) => at > before);
    for (const { operation } of due) this.#judge(operation);
    if (!isOver) return;
    for (const [id, steps] of this.#untold) this.#judgeUntold(id, steps);
    for (const id of this.#open.keys()) this.offend(`${id}: steps, but no answer`);
  }

  /** @param holds  what the counter of this key holds in the end */
  judgeCounter(key: string, holds: number): void {
    const { told, twice, untold } = this.#counter(key);
    for (const value of twice) this.offend(`counter ${key}: ${value} was told twice`);
    const additions = told.size + twice.length;
    const beyond = [...told].filter((value) => !(value >= 1 && value <= holds));
    for (const value of beyond) this.offend(`counter ${key}: ${value} was told, it holds ${holds}`);
    if (holds < additions || holds > additions + untold) {
      const unknown = untold === 0 ? "" : ` and ${untold} of which nobody knows`;
      this.offend(`counter ${key}: holds ${holds} after ${additions} additions${unknown}`);
    }
  }

  #counter(key: string): Counter {
    const known = this.#counters.get(key);
    if (known !== undefined) return known;
    const counter = { told: new Set<number>(), twice: [], untold: 0 };
    this.#counters.set(key, counter);
    return counter;
  }

  #note(effect: Effect): void {
    this.#executions++;
    const { who } = effect;
    if (this.#judged.has(who)) this.offend(`${who}: ${effect.step} ran after its end`);
    const known = this.#open.get(who);
    if (known === undefined) this.#open.set(who, [effect]);
    else known.push(effect);
  }

  #judge({ id, told, disturbances, offences }: Ended): void {
    for (const offence of offences) this.offend(`${id}: ${offence}`);
    const effects = this.#open.get(id) ?? [];
    this.#open.delete(id);
    this.#judged.add(id);
    for (const [step, value] of told) {
      const isKnown = effects.some((one) => one.step === step && one.value === value);
      if (!isKnown) this.offend(`${id}: the caller was told ${value} for ${step}: no step gave it`);
    }
    for (const offence of repeatedAfterUse(effects)) this.offend(offence);
    const steps = told.map(([step]) => step);
    const strange = effects.find(({ step }) => !steps.includes(step));
    if (strange !== undefined) this.offend(`${id}: nobody asked for ${strange.step}`);
    // Of leaves, which run side by side, the one that ran most often counts.
    const repeats = repeatsOf(effects, steps.length > 3 ? steps : []);
    if (repeats > disturbances) {
      this.offend(`${id}: ${repeats} repeats, but only ${disturbances} disturbances`);
    }
    this.#repeats += repeats;
  }

  #judgeUntold(id: string, steps: readonly string[]): void {
    const effects = this.#open.get(id) ?? [];
    this.#open.delete(id);
    for (const offence of repeatedAfterUse(effects)) this.offend(offence);
    const missing = steps.filter((step) => !effects.some((one) => one.step === step));
    if (missing.length > 0 && missing.length < steps.length) {
      this.offend(`${id}: began, and never came to ${missing.join(", ")}`);
    }
  }
}

/** The lines of a file that have come since the last look. */
class EffectsTail {
  readonly #file: string;
  #offset = 0;
  #rest = "";

  constructor(file: string) {
    this.#file = file;
  }

  read(): Effect[] {
    const buffer = Buffer.alloc(1024 * 1024);
    const effects: Effect[] = [];
    const file = openSync(this.#file, "a+");
    try {
      for (;;) {
        const count = readSync(file, buffer, 0, buffer.length, this.#offset);
        if (count === 0) return effects;
        this.#offset += count;
        const lines = (this.#rest + buffer.toString("latin1", 0, count)).split("\n");
        this.#rest = lines.pop() ?? "";
        for (const line of lines) effects.push(JSON.parse(line) as Effect);
      }
    } finally {
      closeSync(file);
    }
  }
}
