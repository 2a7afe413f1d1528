// Where partitions are run: all by one shard, or shared out among the shards of several processes.

import type { Delivered, MessageReceived } from "@perdure/proto/storage/v1/events";
import { homeOf } from "@perdure/protocol/ids";

export interface Placement {
  /** Whether this shard runs the partition that a place belongs to. The registry's is run by all. */
  isHere(place: number): boolean;
}

/** One shard runs all. */
export const everywhere: Placement = { isHere: () => true };

/** The number of the shard that runs the partition of a place. Part of the format of data directories. */
export function shardOf(place: number, partitions: number, shards: number): number {
  return homeOf(place, partitions) % shards;
}

/** Shards that run other partitions. Messages to one of them keep their order. */
export interface Neighbours {
  /** Takes a durable message to a partition. It is told again after a restart until it is `delivered`. */
  deliver(to: number, message: MessageReceived): void;
  /** Tells the partition that sent messages which of them are durable with their receivers. */
  delivered(sender: number, receipt: Delivered): void;
}
