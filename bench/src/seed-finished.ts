// Fills the data directory of a server that is stopped with invocations that have ended: each with its input, one
// step and its output, as the core itself makes them, through the log as everything.
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { AppendedSchema, SubmittedSchema } from "@perdure/proto/storage/v1/events";
import { base62Of64 } from "@perdure/protocol/base62";
import { invocationIdOf, partitionCount, runIdOf } from "@perdure/protocol/ids";
import { entryOf, proposalOf, valueOf } from "@perdure/protocol/messages";
import { apply, type EventBody } from "@perdure/server/core/apply";
import {
  recordOf,
  recoverShard,
  type LogRecord,
  type Recovered,
} from "@perdure/server/shard/recovery";

export interface SeedOptions {
  readonly count: number;
  /** Epoch milliseconds: when they ended. */
  readonly endedAtMs: number;
  /** How long they are kept. */
  readonly retentionMs: number;
  /** Told the id of each. */
  readonly onSeeded?: (id: string) => void;
}

const checkpointEvery = 20_000;
/** Records of one write to the log. */
const batchMax = 1_000;
const input = valueOf(Buffer.from('"a value of some length, as inputs are"'));
const result = valueOf(Buffer.from('"what came of it"'));

/**
 * @param dataDirectory  of a server that does not run
 * @returns the ids of those that each partition lets go of last
 */
export async function seedFinished(
  dataDirectory: string,
  options: SeedOptions,
): Promise<readonly string[]> {
  const directory = join(dataDirectory, "shards", "0");
  const recovered = await recoverShard({ directory, writer: "inline" });
  const { log, store } = recovered;
  const last = new Map<number, string>();
  let batch: LogRecord[] = [];
  for (let number = 0; number < options.count; number++) {
    const id = seedOne(recovered, number, options, batch);
    options.onSeeded?.(id);
    last.set(number % partitionCount, id);
    const isLast = number + 1 === options.count;
    if (batch.length >= batchMax || isLast) {
      await log.append(batch);
      batch = [];
    }
    if ((number + 1) % checkpointEvery !== 0 && !isLast) continue;
    const position = log.lastPosition;
    await store.checkpoint(position);
    await log.trim(position + 1);
  }
  await log.close();
  await store.close();
  return [...last.values()];
}

function seedOne(
  { store }: Recovered,
  number: number,
  options: SeedOptions,
  batch: LogRecord[],
): string {
  const partition = number % partitionCount;
  const tables = store.partition(partition);
  const { epoch } = tables.partitionState;
  const { endedAtMs: nowMs } = options;
  // In order of their numbers: the last one is the last to go.
  const runId = runIdOf(
    nowMs + Math.floor(number / 62 ** 3),
    number % 62 ** 3,
    base62Of64(0, number),
  );
  const id = invocationIdOf(base62Of64(partition * (2 ** 32 / partitionCount), number), runId);
  for (const event of eventsOf(id, runId, epoch, options)) {
    const context = { tables, partition, partitions: store.partitions, epoch, nowMs };
    apply({ ...context, token: undefined, emit: () => undefined }, event);
    tables.undo.commit();
    const position = ++tables.partitionState.appliedPosition;
    batch.push(recordOf(partition, position, epoch, nowMs, event));
  }
  return id;
}

function eventsOf(
  id: string,
  runId: string,
  epoch: number,
  { retentionMs }: SeedOptions,
): EventBody[] {
  const step = { $typeName: "perdure.protocol.v1.RunCommand" as const, completionId: 1 };
  const output = {
    $typeName: "perdure.protocol.v1.OutputCommand" as const,
    result: { case: "value" as const, value: result },
  };
  const submitted = create(SubmittedSchema, {
    invocation: {
      id,
      runId,
      parameter: input,
      target: {
        target: { service: "Greeter", handler: "greet" },
        serviceKind: ServiceKind.SERVICE,
        handlerKind: HandlerKind.SHARED,
        completionRetention: retentionMs,
        journalRetention: retentionMs,
      },
    },
  });
  const appended = create(AppendedSchema, {
    runId,
    attempt: { epoch, counter: 1 },
    end: true,
    deploymentId: "dp_1seed",
    items: [
      { item: { case: "command", value: entryOf("step", { case: "run", value: step }) } },
      { item: { case: "proposal", value: proposalOf(1, { case: "value", value: result }) } },
      { item: { case: "command", value: entryOf("", { case: "output", value: output }) } },
    ],
  });
  return [
    { case: "submitted", value: submitted },
    { case: "appended", value: appended },
  ];
}
