// A world in which a shard lives several lives, each ended by a kill or a loss of power: callers that
// remember what they were told, services that do anything, and a look at the tables at each new start.

import { setImmediate as nextTurn } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { partitionOfInvocationId } from "@perdure/protocol/ids";
import { Actors, partitions, type Addressed, type Choose } from "../core/actors.fixture.js";
import type { Effect } from "../core/effect.js";
import { timersDue } from "../core/events.fixture.js";
import { readOutput } from "../core/queries.js";
import { Machine, type Released, type RunningShard } from "./machine.fixture.js";

export type Trouble =
  | { readonly kind: "none" }
  /** Operations of the disk until it goes dead, in the middle of what is under way. */
  | { readonly kind: "powerLost"; readonly after: number; readonly seed: number }
  | { readonly kind: "killed"; readonly after: number };

export interface Life {
  readonly steps: readonly Step[];
  readonly checkpointBytes: number;
  /** Events with more are written beside the log. */
  readonly largeBytes: number;
  readonly trouble: Trouble;
}

export type Step =
  | { readonly kind: "submit" | "attempt" | "signal" | "verb" | "patch" | "rules" }
  | { readonly kind: "turn" | "settle" }
  | { readonly kind: "pass"; readonly ms: number };

/** What callers were told: it must be true for ever. */
class Promises {
  readonly accepted = new Map<string, string>();
  readonly ended = new Map<string, Effect & { kind: "completed" }>();

  readonly note = (effect: Released): void => {
    if (effect.kind === "submitted") {
      this.accepted.set(effect.submission.runId, effect.submission.id);
    }
    if (effect.kind === "completed") this.ended.set(effect.runId, effect);
  };

  broken({ store }: RunningShard): string[] {
    const lost = [...this.accepted].filter(([runId, id]) => {
      const tables = store.partition(partitionOfInvocationId(id));
      return tables.invocations.get(runId)?.id !== id;
    });
    const undone = [...this.ended.values()].filter(({ runId, invocation, output }) => {
      const tables = store.partition(partitionOfInvocationId(invocation.id));
      const stored = tables.invocations.get(runId);
      if (stored?.status !== InvocationStatus.COMPLETED) return true;
      return !isDeepStrictEqual(readOutput(tables, runId, stored), output);
    });
    return [
      ...lost.map(([runId]) => `${runId} was accepted, and is not there`),
      ...undone.map(({ runId }) => `${runId} has ended, and has not, or otherwise`),
    ];
  }
}

export class World {
  readonly machine = new Machine();
  readonly promises = new Promises();
  readonly offences: string[] = [];
  readonly #actors: Actors;
  readonly #choose: Choose;
  #lastToken = 0;
  /** What the log had acknowledged when the last life ended. */
  #synced = 0;

  constructor(choose: Choose) {
    this.#choose = choose;
    // Nothing is forgotten meanwhile, so that everything can be asked for.
    this.#actors = new Actors(choose, { kept: [1e9] });
  }

  async live({ steps, checkpointBytes, largeBytes, trouble }: Life): Promise<void> {
    const running = await this.#boot(checkpointBytes, largeBytes);
    if (trouble.kind !== "none") this.machine.disk.cutPowerAfter(trouble.after);
    for (const step of steps) await this.#take(running, step);
    if (trouble.kind === "none") await running.shard.drained();
    if (trouble.kind === "none" && running.fatal.length > 0) {
      this.offences.push(`stopped without a reason: ${running.fatal.join()}`);
    }
    this.#synced = running.log.syncedPosition;
    if (trouble.kind === "powerLost") await this.machine.losePower(trouble.seed);
    else await this.machine.kill();
  }

  async #boot(checkpointBytes: number, largeBytes: number): Promise<RunningShard> {
    const running = await this.machine.boot({ checkpointBytes, largeBytes });
    running.listener = this.promises.note;
    const { records } = this.machine;
    // Behind what survived, there is the new epoch of each partition.
    const survived = records.length - [...running.store.partitionNumbers].length;
    if (survived < this.#synced) this.offences.push(`${this.#synced} synced, ${survived} there`);
    if ((await this.machine.digestOf(records)) !== running.store.digest()) {
      this.offences.push("the tables are not those of the records");
    }
    this.offences.push(...this.promises.broken(running));
    return running;
  }

  async #take(running: RunningShard, step: Step): Promise<void> {
    switch (step.kind) {
      case "submit":
        return this.#enqueue(running, this.#actors.submission(this.machine.nowMs));
      case "signal":
        return this.#enqueue(running, this.#actors.signal());
      case "verb": {
        const verb = this.#actors.verb();
        return this.#enqueue(running, verb?.event.case === "purged" ? undefined : verb);
      }
      case "patch":
        return this.#enqueue(running, this.#actors.patch());
      case "rules": {
        const event = this.#actors.rules();
        for (const partition of partitions) this.#enqueue(running, { partition, event });
        return;
      }
      case "attempt": {
        const partition = partitions[this.#choose(partitions.length)] ?? 0;
        const tables = running.store.partition(partition);
        const { epoch } = tables.partitionState;
        return this.#enqueue(
          running,
          this.#actors.attempt(partition, tables, epoch, this.machine.nowMs),
        );
      }
      case "pass":
        this.machine.nowMs += step.ms;
        for (const partition of partitions) {
          const event = timersDue(Math.floor(this.machine.nowMs), 3);
          this.#enqueue(running, { partition, event });
        }
        return;
      case "turn":
        await nextTurn();
        return;
      case "settle":
        return running.shard.drained();
    }
  }

  #enqueue({ shard }: RunningShard, addressed: Addressed | undefined): void {
    if (addressed === undefined) return;
    shard.enqueue(addressed.partition, addressed.event, { token: ++this.#lastToken });
  }
}
