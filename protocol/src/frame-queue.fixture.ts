// Frames of a scripted side of a session: what is pushed within one turn goes out as one message.

/** Frames of one message, at most: so that a message stays well below its limit. */
const framesMax = 500;

export class FrameQueue<F> implements AsyncIterable<{ frames: F[] }> {
  #frames: F[] = [];
  #wake: (() => void) | undefined;
  #closed = false;

  push(frame: F): void {
    if (this.#closed) return;
    this.#frames.push(frame);
    this.#wake?.();
  }

  /** What was pushed before still goes out. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<{ frames: F[] }> {
    for (;;) {
      if (this.#frames.length === 0) {
        if (this.#closed) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
        continue;
      }
      const frames = this.#frames;
      if (frames.length <= framesMax) {
        this.#frames = [];
        yield { frames };
      } else {
        this.#frames = frames.slice(framesMax);
        yield { frames: frames.slice(0, framesMax) };
      }
    }
  }
}
