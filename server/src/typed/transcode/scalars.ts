// Codecs of protobuf's scalars: numbers, text, booleans and bytes.

import { ScalarType } from "@bufbuild/protobuf";
import { WireType, type BinaryReader, type BinaryWriter } from "@bufbuild/protobuf/wire";
import { Misfit } from "../transcode-error.js";
import { longCodec } from "./longs.js";
import { wrong, type ScalarCodec } from "./value-codec.js";

/** @param longAsNumber  whether 64-bit integers are numbers in JSON; else they are decimal strings */
export function scalarCodec(type: ScalarType, longAsNumber: boolean): ScalarCodec {
  const known = simple.get(type);
  if (known !== undefined) return known;
  const long = longCodec(type, longAsNumber);
  if (long === undefined) throw new Misfit(`is of the unknown scalar type ${type}`);
  return long;
}

const textCodec: ScalarCodec = {
  kind: "scalar",
  wireType: WireType.LengthDelimited,
  read: ({ reader }) => JSON.stringify(readText(reader)),
  write({ writer, mayBeIllFormed }, json) {
    if (typeof json !== "string") throw wrong("a string", json);
    if (mayBeIllFormed) checkWellFormed(json);
    writer.string(json);
  },
  zero: '""',
  isZero: (json) => json === "",
  accepts: (json) => typeof json === "string",
};

/** Half of a surrogate pair, which UTF-8 has no bytes for. */
const loneSurrogate = /\p{Surrogate}/u;

export function checkWellFormed(text: string): void {
  if (loneSurrogate.test(text)) {
    throw new Misfit("has half of a surrogate pair, which protobuf's strings can't hold");
  }
}

export function readText(reader: BinaryReader): string {
  try {
    return reader.string(true);
  } catch (error) {
    // Out of bounds is a RangeError; what is no UTF-8 is a TypeError of the decoder.
    if (error instanceof TypeError) throw new Misfit("is not valid UTF-8");
    throw error;
  }
}

const booleanCodec: ScalarCodec = {
  kind: "scalar",
  wireType: WireType.Varint,
  read: ({ reader }) => (reader.bool() ? "true" : "false"),
  write({ writer }, json) {
    if (typeof json !== "boolean") throw wrong("a boolean", json);
    writer.bool(json);
  },
  zero: "false",
  isZero: (json) => json === false,
  accepts: (json) => typeof json === "boolean",
};

const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

const bytesCodec: ScalarCodec = {
  kind: "scalar",
  wireType: WireType.LengthDelimited,
  read({ reader }) {
    const { buffer, byteOffset, byteLength } = reader.bytes();
    return `"${Buffer.from(buffer, byteOffset, byteLength).toString("base64")}"`;
  },
  write({ writer }, json) {
    if (typeof json !== "string") throw wrong("base64 text", json);
    const digits = json.replace(/=+$/, "").length;
    if (!base64.test(json) || digits % 4 === 1) throw new Misfit("is not base64");
    writer.bytes(Buffer.from(json, "base64"));
  },
  zero: '""',
  isZero: (json) => json === "",
  accepts: (json) => typeof json === "string",
};

// ---- numbers that a double holds

interface NumberForm {
  readonly wireType: WireType;
  read(reader: BinaryReader): number;
  write(writer: BinaryWriter, value: number): void;
  /** What it can be, for people. */
  readonly expected: string;
  fits(value: number): boolean;
}

function numberCodec(form: NumberForm): ScalarCodec {
  return {
    kind: "scalar",
    wireType: form.wireType,
    read({ reader }) {
      const value = form.read(reader);
      if (!Number.isFinite(value)) throw new Misfit(`is ${value}, which JSON can't say`);
      return value === 0 ? "0" : String(value);
    },
    write({ writer }, json) {
      if (typeof json !== "number") throw wrong(form.expected, json);
      if (!form.fits(json)) throw new Misfit(`is ${json}, but must be ${form.expected}`);
      form.write(writer, json);
    },
    zero: "0",
    isZero: (json) => json === 0,
    accepts: (json) => typeof json === "number",
  };
}

const integerIn =
  (min: number, max: number) =>
  (value: number): boolean =>
    Number.isInteger(value) && value >= min && value <= max;
const signed = {
  expected: "an integer of 32 bits",
  fits: integerIn(-(2 ** 31), 2 ** 31 - 1),
};
const unsigned = {
  expected: "an integer of 32 bits without a sign",
  fits: integerIn(0, 2 ** 32 - 1),
};

const simple: ReadonlyMap<ScalarType, ScalarCodec> = new Map([
  [ScalarType.STRING, textCodec],
  [ScalarType.BOOL, booleanCodec],
  [ScalarType.BYTES, bytesCodec],
  [
    ScalarType.DOUBLE,
    numberCodec({
      wireType: WireType.Bit64,
      read: (reader) => reader.double(),
      write: (writer, value) => writer.double(value),
      expected: "a number",
      fits: Number.isFinite,
    }),
  ],
  [
    ScalarType.FLOAT,
    numberCodec({
      wireType: WireType.Bit32,
      read: (reader) => reader.float(),
      write: (writer, value) => writer.float(value),
      expected: "a number of 32 bits",
      fits: (value) => Number.isFinite(Math.fround(value)),
    }),
  ],
  [
    ScalarType.INT32,
    numberCodec({
      ...signed,
      wireType: WireType.Varint,
      read: (reader) => reader.int32(),
      // -0 is an integer to JavaScript, but no number of a varint.
      write: (writer, value) => writer.int32(value + 0),
    }),
  ],
  [
    ScalarType.UINT32,
    numberCodec({
      ...unsigned,
      wireType: WireType.Varint,
      read: (reader) => reader.uint32(),
      write: (writer, value) => writer.uint32(value + 0),
    }),
  ],
  [
    ScalarType.SINT32,
    numberCodec({
      ...signed,
      wireType: WireType.Varint,
      read: (reader) => reader.sint32(),
      write: (writer, value) => writer.sint32(value),
    }),
  ],
  [
    ScalarType.FIXED32,
    numberCodec({
      ...unsigned,
      wireType: WireType.Bit32,
      read: (reader) => reader.fixed32(),
      write: (writer, value) => writer.fixed32(value),
    }),
  ],
  [
    ScalarType.SFIXED32,
    numberCodec({
      ...signed,
      wireType: WireType.Bit32,
      read: (reader) => reader.sfixed32(),
      write: (writer, value) => writer.sfixed32(value),
    }),
  ],
]);
