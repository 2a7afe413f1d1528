// The mixed load: callers of every workload at once. Each operation is asked for until it is answered, whatever breaks
// (mixed-caller.ts), and its answer goes into the book (mixed-book.ts).

import type { SeededRandom } from "../harness/seed.js";
import type { MixedBook } from "./mixed-book.js";
import { AskedTooLate, MixedCaller, type MixedCallerOptions } from "./mixed-caller.js";
import { operations, stepsOf, workloads, type Workload } from "./mixed-operations.js";

export interface MixedLoadOptions extends MixedCallerOptions {
  readonly book: MixedBook;
  readonly random: SeededRandom;
  /** How often something was disturbed so far. */
  readonly disturbances: () => number;
}

export class MixedLoad {
  readonly #options: MixedLoadOptions;
  readonly #counts = new Map<Workload, number>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: MixedLoadOptions) {
    this.#options = options;
  }

  /** How many operations of each workload were begun. */
  get counts(): ReadonlyMap<Workload, number> {
    return this.#counts;
  }

  /** Ids of the operations that have no answer yet. */
  get underWay(): readonly string[] {
    return [...this.#underWay.keys()];
  }

  /** Begins an operation. Resolves when its caller has the answer; rejects with an answer that nobody may get. */
  begin(workload: Workload): Promise<void> {
    const number = (this.#counts.get(workload) ?? 0) + 1;
    this.#counts.set(workload, number);
    const id = `${workload}-${number}`;
    const operation = this.#perform(workload, id).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, operation);
    return operation;
  }

  /** So many callers of each workload, one operation after the other, for as long as it says. */
  async run(callersOfEach: number, goOn: () => boolean): Promise<void> {
    const caller = async (workload: Workload): Promise<void> => {
      while (goOn()) await this.begin(workload);
    };
    await Promise.all(
      workloads.flatMap((workload) =>
        Array.from({ length: callersOfEach }, () => caller(workload)),
      ),
    );
  }

  /** Resolves when all operations have been answered. */
  async drained(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  /** Asks the counters what they hold in the end. */
  async judgeCounters(): Promise<void> {
    const { book } = this.#options;
    const caller = new MixedCaller(this.#options);
    for (const key of book.counters.keys()) {
      book.judgeCounter(key, await caller.ask(`MixedCounter/${key}/get`));
    }
  }

  async #perform(workload: Workload, id: string): Promise<void> {
    const { book, random, disturbances } = this.#options;
    const before = disturbances();
    const caller = new MixedCaller(this.#options);
    try {
      const answered = await operations[workload]({ id, caller, book, random });
      const { told = [], offences = [] } = answered;
      book.ended({ id, told, disturbances: disturbances() - before, offences });
    } catch (error) {
      if (!(error instanceof AskedTooLate)) throw error;
      book.askedTooLate(id, stepsOf[workload]);
    }
  }
}
