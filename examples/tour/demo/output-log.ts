// What a process printed, line by line, over all its lives: killed and started again, it goes on in the
// same log. Waiting for a line looks at what is there already first, so nothing can be missed.

import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { within } from "./failure.js";

export interface OutputLine {
  readonly text: string;
  /** performance.now() when it came. */
  readonly atMs: number;
}

const waitMs = 20_000;

/** Time, level and invocation, which lines of `ctx.console` begin with. */
const logPrefix = /^\S+ INFO \S+ inv_\w+: /;

export class OutputLog {
  readonly lines: OutputLine[] = [];
  #waiting: (() => void)[] = [];
  #follower: ((line: string) => void) | undefined;

  /** Adds what comes from the stream. Resolves at its end. */
  async read(stream: Readable): Promise<void> {
    for await (const line of createInterface({ input: stream })) {
      const text = line.replace(logPrefix, "");
      this.lines.push({ text, atMs: performance.now() });
      this.#follower?.(text);
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  /**
   * The first line that `find` finds something in.
   * @throws DemoFailure  it does not come in time
   */
  async find<T>(what: string, find: (lines: readonly OutputLine[]) => T | undefined): Promise<T> {
    const search = async (): Promise<T> => {
      while (true) {
        const found = find(this.lines);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          this.#waiting.push(resolve);
        });
      }
    };
    return within(waitMs, what, search());
  }

  /** Hands on every line from now on. */
  follow(follower: (line: string) => void): void {
    this.#follower = follower;
  }

  tail(count: number): string[] {
    return this.lines.slice(-count).map(({ text }) => text);
  }
}
