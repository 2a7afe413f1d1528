// Messages of a session for whoever takes them one by one, as an iterable: one lies ready at a time, so that what is not
// taken waits where attempts take turns.

import type { DeploymentFrame } from "@perdure/proto/protocol/v1/deployment";
import type { SessionOutput } from "./session.js";

export class MessageQueue implements SessionOutput, AsyncIterable<{ frames: DeploymentFrame[] }> {
  readonly #drained: () => void;
  #message: DeploymentFrame[] | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  /** @param drained  a message was taken: there is room for the next */
  constructor(drained: () => void) {
    this.#drained = drained;
  }

  write(frames: DeploymentFrame[]): boolean {
    this.#message = frames;
    this.#wake?.();
    return false;
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<{ frames: DeploymentFrame[] }> {
    for (;;) {
      const frames = this.#message;
      if (frames !== undefined) {
        this.#message = undefined;
        // What waits comes before what is said next.
        this.#drained();
        yield { frames };
      } else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
    }
  }
}
