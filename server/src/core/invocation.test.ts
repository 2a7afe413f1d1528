import { create, toBinary, type DescField } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { InvocationSchema, type Invocation } from "@perdure/proto/storage/v1/records";
import { copyInvocation, newInvocation } from "./invocation.js";

/** Something other than what the field is by default. */
function valueFor(field: DescField): unknown {
  if (field.fieldKind === "list") return [create(field.message ?? InvocationSchema)];
  if (field.fieldKind === "message") return create(field.message);
  if (field.fieldKind === "enum") return field.enum.values.at(-1)?.number;
  return other[kindOf(newInvocation(), field.localName)];
}

const other = { string: "x", bigint: 5n, number: 5, boolean: true };

function kindOf(invocation: Invocation, name: string): keyof typeof other {
  const kind = typeof (invocation as unknown as Record<string, unknown>)[name];
  if (kind in other) return kind as keyof typeof other;
  throw new Error(`${name} is a ${kind}`);
}

describe("an invocation record", () => {
  test("that is new is what the schema says is nothing", () => {
    expect(toBinary(InvocationSchema, newInvocation())).toHaveLength(0);
    expect(newInvocation()).toEqual(create(InvocationSchema));
  });

  test("is copied with every field that the schema has", () => {
    const fields = InvocationSchema.fields.map((field) => [field.localName, valueFor(field)]);
    const full = create(InvocationSchema, Object.fromEntries(fields) as never);

    const copy = copyInvocation(full);

    expect(copy).not.toBe(full);
    expect(copy).toEqual(full);
    expect(toBinary(InvocationSchema, copy)).toEqual(toBinary(InvocationSchema, full));
    const blank = newInvocation() as unknown as Record<string, unknown>;
    for (const [name, value] of fields) expect(blank[String(name)]).not.toEqual(value);
  });

  test("and its copy are changed apart", () => {
    const original = newInvocation();
    const copy = copyInvocation(original);

    copy.attempt = 7;
    copy.sinks = [];

    expect(original.attempt).toBe(0);
  });
});
