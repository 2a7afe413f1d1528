// How often something was disturbed: what was in flight at such a moment may run again, once each time. Counted before and
// after, so that an operation that began while it happened has seen it too.

export class Disturbances {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  async during<T>(disturb: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await disturb();
    } finally {
      this.#count++;
    }
  }
}
