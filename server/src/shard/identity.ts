// New ids, and ids that are derived from what identifies an invocation: a workflow key, an idempotency key.

import { hash, randomFillSync } from "node:crypto";
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

/**
 * The id of an invocation: derived where something identifies it, else new.
 * @param isHere  what has no place of its own gets one of which this is true
 */
export function identify(
  of: IdentityOf,
  nowMs: number,
  isHere: (place: number) => boolean = () => true,
): Identity {
  const runId = newRunId(nowMs);
  const hashed = hashedPlaceOf(of);
  if (hashed === undefined) {
    let high = random32();
    while (!isHere(partitionOfKey(high))) high = random32();
    return place(high, random32(), runId, runId);
  }
  const derived = derivedUuid(of);
  return place(hashed.readUInt32BE(0), hashed.readUInt32BE(4), derived ?? runId, runId);
}

/** The partition of what something identifies; undefined for what may be anywhere. */
export function identifiedPartition(of: IdentityOf): number | undefined {
  const hashed = hashedPlaceOf(of);
  return hashed === undefined ? undefined : partitionOfKey(hashed.readUInt32BE(0));
}

function hashedPlaceOf(of: IdentityOf): Buffer | undefined {
  const { service, handler, key, idempotencyKey, scope } = of;
  if (scope === undefined && key === undefined && idempotencyKey === undefined) return undefined;
  return placeOf(scope, service, key ?? `${handler.name}/${idempotencyKey ?? ""}`);
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
  const hashed = hashOf(parts);
  const number = (hashed.readBigUInt64BE(0) << 64n) | hashed.readBigUInt64BE(8);
  return base62OfBigint(number, base62Width128);
}

function hashOf(parts: readonly string[]): Buffer {
  // Each part with its length: no two lists of parts are the same text.
  const text = parts.map((part) => `${String(Buffer.byteLength(part))},${part}`).join("");
  return hash("sha256", text, "buffer");
}
