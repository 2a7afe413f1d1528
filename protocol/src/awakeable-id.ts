// Awakeable ids: sign_1 + the invocation id's 33 digits + 6 digits of the signal id. Opaque to users.

import { base62OfNumber, bigintOfBase62, isBase62 } from "./base62.js";
import { isInvocationId } from "./ids.js";

const prefix = "sign_1";
const signalWidth = 6;
const invocationDigits = 33;
/** Signals 1 to 16 have a meaning of their own: 1 is cancel. Awakeables count from here. */
export const firstAwakeableSignalId = 17;

/** Six digits can say more than the 32 bits of a signal id. */
const signalIdMax = 0xffff_ffff;

export interface AwakeableId {
  readonly invocationId: string;
  readonly signalId: number;
}

export function formatAwakeableId({ invocationId, signalId }: AwakeableId): string {
  return prefix + invocationId.slice(-invocationDigits) + base62OfNumber(signalId, signalWidth);
}

/** Undefined where the text is no awakeable id. */
export function parseAwakeableId(text: string): AwakeableId | undefined {
  const digits = text.slice(prefix.length);
  if (!text.startsWith(prefix) || digits.length !== invocationDigits + signalWidth)
    return undefined;
  if (!isBase62(digits)) return undefined;
  const invocationId = `inv_1${digits.slice(0, invocationDigits)}`;
  if (!isInvocationId(invocationId)) return undefined;
  const signalId = Number(bigintOfBase62(digits.slice(invocationDigits)));
  const isOne = signalId >= firstAwakeableSignalId && signalId <= signalIdMax;
  return isOne ? { invocationId, signalId } : undefined;
}

/** 28 bytes in base64url: an invocation, and the index of an entry of its journal. */
const olderForm = /^prom_1[A-Za-z0-9_-]{38}$/;

/** Whether it is an id as the field's systems made them once. None of them is ours: what it names is gone. */
export function isOlderAwakeableId(text: string): boolean {
  return olderForm.test(text);
}
