// Codecs of integers of 64 bits: decimal text in JSON, as bigint is, or numbers where a field says that it is one.

import { ScalarType } from "@bufbuild/protobuf";
import { WireType, type BinaryReader, type BinaryWriter } from "@bufbuild/protobuf/wire";
import { Misfit } from "../transcode-error.js";
import { wrong, type ScalarCodec } from "./value-codec.js";

/** Undefined: it is no such type. */
export function longCodec(type: ScalarType, asNumber: boolean): ScalarCodec | undefined {
  const form = longs.get(type);
  if (form === undefined) return undefined;
  return asNumber ? longNumberCodec(form) : longTextCodec(form);
}

interface LongForm {
  readonly wireType: WireType;
  read(reader: BinaryReader): bigint | string;
  write(writer: BinaryWriter, value: bigint): void;
  readonly expected: string;
  readonly min: bigint;
  readonly max: bigint;
}

function longTextCodec(form: LongForm): ScalarCodec {
  return {
    kind: "scalar",
    wireType: form.wireType,
    read: ({ reader }) => `"${form.read(reader)}"`,
    write({ writer }, json) {
      form.write(writer, longOf(form, json));
    },
    zero: '"0"',
    isZero: (json) => json === "0",
    accepts: (json) => typeof json === "string",
  };
}

/** Protobuf's own JSON takes numbers as well, so they are taken where nothing is lost. */
function longOf({ expected, min, max }: LongForm, json: unknown): bigint {
  const isWhole = typeof json === "string" ? /^-?\d{1,20}$/.test(json) : Number.isSafeInteger(json);
  if (!isWhole) throw wrong(`${expected} as decimal text`, json);
  const value = BigInt(json as string | number);
  if (value < min || value > max) throw new Misfit(`is ${value}, but must be ${expected}`);
  return value;
}

function longNumberCodec(form: LongForm): ScalarCodec {
  return {
    kind: "scalar",
    wireType: form.wireType,
    read({ reader }) {
      const value = form.read(reader);
      if (!Number.isSafeInteger(Number(value))) {
        throw new Misfit(`is ${value}: as a number it would not be exact (beyond 2^53)`);
      }
      return String(value);
    },
    write({ writer }, json) {
      if (typeof json !== "number") throw wrong(form.expected, json);
      // A number beyond it is exact by chance only.
      if (!Number.isSafeInteger(json) || json < form.min) {
        throw new Misfit(`is ${json}, but must be ${form.expected}, within 2^53`);
      }
      form.write(writer, BigInt(json));
    },
    zero: "0",
    isZero: (json) => json === 0,
    accepts: (json) => typeof json === "number",
  };
}

const signedLong = {
  expected: "an integer of 64 bits",
  min: -(2n ** 63n),
  max: 2n ** 63n - 1n,
};
const unsignedLong = {
  expected: "an integer of 64 bits without a sign",
  min: 0n,
  max: 2n ** 64n - 1n,
};

const longs: ReadonlyMap<ScalarType, LongForm> = new Map([
  [
    ScalarType.INT64,
    {
      ...signedLong,
      wireType: WireType.Varint,
      read: (reader) => reader.int64(),
      write: (writer, value) => writer.int64(value),
    },
  ],
  [
    ScalarType.UINT64,
    {
      ...unsignedLong,
      wireType: WireType.Varint,
      read: (reader) => reader.uint64(),
      write: (writer, value) => writer.uint64(value),
    },
  ],
  [
    ScalarType.SINT64,
    {
      ...signedLong,
      wireType: WireType.Varint,
      read: (reader) => reader.sint64(),
      write: (writer, value) => writer.sint64(value),
    },
  ],
  [
    ScalarType.FIXED64,
    {
      ...unsignedLong,
      wireType: WireType.Bit64,
      read: (reader) => reader.fixed64(),
      write: (writer, value) => writer.fixed64(value),
    },
  ],
  [
    ScalarType.SFIXED64,
    {
      ...signedLong,
      wireType: WireType.Bit64,
      read: (reader) => reader.sfixed64(),
      write: (writer, value) => writer.sfixed64(value),
    },
  ],
]);
