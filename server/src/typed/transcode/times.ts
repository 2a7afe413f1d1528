// google.protobuf.Timestamp and Duration. A time is RFC 3339 text as Date.toISOString writes it, with more digits only
// where the time has them.

import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Misfit } from "../transcode-error.js";
import { readTag, type Reading } from "./passage.js";
import { wrong, type MessageCodec } from "./value-codec.js";

/** Both are seconds and nanoseconds with the same field numbers. */
interface Span {
  readonly seconds: number;
  readonly nanos: number;
}

/** Years 1 to 9999, which RFC 3339 can say. */
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;
const durationSecondsMax = 315_576_000_000;

export const timestampCodec: MessageCodec = {
  kind: "message",
  mayBeAbsent: false,
  readContent(from, end) {
    const span = readSpan(from, end);
    const { seconds, nanos } = span;
    if (!(seconds >= firstSecond && seconds <= lastSecond) || nanos < 0 || nanos > 999_999_999) {
      throw new Misfit("is a time outside of the years 1 to 9999, or its nanoseconds are");
    }
    return `"${timeText(span)}"`;
  },
  write({ writer }, json) {
    if (typeof json !== "string") throw wrong("a time as text", json);
    writeSpan(writer, timeOf(json));
  },
  accepts: (json) => typeof json === "string",
};

export const durationCodec: MessageCodec = {
  kind: "message",
  mayBeAbsent: false,
  readContent: (from, end) => `"${durationText(readDuration(from, end))}"`,
  write({ writer }, json) {
    if (typeof json !== "string") throw wrong('a duration as text, such as "1.5s"', json);
    writeSpan(writer, durationOf(json));
  },
  accepts: (json) => typeof json === "string",
};

/** @returns whole milliseconds, rounded up */
export function readDurationMs(from: Reading, end: number): number {
  const { seconds, nanos } = readDuration(from, end);
  return seconds * 1_000 + Math.ceil(nanos / 1_000_000);
}

export function writeTimestampMs(writer: BinaryWriter, ms: number): void {
  const seconds = Math.floor(ms / 1_000);
  writeSpan(writer, { seconds, nanos: Math.floor(ms - seconds * 1_000) * 1_000_000 });
}

function readSpan(from: Reading, end: number): Span {
  const { reader } = from;
  let seconds = 0;
  let nanos = 0;
  while (reader.pos < end) {
    const tag = readTag(reader);
    if (tag === 8) seconds = Number(reader.int64());
    else if (tag === 16) nanos = reader.int32();
    else reader.skip(tag & 7, tag >>> 3);
  }
  return { seconds, nanos };
}

function readDuration(from: Reading, end: number): Span {
  const span = readSpan(from, end);
  const { seconds, nanos } = span;
  const oneSign = seconds === 0 || nanos === 0 || seconds > 0 === nanos > 0;
  if (!oneSign || !(Math.abs(seconds) <= durationSecondsMax) || Math.abs(nanos) > 999_999_999) {
    throw new Misfit("is no duration that protobuf knows");
  }
  return span;
}

/** The message's content alone. */
function writeSpan(writer: BinaryWriter, { seconds, nanos }: Span): void {
  if (seconds !== 0) writer.uint32(8).int64(seconds);
  if (nanos !== 0) writer.uint32(16).int32(nanos);
}

function timeText({ seconds, nanos }: Span): string {
  const ms = Math.floor(nanos / 1_000_000);
  const text = new Date(seconds * 1_000 + ms).toISOString();
  const finer = nanos - ms * 1_000_000;
  return finer === 0 ? text : `${text.slice(0, -1)}${shortDigits(finer, 6)}Z`;
}

/** Digits behind the point, in groups of three. */
function shortDigits(value: number, width: number): string {
  return String(value)
    .padStart(width, "0")
    .replace(/(?:000)+$/, "");
}

const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

function timeOf(text: string): Span {
  const found = rfc3339.exec(text);
  if (found === null) throw new Misfit("is not a time as RFC 3339 text in the years 1 to 9999");
  const part = (index: number): number => Number(found[index] ?? 0);
  const date = new Date(0);
  // Date.UTC takes years below 100 for the 1900s.
  date.setUTCFullYear(part(1), part(2) - 1, part(3));
  date.setUTCHours(part(4), part(5), part(6));
  const offset = (part(9) * 60 + part(10)) * 60 * (found[8] === "-" ? -1 : 1);
  const seconds = date.getTime() / 1_000 - offset;
  const exists =
    date.toISOString().slice(0, 19) === text.slice(0, 19).toUpperCase() &&
    part(9) < 24 &&
    part(10) < 60;
  if (!exists || seconds < firstSecond || seconds > lastSecond) {
    throw new Misfit("is no time that exists in the years 1 to 9999");
  }
  return { seconds, nanos: Number((found[7] ?? "").padEnd(9, "0")) };
}

function durationText({ seconds, nanos }: Span): string {
  const sign = seconds < 0 || nanos < 0 ? "-" : "";
  const whole = `${sign}${Math.abs(seconds)}`;
  return nanos === 0 ? `${whole}s` : `${whole}.${shortDigits(Math.abs(nanos), 9)}s`;
}

function durationOf(text: string): Span {
  const found = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text);
  const seconds = Number(found?.[2]);
  if (found === null || seconds > durationSecondsMax) {
    throw new Misfit('is no duration such as "1.5s"');
  }
  const sign = found[1] === "-" ? -1 : 1;
  const nanos = Number((found[3] ?? "").padEnd(9, "0"));
  // Without -0.
  return { seconds: sign * seconds + 0, nanos: sign * nanos + 0 };
}
