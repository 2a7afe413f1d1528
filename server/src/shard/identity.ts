// New ids, and ids that are derived from what identifies an invocation: a workflow key, an idempotency key.

import { createHash, randomFillSync } from "node:crypto";
import { HandlerKind, type Handler } from "@perdure/proto/manifest/v1/manifest";
import { base62Of64, base62OfBigint, base62Width128 } from "@perdure/protocol/base62";
import { invocationIdOf, partitionOfKey, runIdOf } from "@perdure/protocol/ids";

export interface Identity {
  /** inv_1… */
  readonly id: string;
  readonly partition: number;
  /** Of the new life, should there be none. */
  readonly runId: string;
}

export interface IdentityOf {
  readonly service: string;
  readonly handler: Pick<Handler, "name" | "kind">;
  readonly key: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly scope: string | undefined;
}

const counterMax = 62 ** 3;
const poolBytes = 16 * 1024;
const pool = Buffer.alloc(poolBytes);
let poolAt = poolBytes;
let counter = 0;

/** Random bytes are drawn by the pool: a call for each id would cost more than the rest of it. */
function random32(): number {
  if (poolAt >= poolBytes) {
    randomFillSync(pool);
    poolAt = 0;
  }
  const value = pool.readUInt32LE(poolAt);
  poolAt += 4;
  return value;
}

/** What was drawn in advance is let go of: ids follow from what is drawn from now on. For simulations. */
export function startIdsAnew(): void {
  poolAt = poolBytes;
  counter = 0;
}

export function randomSeed(): bigint {
  return (BigInt(random32()) << 32n) | BigInt(random32());
}

/** A run id that was never used and sorts after those of earlier milliseconds. */
export function newRunId(nowMs: number): string {
  counter = (counter + 1) % counterMax;
  return runIdOf(Math.floor(nowMs), counter, base62Of64(random32(), random32()));
}

/** The id of an invocation: derived where something identifies it, else new. */
export function identify(of: IdentityOf, nowMs: number): Identity {
  const runId = newRunId(nowMs);
  const { service, handler, key, idempotencyKey, scope } = of;
  const derived = derivedUuid(of);
  if (scope === undefined && key === undefined && idempotencyKey === undefined) {
    return place(random32(), random32(), runId, runId);
  }
  const hash = placeOf(scope, service, key ?? `${handler.name}/${idempotencyKey ?? ""}`);
  return place(hash.readUInt32BE(0), hash.readUInt32BE(4), derived ?? runId, runId);
}

/** The partition of an object or a workflow. */
export function partitionOfObject(of: {
  readonly service: string;
  readonly key: string;
  readonly scope: string | undefined;
}): number {
  return partitionOfKey(placeOf(of.scope, of.service, of.key).readUInt32BE(0));
}

/** All of a scope is in one place: its limits are counted there. */
function placeOf(scope: string | undefined, service: string, key: string): Buffer {
  return scope === undefined ? hashOf([service, key]) : hashOf(["scope", scope]);
}

function place(high: number, low: number, uuid: string, runId: string): Identity {
  return {
    id: invocationIdOf(base62Of64(high, low), uuid),
    partition: partitionOfKey(high),
    runId,
  };
}

function derivedUuid(of: IdentityOf): string | undefined {
  const { service, handler, key, idempotencyKey, scope } = of;
  // Empty parts tell "in a scope" from any list without one: no name is empty.
  const scoped = scope === undefined ? [] : ["", scope];
  if (handler.kind === HandlerKind.RUN) return uuidOf(["wf", ...scoped, service, key ?? ""]);
  if (idempotencyKey === undefined) return undefined;
  const keyed = key === undefined ? [service] : [service, key];
  return uuidOf(["ik", ...scoped, ...keyed, handler.name, idempotencyKey]);
}

function uuidOf(parts: readonly string[]): string {
  const hash = hashOf(parts);
  return base62OfBigint((hash.readBigUInt64BE(0) << 64n) | hash.readBigUInt64BE(8), base62Width128);
}

function hashOf(parts: readonly string[]): Buffer {
  const hash = createHash("sha256");
  // Each part with its length: no two lists of parts are the same text.
  for (const part of parts) hash.update(`${String(Buffer.byteLength(part))},`).update(part);
  return hash.digest();
}
