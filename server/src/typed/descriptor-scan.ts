// Looks through the bytes of a descriptor set before anything is made of them: what is small as bytes can be large as
// objects, and nested deeper than a stack.

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { errorMessage } from "@perdure/protocol/error-message";
import { ContractError } from "./contract-error.js";

/** Messages and unknown elements: each is an object of some hundred bytes. */
const elementsMax = 150_000;

export const descriptorBytesMax: number = 2 * 1024 * 1024;
/** Types inside types. */
export const typeNestingMax = 16;

/** A set, a file, nested types, a field, its options, and what is in these. */
const depthMax = typeNestingMax + 8;

/** @throws ContractError  PDR4215 */
export function scanDescriptorSet(bytes: Uint8Array): void {
  if (bytes.length > descriptorBytesMax) {
    throw new ContractError(
      "PDR4215",
      `the descriptor set has ${bytes.length} bytes; ${descriptorBytesMax} are the most`,
    );
  }
  const scan = new Scan(bytes);
  try {
    scan.message(FileDescriptorSetSchema, bytes.length, 0);
  } catch (error) {
    if (error instanceof ContractError) throw error;
    const reason = errorMessage(error);
    throw new ContractError("PDR4215", `the descriptor set is not valid protobuf: ${reason}`);
  }
}

class Scan {
  readonly #reader: BinaryReader;
  readonly #fields = new Map<DescMessage, ReadonlyMap<number, DescField>>();
  #elements = 0;

  constructor(bytes: Uint8Array) {
    this.#reader = new BinaryReader(bytes);
  }

  message(desc: DescMessage, end: number, depth: number): void {
    if (depth > depthMax) {
      throw new ContractError("PDR4215", "the descriptor set has types nested too deeply");
    }
    const fields = this.#fieldsOf(desc);
    const reader = this.#reader;
    while (reader.pos < end) {
      const [number, wireType] = reader.tag();
      const field = fields.get(number);
      if (field === undefined || field.message !== undefined) this.#count();
      if (field?.message === undefined || wireType !== WireType.LengthDelimited) {
        // Groups are skipped to a bounded depth.
        reader.skip(wireType, number);
        continue;
      }
      const length = reader.uint32();
      const inner = reader.pos + length;
      if (inner > end) throw new RangeError("an element ends behind the one that it is in");
      this.message(field.message, inner, depth + 1);
    }
    if (reader.pos !== end) throw new RangeError("an element ends behind the one that it is in");
  }

  #count(): void {
    if (++this.#elements > elementsMax) {
      throw new ContractError(
        "PDR4215",
        `the descriptor set has more than ${elementsMax} elements`,
      );
    }
  }

  #fieldsOf(desc: DescMessage): ReadonlyMap<number, DescField> {
    const known = this.#fields.get(desc);
    if (known !== undefined) return known;
    const made = new Map(desc.fields.map((field) => [field.number, field]));
    this.#fields.set(desc, made);
    return made;
  }
}
