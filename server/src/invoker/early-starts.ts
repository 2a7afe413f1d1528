// What is started while a batch is synced: who is to be told when it is durable, and what has to wait until then.

import type { Link } from "./link.js";
import type { ReadyItem } from "./ready-groups.js";

interface Early {
  readonly position: bigint;
  /** To be told when the batch is durable. */
  readonly links: Set<Link>;
  /** Taken from their groups, and for deployments that could not be told. */
  readonly later: { readonly group: string; readonly item: ReadyItem }[];
}

export class EarlyStarts {
  #early: Early | undefined;

  /** The batch that is being synced: what is started now has to wait for this log position. Undefined between batches. */
  get position(): bigint | undefined {
    return this.#early?.position;
  }

  /** A batch is about to be synced. */
  begin(position: bigint): void {
    this.#early = { position, links: new Set(), later: [] };
  }

  /** Something was started on the link. */
  started(link: Link): void {
    this.#early?.links.add(link);
  }

  /** What can't be started before the batch is durable. Not back into its group: it would be taken from there again. */
  putOff(group: string, item: ReadyItem): void {
    this.#early?.later.push({ group, item });
  }

  /**
   * The batch is durable: gates open.
   * @param putBack  takes what was put off
   */
  released(putBack: (group: string, item: ReadyItem) => void): void {
    const early = this.#early;
    if (early === undefined) return;
    this.#early = undefined;
    for (const link of early.links) link.durable(early.position);
    for (const { group, item } of early.later) putBack(group, item);
  }
}
