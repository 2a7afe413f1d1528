// One reading or writing under way: where it stands in the value, for errors, and how deep it is.
//   L1. Bounded whatever comes: messages inside messages to `depthMax`, JSON text to `textMax`, work to `fieldsMax`.

import { BinaryReader, type BinaryWriter } from "@bufbuild/protobuf/wire";
import { payloadBytesMax } from "@perdure/protocol/limits";
import { Misfit } from "../transcode-error.js";

/** What protobuf libraries read at most, so nothing is written that callers can't read. */
const depthMax = 100;
/** A few bytes can stand for a long text (a message of defaults): the text has the limit of every payload. */
const textMax = payloadBytesMax;
/** Bytes that are copied to merge messages which come in pieces, as they may at each depth anew. */
const mergedMax = 2 * payloadBytesMax;
/** Fields of messages that were looked at, there or not: a few bytes can stand for many of these, too. */
const fieldsMax = 16 * 1024 * 1024;

export class Passage {
  /** Names of members and numbers of items, from the outside in. */
  readonly at: (string | number)[] = [];
  /** The outermost message is the first. */
  #depth = 1;
  #fields = 0;

  enter(): void {
    if (++this.#depth > depthMax) throw new Misfit(`is nested deeper than ${depthMax} messages`);
  }

  /** Counts the fields of a message. */
  look(fields: number): void {
    this.#fields += fields + 1;
    if (this.#fields > fieldsMax) throw new Misfit(`has more than ${fieldsMax} fields in all`);
  }

  leave(): void {
    this.#depth--;
  }

  /** "input.users[2].name" */
  get path(): string {
    return this.at.reduce<string>((path, step) => {
      if (typeof step === "number") return `${path}[${step}]`;
      if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step)) return `${path}[${JSON.stringify(step)}]`;
      return path === "" ? step : `${path}.${step}`;
    }, "");
  }
}

export class Reading extends Passage {
  bytes: Uint8Array;
  reader: BinaryReader;
  #merged = 0;

  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
    this.reader = new BinaryReader(bytes);
  }

  /** Reads a message that came in pieces, put together, at the same place in the value. */
  merged<T>(pieces: readonly Uint8Array[], read: (end: number) => T): T {
    const bytes = Buffer.concat(pieces);
    this.#merged += bytes.length;
    if (this.#merged > mergedMax) throw new Misfit("comes in too many pieces");
    const { bytes: outer, reader } = this;
    this.bytes = bytes;
    this.reader = new BinaryReader(bytes);
    const result = read(bytes.length);
    this.bytes = outer;
    this.reader = reader;
    return result;
  }

  /** The end of a length-delimited element, whose content begins where the reader stands then. */
  end(): number {
    const { reader } = this;
    const length = reader.uint32();
    const end = reader.pos + length;
    if (end > reader.len) throw cutOff();
    return end;
  }
}

export class Writing extends Passage {
  readonly writer: BinaryWriter;
  /** The JSON text has escapes that may be halves of characters. */
  readonly mayBeIllFormed: boolean;
  /** Members that the message does not know are not dropped: they don't fit. */
  readonly isExact: boolean;

  /** @param text  the JSON text that is written from */
  constructor(writer: BinaryWriter, text: string, extraMembers: "drop" | "refuse") {
    super();
    this.writer = writer;
    this.mayBeIllFormed = mayHaveLoneSurrogates(text);
    this.isExact = extraMembers === "refuse";
  }
}

/** @returns field number and wire type, as they stand on the wire */
export function readTag(reader: BinaryReader): number {
  const start = reader.pos;
  const tag = reader.uint32();
  if (tag < 8 || reader.pos - start > 5) throw new Misfit("is not valid protobuf: a bad tag");
  return tag;
}

/** Only escapes can say them: the bytes of the text are UTF-8. */
export function mayHaveLoneSurrogates(json: string): boolean {
  return /\\u[dD]/.test(json);
}

export function checkTextLength(length: number): void {
  if (length > textMax) throw new Misfit(`is longer than ${textMax} bytes as JSON`);
}

export function cutOff(): Misfit {
  return new Misfit("is not valid protobuf: an element ends behind the message that it is in");
}
