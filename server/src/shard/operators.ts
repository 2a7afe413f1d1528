// The operators' side of a shard: how an invocation is, and verbs on it.

import { create } from "@bufbuild/protobuf";
import { ResumedSchema } from "@perdure/proto/storage/v1/events";
import { InvocationStatus, type Invocation } from "@perdure/proto/storage/v1/records";
import { isInvocationId, partitionOfInvocationId } from "@perdure/protocol/ids";
import { findRun } from "../core/queries.js";
import type { Shard } from "./shard.js";

export interface Operators {
  /** The record of an invocation; undefined where there is none of this id. */
  invocation(id: string): Promise<Invocation | undefined>;
  /** Lets an invocation go on that is paused or backs off. Durable when it resolves. */
  resume(id: string): Promise<ResumeOutcome>;
}

export type ResumeOutcome = "resumed" | "notFound" | "notStarted" | "completed";

export class ShardOperators implements Operators {
  readonly #shard: () => Shard;

  constructor(shard: () => Shard) {
    this.#shard = shard;
  }

  invocation(id: string): Promise<Invocation | undefined> {
    if (!isInvocationId(id)) return Promise.resolve(undefined);
    const shard = this.#shard();
    const partition = partitionOfInvocationId(id);
    return new Promise((resolve) => {
      shard.whenPartitionDurable(partition, () => {
        const tables = shard.tables(partition);
        const runId = findRun(tables, id);
        resolve(runId === undefined ? undefined : tables.invocations.get(runId));
      });
    });
  }

  async resume(id: string): Promise<ResumeOutcome> {
    const invocation = await this.invocation(id);
    switch (invocation?.status) {
      case undefined:
        return "notFound";
      case InvocationStatus.COMPLETED:
        return "completed";
      case InvocationStatus.SCHEDULED:
      case InvocationStatus.INBOXED:
        return "notStarted";
      default:
        await this.#resume(id);
        return "resumed";
    }
  }

  #resume(id: string): Promise<void> {
    const value = create(ResumedSchema, { invocationId: id });
    return new Promise((resolve, reject) => {
      this.#shard().enqueue(
        partitionOfInvocationId(id),
        { case: "resumed", value },
        { onRefused: reject, onReleased: resolve },
      );
    });
  }
}
