// Some partitions and the messages between them, which arrive as soon as they are sent, in order.

import type { EventBody } from "./apply.js";
import type { Effect } from "./effect.js";
import { delivered, received } from "./events.fixture.js";
import { startPartition, type PartitionUnderTest } from "./partition.fixture.js";

export class Network {
  readonly #partitions = new Map<number, PartitionUnderTest>();

  at(number: number): PartitionUnderTest {
    const known = this.#partitions.get(number);
    if (known !== undefined) return known;
    const partition = startPartition({ number });
    this.#partitions.set(number, partition);
    return partition;
  }

  /** Applies an event, and whatever it sets off in any partition. */
  apply(number: number, ...events: EventBody[]): Effect[] {
    const all: Effect[] = [];
    const queue = events.map((event) => ({ number, event }));
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { number: from, event } = next;
      const effects = this.at(from).apply(event);
      all.push(...effects);
      for (const effect of effects) {
        if (effect.kind !== "send") continue;
        const { to, sequence, message } = effect;
        queue.push({ number: to, event: received(from, sequence, message) });
        queue.push({ number: from, event: delivered([to, sequence]) });
      }
    }
    return all;
  }
}
