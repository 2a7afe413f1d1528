// The values that JSON has no form for, each with its text: Date (RFC 3339), bigint (decimal, 64 bits), Uint8Array
// (base64). What is of another type is passed as it is: checking types is nobody's task here.

export type LeafType = "Date" | "bigint" | "Uint8Array";

export interface Leaf {
  /** Whether a value of the code is one of these. */
  readonly is: (value: unknown) => boolean;
  /** @throws RangeError  it has no text */
  readonly toJson: (value: unknown) => unknown;
  /** @throws RangeError  a text of something else */
  readonly fromJson: (json: unknown) => unknown;
}

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

const dateLeaf: Leaf = {
  is: (value) => value instanceof Date,
  toJson(value) {
    if (!(value instanceof Date)) return value;
    if (Number.isNaN(value.getTime())) throw new RangeError("an invalid Date has no text");
    return value.toISOString();
  },
  fromJson(json) {
    return typeof json === "string" ? dateOf(json) : json;
  },
};

const bigintLeaf: Leaf = {
  is: (value) => typeof value === "bigint",
  toJson: (value) => (typeof value === "bigint" ? String(checkedInt64(value)) : value),
  fromJson(json) {
    // A number is what people write by hand.
    if (typeof json === "number" && Number.isSafeInteger(json)) return BigInt(json);
    if (typeof json !== "string") return json;
    if (!/^-?\d{1,20}$/.test(json)) {
      throw new RangeError(`${quoted(json)} is no whole number of 64 bits, in decimal`);
    }
    return checkedInt64(BigInt(json));
  },
};

const bytesLeaf: Leaf = {
  is: (value) => value instanceof Uint8Array,
  toJson: (value) => (value instanceof Uint8Array ? base64Of(value) : value),
  fromJson: (json) => (typeof json === "string" ? bytesOf(json) : json),
};

export const leaves: Readonly<Record<LeafType, Leaf>> = {
  Date: dateLeaf,
  bigint: bigintLeaf,
  Uint8Array: bytesLeaf,
};

function checkedInt64(value: bigint): bigint {
  if (value >= int64Min && value <= int64Max) return value;
  throw new RangeError(`${String(value)} has more than 64 bits`);
}

/** Also with the years beyond 9999 and before 0 that `toISOString` writes. */
const datePattern =
  /^([+-]\d{6}|\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

function dateOf(text: string): Date {
  const [, year = "", month = "", day = ""] = datePattern.exec(text) ?? [];
  const date = new Date(year === "" ? NaN : text.toUpperCase());
  // The engine takes the 31st of every month, as the first of the next one.
  if (Number.isNaN(date.getTime()) || !isDayOf(Number(year), Number(month), Number(day))) {
    throw new RangeError(
      `${quoted(text)} is no date and time as RFC 3339 has them ("2026-01-31T12:00:00Z")`,
    );
  }
  return date;
}

function isDayOf(year: number, month: number, day: number): boolean {
  if (day <= 28) return true;
  const lastDay = new Date(0);
  lastDay.setUTCFullYear(year, month, 0);
  return day <= lastDay.getUTCDate();
}

/** What some runtimes have and all may: the fast ways. */
const runtime = globalThis as {
  readonly Buffer?: {
    from(
      buffer: ArrayBufferLike,
      offset: number,
      length: number,
    ): { toString(as: "base64"): string };
  };
};

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** By character code; 64 for what is no digit. The form for URLs is read as well. */
const valueOfDigit = /* @__PURE__ */ digitTable();

function digitTable(): Uint8Array {
  const table = new Uint8Array(128).fill(64);
  for (const [value, digit] of digits.split("").entries()) table[digit.charCodeAt(0)] = value;
  table["-".charCodeAt(0)] = 62;
  table["_".charCodeAt(0)] = 63;
  return table;
}

function base64Of(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  if (runtime.Buffer !== undefined) {
    return runtime.Buffer.from(buffer, byteOffset, byteLength).toString("base64");
  }
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const left = bytes.length - at;
    text += `${digits[a >> 2] ?? ""}${digits[((a & 3) << 4) | (b >> 4)] ?? ""}`;
    text += left > 1 ? (digits[((b & 15) << 2) | (c >> 6)] ?? "") : "=";
    text += left > 2 ? (digits[c & 63] ?? "") : "=";
  }
  return text;
}

/** Padded or not. */
function bytesOf(text: string): Uint8Array {
  const length = text.endsWith("==") ? text.length - 2 : text.length - Number(text.endsWith("="));
  if (length % 4 === 1) throw noBase64(text);
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let held = 0;
  let bits = 0;
  let end = 0;
  for (let at = 0; at < length; at++) {
    const value = valueOfDigit[text.charCodeAt(at)] ?? 64;
    if (value === 64) throw noBase64(text);
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[end++] = held >> bits;
  }
  return bytes;
}

function noBase64(text: string): RangeError {
  return new RangeError(`${quoted(text)} is no base64`);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
