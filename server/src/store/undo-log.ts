// What takes the writes of one event back, should its apply throw: an event changes all that it asks for,
// or nothing.

import type { Cell, Layer } from "./layer.js";

interface Step {
  undo(): void;
}

export class UndoLog {
  #steps: Step[] = [];

  /** Whether the event has written anything. */
  get changed(): boolean {
    return this.#steps.length > 0;
  }

  /** A cell of a layer is about to be written. */
  push<V>(layer: Layer<V>, key: string, before: Cell<V> | undefined): void {
    this.#steps.push(new CellStep(layer, key, before));
  }

  pushStep(step: Step): void {
    this.#steps.push(step);
  }

  /** The event is done: its writes stay. */
  commit(): void {
    if (this.#steps.length > 0) this.#steps = [];
  }

  rollback(): void {
    for (let at = this.#steps.length - 1; at >= 0; at--) this.#steps[at]?.undo();
    this.#steps = [];
  }
}

class CellStep<V> implements Step {
  readonly #layer: Layer<V>;
  readonly #key: string;
  readonly #before: Cell<V> | undefined;

  constructor(layer: Layer<V>, key: string, before: Cell<V> | undefined) {
    this.#layer = layer;
    this.#key = key;
    this.#before = before;
  }

  undo(): void {
    if (this.#before === undefined) this.#layer.remove(this.#key);
    else this.#layer.set(this.#key, this.#before);
  }
}
