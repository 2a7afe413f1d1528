// Which worker runs what: each has every so-manieth partition.

import { registryPartition } from "@perdure/protocol/ids";
import { shardOf, type Placement } from "../shard/placement.js";
import type { PeerLink } from "./peer.js";

export interface Layout {
  /** Of the data directory. */
  readonly partitions: number;
  readonly workers: number;
}

export class Routing implements Placement {
  readonly worker: number;
  readonly #layout: Layout;
  readonly #links: ReadonlyMap<number, PeerLink>;

  /**
   * @param worker  the number of this one
   * @param links   to the others, by their numbers
   */
  constructor(worker: number, layout: Layout, links: ReadonlyMap<number, PeerLink>) {
    this.worker = worker;
    this.#layout = layout;
    this.#links = links;
  }

  /** Each has a registry of its own. */
  readonly isHere = (place: number): boolean =>
    place === registryPartition || this.#workerOf(place) === this.worker;

  /** The way to whoever runs a place; undefined: it is run here. */
  linkOf(place: number): PeerLink | undefined {
    return this.#links.get(this.#workerOf(place));
  }

  /** To all others. */
  get others(): Iterable<PeerLink> {
    return this.#links.values();
  }

  #workerOf(place: number): number {
    const { partitions, workers } = this.#layout;
    return shardOf(place, partitions, workers);
  }
}
