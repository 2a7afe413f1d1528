// Streams that stay open for as long as their client likes. They hold a closing port until its patience ends, so each
// says how it is ended, and is ended as soon as the port begins to close.

export class OpenStreams {
  readonly #ends = new Set<() => void>();
  readonly #closing: AbortSignal;

  /** @param closing  the port is about to close */
  constructor(closing: AbortSignal) {
    this.#closing = closing;
    // One listener for all: a signal's own list is searched through for each that is added or taken away.
    closing.addEventListener("abort", () => {
      for (const end of this.#ends) end();
    });
  }

  get isClosing(): boolean {
    return this.#closing.aborted;
  }

  /**
   * @param end  called at most once, as the port begins to close; at once where it has begun
   * @returns to be called when the stream is over
   */
  enter(end: () => void): () => void {
    if (this.isClosing) end();
    else this.#ends.add(end);
    return () => {
      this.#ends.delete(end);
    };
  }

  /** What a client sends, until it has no more or the port begins to close. */
  async *through<T>(items: AsyncIterable<T>): AsyncGenerator<T, void> {
    const source = items[Symbol.asyncIterator]();
    let end = (): void => undefined;
    const leave = this.enter(() => end());
    try {
      while (!this.isClosing) {
        // Not a race with one promise for all: that would remember each.
        const next = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
          end = () => resolve(undefined);
          source.next().then(resolve, reject);
        });
        if (next === undefined || next.done === true) return;
        yield next.value;
      }
    } finally {
      leave();
      void Promise.resolve(source.return?.()).catch(() => undefined);
    }
  }
}
