// Fills a store with very many invocations that have ended: a few are made by the core, as seed-finished.ts does, and
// their rows are copied under other run ids, straight into the tables, in key order and large transactions.
// That is some twenty times as fast as the way through core and log, and what the rows hold is the same.
import { join } from "node:path";
import { base62Of64 } from "@perdure/protocol/base62";
import { partitionCount, runIdOf } from "@perdure/protocol/ids";
import { Environment, type CheckpointOperation } from "@perdure/server/shard/recovery";
import { seedFinished, type SeedOptions } from "./seed-finished.js";

/** A row of an invocation, and where its run id stands in it. */
interface Template {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly inKey: readonly number[];
  readonly inValue: readonly number[];
}

/** Operations of one transaction. */
const transactionRows = 20_000;
/** Run ids that share a millisecond; within it they go by their number. */
const idsPerMs = 62 ** 3;

/** @param dataDirectory  of a server that does not run */
export async function seedCopies(
  dataDirectory: string,
  options: SeedOptions,
  progress: (done: number) => void = () => undefined,
): Promise<void> {
  const models = await seedFinished(dataDirectory, { ...options, count: partitionCount });
  const environment = Environment.open(join(dataDirectory, "shards", "0", "store"));
  const each = Math.ceil((options.count - models.length) / partitionCount);
  let done = models.length;
  for (const [partition, model] of models.entries()) {
    // A plain invocation's id ends with its run id.
    for (const template of templatesOf(environment, partition, Buffer.from(model.slice(-22)))) {
      for (let from = 0; from < each; from += transactionRows) {
        const to = Math.min(each, from + transactionRows);
        environment.write(copies(template, options.endedAtMs, from, to));
      }
    }
    done += each;
    progress(done);
  }
  await environment.close();
}

function templatesOf(environment: Environment, partition: number, runId: Buffer): Template[] {
  const start = Buffer.alloc(2);
  const end = Buffer.alloc(2);
  start.writeUInt16BE(partition);
  end.writeUInt16BE(partition + 1);
  const templates: Template[] = [];
  const rows = environment.range(start, end);
  for (let row = rows.next(); row.done !== true; row = rows.next()) {
    const { key, value } = row.value;
    const inKey = placesOf(key, runId);
    if (inKey.length === 0) continue;
    templates.push({ key, value, inKey, inValue: placesOf(value, runId) });
  }
  if (templates.length === 0) throw new Error(`partition ${partition} has nothing to copy`);
  return templates;
}

function placesOf(bytes: Buffer, part: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(part); at >= 0; at = bytes.indexOf(part, at + 1)) places.push(at);
  return places;
}

function* copies(
  template: Template,
  endedAtMs: number,
  from: number,
  to: number,
): Generator<CheckpointOperation> {
  const { inKey, inValue } = template;
  // LMDB has copied them when it asks for the next.
  const key = Buffer.from(template.key);
  const value = Buffer.from(template.value);
  for (let number = from; number < to; number++) {
    // Later than those that were copied, and in order.
    const ms = endedAtMs + 1 + Math.floor(number / idsPerMs);
    const runId = runIdOf(ms, number % idsPerMs, base62Of64(0, number));
    for (const at of inKey) key.write(runId, at, "latin1");
    for (const at of inValue) value.write(runId, at, "latin1");
    yield { kind: "put", key, value };
  }
}
