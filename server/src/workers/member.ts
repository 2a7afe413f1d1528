// One worker among several: an engine for its partitions, and the whole of them through it.

import { buildEngine, type Engine, type EngineOptions } from "./engine.js";
import type { Invocations } from "../shard/invocations.js";
import type { Operators } from "../shard/operators.js";
import type { Recovered } from "../shard/recovery.js";
import type { Shard } from "../shard/shard.js";
import type { Watches } from "../shard/watches.js";
import { neighboursOf } from "./neighbours.js";
import { peerMethods, type PeerLink, type PeerMethods } from "./peer.js";
import { RoutedInvocations } from "./routed-invocations.js";
import { routedOperators } from "./routed-operators.js";
import { routedWatches } from "./routed-watches.js";
import { Routing, type Layout } from "./routing.js";

export interface MemberOptions {
  /** The number of this worker. */
  readonly worker: number;
  readonly layout: Layout;
  /** To the others, by their numbers: there when the member starts. */
  readonly links: ReadonlyMap<number, PeerLink>;
  readonly engine: Omit<EngineOptions, "placement" | "neighbours">;
}

export class Member {
  readonly engine: Engine;
  readonly invocations: Invocations;
  readonly watches: Pick<Watches, "watch">;
  readonly operators: Operators;
  readonly #links: ReadonlyMap<number, PeerLink>;
  readonly #opened: Promise<Shard>;
  #isOpen: (shard: Shard) => void = () => undefined;

  constructor({ worker, layout, links, engine: options }: MemberOptions) {
    this.#links = links;
    this.#opened = new Promise((resolve) => (this.#isOpen = resolve));
    if (layout.workers === 1) {
      const { callers, operators, watches } = (this.engine = buildEngine(options));
      this.invocations = callers;
      this.operators = operators;
      this.watches = watches;
      return;
    }
    const routing = new Routing(worker, layout, links);
    const neighbours = neighboursOf(routing);
    const engine = (this.engine = buildEngine({ ...options, placement: routing, neighbours }));
    this.invocations = new RoutedInvocations(engine.callers, routing);
    this.watches = routedWatches(engine.watches, routing);
    this.operators = routedOperators({
      here: engine.operators,
      routing,
      pinnedTo: engine.pinnedTo,
    });
  }

  /** What is served on a link, once the engine runs: others may be ready before. Made for each. */
  async methods(): Promise<PeerMethods> {
    return peerMethods(this.engine, await this.#opened);
  }

  /**
   * Goes on from what was recovered. The links to the others must be there: messages to them go out at once.
   * @param lastAt  of the newest record that any of them has: event time is the same for all
   */
  async start(recovered: Recovered, lastAt: number): Promise<Shard> {
    const shard = await this.engine.start(recovered, lastAt);
    this.#isOpen(shard);
    return shard;
  }

  /** All partitions, and the others, take over what is registered here. */
  async lead(): Promise<void> {
    const { registry } = this.engine;
    await registry.alignRules();
    const { content } = registry;
    await Promise.all(Array.from(this.#links.values(), (link) => link.call("follow", content)));
  }
}
