// Enums: each value stands for a literal, which its option names. The first value of a generated enum has none: it is
// what protobuf reads where nothing was written, and no value of the TypeScript type.

import { getOption, hasOption, type DescEnum } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { enum_value as enumValue } from "@perdure/proto/typed/v1/typed";
import { Misfit } from "../transcode-error.js";
import { jsonTypeOf, type ScalarCodec } from "./value-codec.js";

type Literal = string | number | null;

/** @throws Misfit  two values that are the same in JSON */
export function enumCodec(desc: DescEnum): ScalarCodec {
  const texts = new Map<number, string>();
  const numbers = new Map<Literal, number>();
  for (const [number, literal] of literalsOf(desc)) {
    if (numbers.has(literal)) throw new Misfit(`has the value ${JSON.stringify(literal)} twice`);
    numbers.set(literal, number);
    if (!texts.has(number)) texts.set(number, JSON.stringify(literal));
  }
  const zero = texts.get(0);
  const takes = (json: unknown): json is Literal => numbers.has(json as Literal);
  return {
    kind: "scalar",
    wireType: WireType.Varint,
    read({ reader }) {
      const number = reader.int32();
      const text = texts.get(number);
      if (text !== undefined) return text;
      throw new Misfit(
        number === 0
          ? `must be given: 0 is no value of ${desc.name}`
          : `is ${number}, which ${desc.name} does not know`,
      );
    },
    write({ writer }, json) {
      const number = takes(json) ? numbers.get(json) : undefined;
      if (number !== undefined) return void writer.int32(number);
      const is =
        typeof json === "string" || typeof json === "number"
          ? JSON.stringify(json).slice(0, 100)
          : jsonTypeOf(json);
      throw new Misfit(`is ${is}, which ${desc.name} does not know`);
    },
    zero,
    choices: choicesOf(desc.values.filter(({ number }) => texts.has(number))),
    isZero: (json) => takes(json) && numbers.get(json) === 0,
    accepts: takes,
  };
}

const toldMax = 10;

/** Readers of protobuf's JSON drop names that they don't know: whoever wrote one sees here what was meant. */
function choicesOf(values: readonly DescEnum["values"][number][]): string {
  const names = values.slice(0, toldMax).map(({ name }) => name);
  return `one of ${names.join(", ")}${values.length > toldMax ? ", …" : ""}`;
}

function literalsOf(desc: DescEnum): [number, Literal][] {
  if (desc.typeName === "google.protobuf.NullValue") return [[0, null]];
  const hasForms = desc.values.some((value) => hasOption(value, enumValue));
  // Without any form it is an enum as protobuf's JSON has it.
  if (!hasForms) return desc.values.map((value) => [value.number, value.name]);
  return desc.values.flatMap((value): [number, Literal][] => {
    const { value: form } = getOption(value, enumValue);
    return form.case === undefined ? [] : [[value.number, form.value]];
  });
}
