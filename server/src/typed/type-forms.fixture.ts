// Types of values, how they are protobuf, and values of them: for tests that want any type and any value. Written from
// the table of forms alone, without a look at codegen.

import { clone, create, ScalarType, setExtension } from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  EnumValueOptionsSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  MessageOptionsSchema,
  OneofDescriptorProtoSchema,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import {
  enum_value as enumValue,
  field as fieldForm,
  message as messageForm,
  Shape,
} from "@perdure/proto/typed/v1/typed";
import fc from "fast-check";

export type TypeForm =
  | { readonly kind: "scalar"; readonly scalar: ScalarType; readonly number?: boolean }
  | { readonly kind: "date" | "json" | "null" }
  | { readonly kind: "enum"; readonly values: readonly (string | number)[] }
  | {
      readonly kind: "object";
      readonly members: readonly MemberForm[];
      readonly constants?: Readonly<Record<string, string | number | boolean>>;
    }
  /** An object that holds itself. */
  | { readonly kind: "tree" }
  | { readonly kind: "list" | "map" | "nullable"; readonly of: TypeForm }
  | { readonly kind: "tuple"; readonly items: readonly TypeForm[] }
  | { readonly kind: "union"; readonly variants: readonly TypeForm[] };

export interface MemberForm {
  readonly name: string;
  readonly type: TypeForm;
  readonly optional?: boolean;
  readonly nullable?: boolean;
}

export const string: TypeForm = { kind: "scalar", scalar: ScalarType.STRING };
export const number: TypeForm = { kind: "scalar", scalar: ScalarType.DOUBLE };
export const boolean: TypeForm = { kind: "scalar", scalar: ScalarType.BOOL };
export const bigint: TypeForm = { kind: "scalar", scalar: ScalarType.INT64 };
export const bytes: TypeForm = { kind: "scalar", scalar: ScalarType.BYTES };

type FieldParts = Pick<FieldDescriptorProto, "label" | "type"> &
  Partial<Pick<FieldDescriptorProto, "typeName" | "proto3Optional" | "options">>;

/** Messages and enums of one file, made as they are needed. */
export class TypesDraft {
  readonly messages: DescriptorProto[] = [];
  readonly enums: EnumDescriptorProto[] = [];
  readonly #package: string;
  readonly #named = new Set<string>();
  /** The same type is the same message. */
  readonly #singles = new Map<string, FieldParts>();
  #count = 0;

  constructor(pack: string) {
    this.#package = pack;
  }

  /** A field of the type in the message, as the table says. Adds map entries to the message. */
  addField(
    message: DescriptorProto,
    field: { readonly name: string; readonly number: number; readonly jsonName?: string },
    type: TypeForm,
    presence: Pick<MemberForm, "optional" | "nullable"> = {},
  ): FieldDescriptorProto {
    const { optional = false, nullable = false } = presence;
    const parts =
      optional && nullable
        ? this.#optional(
            this.#single({ kind: "union", variants: [{ kind: "null" }, ...variantsOf(type)] }),
          )
        : optional || nullable
          ? this.#optional(this.#single(type))
          : this.#required(message, type);
    const options = clone(FieldOptionsSchema, parts.options ?? create(FieldOptionsSchema));
    if (nullable && !optional) setExtension(options, fieldForm, { ...formOf(type), nullable });
    const made = create(FieldDescriptorProtoSchema, {
      ...parts,
      ...field,
      jsonName: field.jsonName ?? field.name,
      options,
    });
    message.field.push(made);
    return made;
  }

  #required(message: DescriptorProto, type: TypeForm): FieldParts {
    if (type.kind === "list") return { ...this.#single(type.of), label: Label.REPEATED };
    if (type.kind === "map") return this.#mapField(message, type.of);
    return this.#single(type);
  }

  #mapField(message: DescriptorProto, of: TypeForm): FieldParts {
    const value = this.#single(of);
    const name = `Entry${message.nestedType.length + 1}Entry`;
    const entry = create(DescriptorProtoSchema, {
      name,
      field: [
        { name: "key", number: 1, label: Label.OPTIONAL, type: Type.STRING },
        { ...value, name: "value", number: 2 },
      ],
      options: { mapEntry: true },
    });
    message.nestedType.push(entry);
    const typeName = `.${this.#package}.${message.name}.${name}`;
    const { options } = value;
    return { label: Label.REPEATED, type: Type.MESSAGE, typeName, ...(options && { options }) };
  }

  #optional(parts: FieldParts): FieldParts {
    return { ...parts, proto3Optional: true };
  }

  /** One value of the type; lists and maps in a message of their own. */
  #single(type: TypeForm): FieldParts {
    const key = JSON.stringify(type);
    const known = this.#singles.get(key);
    if (known !== undefined) return known;
    const made = this.#newSingle(type);
    this.#singles.set(key, made);
    return made;
  }

  #newSingle(type: TypeForm): FieldParts {
    switch (type.kind) {
      case "scalar": {
        const options = create(FieldOptionsSchema);
        if (type.number === true) setExtension(options, fieldForm, { ...formOf(type) });
        return { label: Label.OPTIONAL, type: Number(type.scalar) as Type, options };
      }
      case "date":
        return reference("google.protobuf.Timestamp");
      case "json":
        return reference("google.protobuf.Value");
      case "null":
        return { ...reference("google.protobuf.NullValue"), type: Type.ENUM };
      case "enum":
        return this.#enum(type.values);
      case "object":
        return this.#object(type);
      case "tree":
        return this.#tree();
      case "list":
        return this.#lone(Shape.LIST, (message) => {
          this.addField(message, { name: "items", number: 1 }, type);
        });
      case "map":
        return this.#lone(Shape.MAP, (message) => {
          this.addField(message, { name: "entries", number: 1 }, type);
        });
      case "nullable":
        return this.#lone(Shape.NULLABLE, (message) => {
          this.addField(message, { name: "value", number: 1 }, type.of, { optional: true });
        });
      case "tuple":
        return this.#lone(Shape.TUPLE, (message) => {
          for (const [at, item] of type.items.entries()) {
            this.addField(message, { name: `item_${at + 1}`, number: at + 1 }, item);
          }
        });
      case "union":
        return this.#union(type.variants);
    }
  }

  #object({ members, constants = {} }: Extract<TypeForm, { kind: "object" }>): FieldParts {
    return this.#lone(
      Shape.UNSPECIFIED,
      (message) => {
        // Numbers that are not in the order of the members, with gaps.
        for (const [at, { name, type, ...presence }] of members.entries()) {
          const number = 3 * (members.length - at);
          this.addField(message, { name: `f_${at}`, number, jsonName: name }, type, presence);
        }
      },
      constants,
    );
  }

  #tree(): FieldParts {
    const parts = reference(`${this.#package}.Tree`);
    if (this.#named.has("Tree")) return parts;
    this.#named.add("Tree");
    const message = create(DescriptorProtoSchema, { name: "Tree" });
    this.messages.push(message);
    this.addField(message, { name: "name", number: 1 }, string);
    this.addField(message, { name: "left", number: 2 }, { kind: "tree" }, { optional: true });
    this.addField(message, { name: "others", number: 3 }, { kind: "list", of: { kind: "tree" } });
    return parts;
  }

  #union(variants: readonly TypeForm[]): FieldParts {
    return this.#lone(Shape.UNION, (message) => {
      message.oneofDecl.push(create(OneofDescriptorProtoSchema, { name: "value" }));
      for (const [at, variant] of variants.entries()) {
        const parts = this.#single(variant);
        const field = { ...parts, name: `v_${at}`, jsonName: `v${at}`, number: at + 1 };
        message.field.push(create(FieldDescriptorProtoSchema, { ...field, oneofIndex: 0 }));
      }
    });
  }

  #lone(
    shape: Shape,
    fill: (message: DescriptorProto) => void,
    constants: Readonly<Record<string, string | number | boolean>> = {},
  ): FieldParts {
    const name = `Message${++this.#count}`;
    const options = create(MessageOptionsSchema);
    setExtension(options, messageForm, {
      $typeName: "perdure.typed.v1.MessageForm",
      shape,
      constants: Object.entries(constants).map(([constant, value]) => ({
        $typeName: "perdure.typed.v1.Constant" as const,
        name: constant,
        json: JSON.stringify(value),
      })),
    });
    const message = create(DescriptorProtoSchema, { name, options });
    this.messages.push(message);
    fill(message);
    return reference(`${this.#package}.${name}`);
  }

  #enum(values: readonly (string | number)[]): FieldParts {
    const name = `Enum${++this.#count}`;
    const made = create(EnumDescriptorProtoSchema, {
      name,
      value: [{ name: `${name.toUpperCase()}_UNSPECIFIED`, number: 0 }],
    });
    for (const [at, value] of values.entries()) {
      const options = create(EnumValueOptionsSchema);
      setExtension(options, enumValue, {
        $typeName: "perdure.typed.v1.EnumValueForm",
        value: typeof value === "string" ? { case: "text", value } : { case: "number", value },
      });
      const one = { name: `${name.toUpperCase()}_${at + 1}`, number: at + 1, options };
      made.value.push({ $typeName: "google.protobuf.EnumValueDescriptorProto", ...one });
    }
    this.enums.push(made);
    return { ...reference(`${this.#package}.${name}`), type: Type.ENUM };
  }
}

function reference(typeName: string): FieldParts {
  return { label: Label.OPTIONAL, type: Type.MESSAGE, typeName: `.${typeName}` };
}

function formOf(type: TypeForm): {
  $typeName: "perdure.typed.v1.FieldForm";
  nullable: boolean;
  number: boolean;
} {
  const isNumber = type.kind === "scalar" && type.number === true;
  return { $typeName: "perdure.typed.v1.FieldForm", nullable: false, number: isNumber };
}

function variantsOf(type: TypeForm): readonly TypeForm[] {
  return type.kind === "union" ? type.variants : [type];
}

// ---- any type

const scalars: readonly TypeForm[] = [
  string,
  number,
  boolean,
  bigint,
  bytes,
  { kind: "scalar", scalar: ScalarType.FLOAT },
  { kind: "scalar", scalar: ScalarType.INT32 },
  { kind: "scalar", scalar: ScalarType.UINT32 },
  { kind: "scalar", scalar: ScalarType.UINT64 },
  { kind: "scalar", scalar: ScalarType.INT64, number: true },
  { kind: "scalar", scalar: ScalarType.UINT64, number: true },
  { kind: "scalar", scalar: ScalarType.SINT32 },
  { kind: "scalar", scalar: ScalarType.SINT64 },
  { kind: "scalar", scalar: ScalarType.FIXED32 },
  { kind: "scalar", scalar: ScalarType.FIXED64 },
  { kind: "scalar", scalar: ScalarType.SFIXED32 },
  { kind: "scalar", scalar: ScalarType.SFIXED64, number: true },
  { kind: "date" },
  { kind: "json" },
  { kind: "null" },
  { kind: "enum", values: ["red", "dark-blue", ""] },
  { kind: "enum", values: [0, 1, 2.5] },
  { kind: "enum", values: ["auto", 7] },
  { kind: "tree" },
];

const memberNames = fc.oneof(
  fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,8}$/),
  fc.constantFrom("constructor", "toString", "7", "10", "with space", "ümläut", 'a"b', "has\\back"),
);

/** Kinds of JSON that tell variants apart. */
const variantsByJson: readonly TypeForm[][] = [
  [string, bigint, { kind: "date" }, bytes, { kind: "enum", values: ["a", "b"] }],
  [number, { kind: "scalar", scalar: ScalarType.INT32 }, { kind: "enum", values: [1, 2] }],
  [boolean],
  [{ kind: "null" }],
  [
    { kind: "list", of: number },
    { kind: "tuple", items: [string, boolean] },
  ],
  [
    { kind: "map", of: string },
    { kind: "object", members: [{ name: "x", type: number, optional: true }] },
  ],
];

const circle: TypeForm = {
  kind: "object",
  constants: { kind: "circle" },
  members: [{ name: "radius", type: number }],
};
const square: TypeForm = {
  kind: "object",
  constants: { kind: "square", v: 2 },
  members: [{ name: "side", type: number, nullable: true }],
};

const unions: fc.Arbitrary<TypeForm> = fc.oneof(
  fc.constant<TypeForm>({ kind: "union", variants: [circle, square, { kind: "null" }] }),
  fc
    .tuple(...variantsByJson.map((choices) => fc.option(fc.constantFrom(...choices))))
    .map((chosen) => chosen.filter((variant) => variant !== null))
    .filter((variants) => variants.length > 1)
    .map((variants): TypeForm => ({ kind: "union", variants })),
);

export const anyType: fc.Arbitrary<TypeForm> = fc.letrec<{ type: TypeForm }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom(...scalars),
    unions,
    fc.record({ kind: fc.constant("object" as const), members: members(tie("type")) }),
    tie("type").map((of): TypeForm => ({ kind: "list", of })),
    tie("type").map((of): TypeForm => ({ kind: "map", of })),
    tie("type")
      .filter((of) => !mayBeNull(of))
      .map((of): TypeForm => ({ kind: "list", of: { kind: "nullable", of } })),
    fc
      .array(tie("type"), { minLength: 1, maxLength: 3 })
      .map((items): TypeForm => ({ kind: "tuple", items })),
  ),
})).type;

function members(type: fc.Arbitrary<TypeForm>): fc.Arbitrary<MemberForm[]> {
  return fc
    .uniqueArray(
      fc.record({ name: memberNames, type, optional: fc.boolean(), nullable: fc.boolean() }),
      { selector: (member) => member.name, maxLength: 4 },
    )
    .map((all) =>
      all.map((member) => ({ ...member, nullable: member.nullable && !mayBeNull(member.type) })),
    );
}

function mayBeNull(type: TypeForm): boolean {
  if (type.kind === "union") return type.variants.some(mayBeNull);
  return type.kind === "null" || type.kind === "json" || type.kind === "nullable";
}

// ---- any value of a type, as JSON.parse would give it

export function valueOf(type: TypeForm): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "scalar":
      return scalarOf(type.scalar, type.number === true);
    case "date":
      return fc
        .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
        .map((date) => date.toISOString());
    case "json":
      return fc.jsonValue({ maxDepth: 3 }).map((json): unknown => JSON.parse(JSON.stringify(json)));
    case "null":
      return fc.constant(null);
    case "enum":
      return fc.constantFrom(...type.values);
    case "object":
      return objectOf(type);
    case "tree":
      return trees;
    case "list":
      return fc.array(valueOf(type.of), { maxLength: 3 });
    case "map":
      return fc
        .array(fc.tuple(text, valueOf(type.of)), { maxLength: 3 })
        .map((entries) => Object.fromEntries(entries));
    case "nullable":
      return fc.option(valueOf(type.of));
    case "tuple":
      return fc.tuple(...type.items.map(valueOf));
    case "union":
      return fc.oneof(...type.variants.map(valueOf));
  }
}

const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("", "1", '\u0000\u2028"\\'));

function objectOf(type: Extract<TypeForm, { kind: "object" }>): fc.Arbitrary<unknown> {
  const absent = Symbol("absent");
  const values = type.members.map((member) => {
    const value = member.nullable === true ? fc.option(valueOf(member.type)) : valueOf(member.type);
    return member.optional === true ? fc.option(value, { nil: absent }) : value;
  });
  return fc.tuple(...values).map((all) => {
    const entries = type.members.map(({ name }, at): [string, unknown] => [name, all[at]]);
    const there = entries.filter(([, value]) => value !== absent);
    return Object.fromEntries([...Object.entries(type.constants ?? {}), ...there]);
  });
}

const trees: fc.Arbitrary<unknown> = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc
    .tuple(
      text,
      fc.option(tie("tree"), { maxDepth: 3, depthSize: "small" }),
      fc.array(tie("tree"), { maxLength: 1, depthIdentifier: "others" }),
    )
    .map(([name, left, others]) => (left === null ? { name, others } : { name, left, others })),
})).tree;

const integers: ReadonlyMap<ScalarType, readonly [bigint, bigint]> = new Map([
  [ScalarType.INT32, [-(2n ** 31n), 2n ** 31n - 1n]],
  [ScalarType.SINT32, [-(2n ** 31n), 2n ** 31n - 1n]],
  [ScalarType.SFIXED32, [-(2n ** 31n), 2n ** 31n - 1n]],
  [ScalarType.UINT32, [0n, 2n ** 32n - 1n]],
  [ScalarType.FIXED32, [0n, 2n ** 32n - 1n]],
  [ScalarType.INT64, [-(2n ** 63n), 2n ** 63n - 1n]],
  [ScalarType.SINT64, [-(2n ** 63n), 2n ** 63n - 1n]],
  [ScalarType.SFIXED64, [-(2n ** 63n), 2n ** 63n - 1n]],
  [ScalarType.UINT64, [0n, 2n ** 64n - 1n]],
  [ScalarType.FIXED64, [0n, 2n ** 64n - 1n]],
]);

function scalarOf(scalar: ScalarType, asNumber: boolean): fc.Arbitrary<unknown> {
  const range = integers.get(scalar);
  if (range !== undefined) {
    const [min, max] = range;
    if (max < 2n ** 33n) return fc.integer({ min: Number(min), max: Number(max) });
    if (!asNumber) return fc.bigInt({ min, max }).map(String);
    return fc.integer({
      min: min < 0n ? Number.MIN_SAFE_INTEGER : 0,
      max: Number.MAX_SAFE_INTEGER,
    });
  }
  switch (scalar) {
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.FLOAT:
      return fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    case ScalarType.DOUBLE:
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    case ScalarType.BYTES:
      return fc.uint8Array().map((all) => Buffer.from(all).toString("base64"));
    default:
      return text;
  }
}
