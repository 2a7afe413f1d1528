// Objects that were found to have more state than comes along with an attempt, by far: for their next attempts it is not
// even looked at. It is a guess: where the state has become small since, the attempt asks for it key by key, until the guess
// is made again.

import type { Tables } from "../core/tables.js";

const objectsMax = 1_000;
/** How often it is believed. */
const timesMax = 50;

export class LargeStates {
  /** How often each is still believed, by the tables of its partition. The oldest first. */
  readonly #left = new WeakMap<Tables, Map<string, number>>();

  has(tables: Tables, object: string): boolean {
    const objects = this.#left.get(tables);
    const left = objects?.get(object);
    if (objects === undefined || left === undefined) return false;
    if (left === 1) objects.delete(object);
    else objects.set(object, left - 1);
    return true;
  }

  add(tables: Tables, object: string): void {
    let objects = this.#left.get(tables);
    if (objects === undefined) {
      objects = new Map();
      this.#left.set(tables, objects);
    }
    objects.set(object, timesMax);
    const [oldest] = objects.keys();
    if (objects.size > objectsMax && oldest !== undefined) objects.delete(oldest);
  }
}
