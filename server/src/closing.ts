// What was opened in order, and is closed in reverse.

type Close = () => Promise<void> | void;

export class Closing {
  readonly #closes: Close[] = [];

  add(close: Close): void {
    this.#closes.push(close);
  }

  /** Closes what was added last first. What was closed is not closed again. */
  async close(): Promise<void> {
    for (const close of this.#closes.splice(0).reverse()) await close();
  }
}
