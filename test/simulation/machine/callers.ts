// Callers and operators: requests that reach the server late or not at all, answers that get lost, clients that ask again
// under the same key, or vanish. What the engine's promises say when they resolve is told at that moment, in the server:
// it must be durable then, whether the answer arrives or not.

import type { Fact } from "../history.js";
import type { Network } from "./network.js";
import type { Random } from "./random.js";
import type { Process, Scheduler } from "./scheduler.js";
import type { Running, ServerMachine } from "./server-process.js";

/** The caller does not know what became of its request. */
export class Lost extends Error {
  override readonly name = "Lost";
}

export interface CallersWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: Random;
  readonly server: ServerMachine;
  readonly tell: (fact: Fact) => void;
  /** Share of answers that get lost. */
  readonly losses: () => number;
}

export class Callers {
  readonly #world: CallersWorld;
  readonly #waiting = new Map<Process, Set<(error: Error) => void>>();

  constructor(world: CallersWorld) {
    this.#world = world;
  }

  /** One request, and its answer. @throws Lost, and whatever the server says */
  ask<T>(client: Process, act: (running: Running) => Promise<T>): Promise<T> {
    const { scheduler, network, server, random } = this.#world;
    return new Promise<T>((resolve, reject) => {
      const { process } = server;
      const answer = (tell: () => void): void => {
        this.#waitingAt(process).delete(reject);
        const isLost = random.chance(this.#world.losses());
        scheduler.after(network.delay() * (isLost ? 20 : 1), client, () => {
          if (isLost) reject(new Lost("the answer was lost"));
          else tell();
        });
      };
      if (!process.alive) {
        scheduler.after(network.delay(), client, () => {
          reject(new Lost("nobody listens"));
        });
        return;
      }
      this.#waitingAt(process).add(reject);
      scheduler.after(network.delay(), process, () => {
        const { running } = server;
        if (running?.process !== process) {
          answer(() => {
            reject(new Lost("not ready"));
          });
          return;
        }
        const failed = (error: unknown): void => {
          if (!process.alive) return;
          answer(() => {
            reject(error as Error);
          });
        };
        try {
          act(running).then((value) => {
            if (!process.alive) return;
            answer(() => {
              resolve(value);
            });
          }, failed);
        } catch (error) {
          failed(error);
        }
      });
    });
  }

  /** Asks until there is an answer, or `givesUp`. What is refused for now is asked again. */
  async insist<T>(
    client: Process,
    act: (running: Running) => Promise<T>,
    givesUp: () => boolean = () => false,
  ): Promise<T | undefined> {
    for (let tries = 0; !givesUp(); tries++) {
      try {
        return await this.ask(client, act);
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
      await this.#world.scheduler.wait(
        20 + this.#world.random.about(Math.min(20 * 2 ** tries, 500)),
      );
    }
    return undefined;
  }

  /** The server's process has died: whoever waits for it learns of it. */
  died(process: Process, client: Process): void {
    const { scheduler, network } = this.#world;
    for (const reject of this.#waitingAt(process)) {
      scheduler.after(network.delay(), client, () => {
        reject(new Lost("connection reset"));
      });
    }
    this.#waiting.delete(process);
  }

  #waitingAt(process: Process): Set<(error: Error) => void> {
    let waiting = this.#waiting.get(process);
    if (waiting === undefined) this.#waiting.set(process, (waiting = new Set()));
    return waiting;
  }
}

/** Nothing was accepted, or nobody knows. */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof Error && ["Lost", "Unavailable", "Overloaded", "NotYet"].includes(error.name)
  );
}
