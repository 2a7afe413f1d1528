// Numbers as base62 text of fixed width. The digits stand in ASCII order, so texts of one width
// sort as their numbers do.

import { invariant } from "./assert.js";

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Digits of a 64-bit number. */
export const base62Width64 = 11;
/** Digits of a 128-bit number. */
export const base62Width128 = 22;

const pattern = /^[0-9A-Za-z]+$/;

export function isBase62(text: string): boolean {
  return pattern.test(text);
}

/** A number of up to 53 bits, left-padded with 0. */
export function base62OfNumber(value: number, width: number): string {
  let text = "";
  let rest = value;
  for (let place = 0; place < width; place++) {
    const next = Math.floor(rest / 62);
    text = digits.charAt(rest - next * 62) + text;
    rest = next;
  }
  invariant(rest === 0, `${String(value)} has more than ${String(width)} base62 digits`);
  return text;
}

/** A 64-bit number given as two unsigned 32-bit halves. Cheaper than a bigint: ids are made per request. */
export function base62Of64(high: number, low: number): string {
  let text = "";
  let h = high >>> 0;
  let l = low >>> 0;
  for (let place = 0; place < base62Width64; place++) {
    const hq = Math.floor(h / 62);
    const carried = (h - hq * 62) * 0x1_0000_0000 + l;
    const lq = Math.floor(carried / 62);
    text = digits.charAt(carried - lq * 62) + text;
    h = hq;
    l = lq;
  }
  return text;
}

export function base62OfBigint(value: bigint, width: number): string {
  let text = "";
  let rest = value;
  for (let place = 0; place < width; place++) {
    text = digits.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  invariant(rest === 0n, `a number has more than ${String(width)} base62 digits`);
  return text;
}

export function bigintOfBase62(text: string): bigint {
  let value = 0n;
  for (const digit of text) {
    const at = digits.indexOf(digit);
    invariant(at >= 0, `"${digit}" is no base62 digit`);
    value = value * 62n + BigInt(at);
  }
  return value;
}
