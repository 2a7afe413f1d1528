// Ids. All are text outside of frames, and text inside too, so that logs and tables can be read.
//   run id         22 base62 digits: a 128-bit number, time-ordered; one life of an invocation
//   invocation id  inv_1 + 11 digits of the 64-bit partition key + 22 digits of the uuid
//   deployment id  dp_1 + 22 digits
// The uuid of a plain invocation is its run id; that of a workflow run or an idempotent call is a
// hash of what identifies it. The partition is the top bits of the partition key, so that the
// number of partitions can grow without a new id.

import {
  base62OfNumber,
  base62Width128,
  base62Width64,
  bigintOfBase62,
  isBase62,
} from "./base62.js";

const invocationPrefix = "inv_1";
const deploymentPrefix = "dp_1";
const invocationIdLength = invocationPrefix.length + base62Width64 + base62Width128;
const partitionKeyEnd = invocationPrefix.length + base62Width64;
const max128 = (1n << 128n) - 1n;
const max64 = (1n << 64n) - 1n;

/** Partitions of a shard, at most: ids name one of so many. */
export const partitionCount = 64;
/** The registry of deployments has a partition of its own, beside those of invocations. */
export const registryPartition = 0xffff;
const partitionBits = 6n;

/** The partition that an id names, where there are only `partitions` of them. */
export function homeOf(place: number, partitions: number): number {
  return place === registryPartition ? place : place % partitions;
}

export function invocationIdOf(partitionKey: string, uuid: string): string {
  return invocationPrefix + partitionKey + uuid;
}

/** Whether `text` has the form of an invocation id. */
export function isInvocationId(text: string): boolean {
  if (text.length !== invocationIdLength || !text.startsWith(invocationPrefix)) return false;
  const numbers = text.slice(invocationPrefix.length);
  if (!isBase62(numbers)) return false;
  return (
    bigintOfBase62(partitionKeyOfInvocationId(text)) <= max64 &&
    bigintOfBase62(uuidOfInvocationId(text)) <= max128
  );
}

export function uuidOfInvocationId(id: string): string {
  return id.slice(partitionKeyEnd);
}

export function partitionKeyOfInvocationId(id: string): string {
  return id.slice(invocationPrefix.length, partitionKeyEnd);
}

/** The partition of an id that {@link isInvocationId}. */
export function partitionOfInvocationId(id: string): number {
  return Number(bigintOfBase62(partitionKeyOfInvocationId(id)) >> (64n - partitionBits));
}

/** The partition of a 64-bit key, of which only the upper half matters. */
export function partitionOfKey(high: number): number {
  return high >>> (32 - Number(partitionBits));
}

/**
 * A run id: 8 digits of milliseconds, 3 of a counter, 11 of randomness.
 * @param counter  below 62 ** 3
 * @param random   11 base62 digits
 */
export function runIdOf(timeMs: number, counter: number, random: string): string {
  return base62OfNumber(timeMs, 8) + base62OfNumber(counter, 3) + random;
}

export function deploymentIdOf(runId: string): string {
  return deploymentPrefix + runId;
}
