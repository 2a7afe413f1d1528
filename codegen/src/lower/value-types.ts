// Types of values as fields of protobuf, and the wrappers that they need where protobuf has no word for them: arrays in
// arrays, null in arrays, optional arrays, unions without a name.
//   V1. A wrapper's name says all of its form (StringList, NullableUser, NumberMap), so that it is the same in every run,
//       and one message does for all places of one form.

import { FieldDescriptorProto_Type as Scalar } from "@bufbuild/protobuf/wkt";
import { Shape } from "@perdure/proto/typed/v1/typed";
import type { ValueType } from "../model/types.js";
import {
  noDoc,
  type DraftEnum,
  type DraftField,
  type DraftMessage,
  type FieldForm,
  type Origin,
} from "./draft.js";
import type { Lowering } from "./lowering.js";
import {
  enumValueName,
  foreign,
  nullSingle,
  nullValue,
  numberOf,
  numberText,
  scalar,
  type Single,
} from "./singles.js";
import { defaultJsonNameOf, lowerSnakeOf, upperCamelOf } from "../model/names.js";
import { checkVariants, variantsOf } from "./unions.js";

/** How a member of this type is a field. */
export function fieldFormOf(
  lowering: Lowering,
  type: ValueType,
  optional: boolean,
  origin: Origin,
): FieldForm {
  const { types, nullable } = ownVariantsOf(lowering, type);
  const [first] = types;
  if (first === undefined) {
    const presence = optional ? "optional" : "implicit";
    return { type: nullValue, presence, nullable: false, jsonNumber: false };
  }
  if (types.length === 1 && !optional && !nullable) {
    if (first.kind === "array") return many(singleOf(lowering, first.element, origin), "repeated");
    if (first.kind === "map") return many(singleOf(lowering, first.value, origin), "map");
  }
  const single =
    optional && nullable
      ? nullOr(lowering, types, origin)
      : types.length === 1
        ? bareOf(lowering, first, origin)
        : unionOf(lowering, type, types, origin);
  return {
    type: single.type,
    presence: optional || nullable ? "optional" : "implicit",
    nullable: nullable && !optional,
    jsonNumber: single.jsonNumber,
  };
}

/**
 * The message of a union, by whatever name: one oneof of its variants.
 * @param owner  the name of the union's type, if it has one: variants without a name are called after it
 */
export function unionMessage(
  lowering: Lowering,
  name: string,
  types: readonly ValueType[],
  nullable: boolean,
  origin: Origin,
  owner?: string,
): Omit<DraftMessage, "doc"> {
  checkVariants(lowering, types, origin);
  const fields = types.map((type): DraftField => {
    const { name: inner, previousName, ...single } = bareOf(lowering, type, origin);
    const field = variantName(type, ownPart(lowering, type, inner, owner));
    const renamed = variantName(type, ownPart(lowering, type, previousName, owner));
    return {
      ...wrapperField(field, { ...single, name: inner, previousName }, "implicit", origin),
      ...(renamed === field ? {} : { renamedFrom: defaultJsonNameOf(renamed) }),
    };
  });
  if (nullable) fields.unshift(wrapperField("null_value", nullSingle, "implicit", origin));
  const oneof = fields.some((field) => field.name === "value") ? "one_of" : "value";
  return { name, shape: Shape.UNION, constants: [], fields, oneof, origin };
}

/** Of "ShapeDot", a variant of Shape without a name of its own: "Dot". */
function ownPart(lowering: Lowering, type: ValueType, name: string, owner = ""): string {
  const isAnonymous = type.kind === "named" && lowering.typeNamed(type.name).anonymous;
  const prefix = upperCamelOf(owner);
  const part = name.slice(prefix.length);
  return isAnonymous && owner !== "" && name.startsWith(prefix) && part !== "" ? part : name;
}

/** Named objects by their name; what has no name says that it is a value. */
function variantName(type: ValueType, name: string): string {
  const field = lowerSnakeOf(name);
  const speaks = ["named", "array", "map", "tuple"].includes(type.kind) || name.endsWith("Literal");
  return speaks ? field : `${field}_value`;
}

function many(element: Single, presence: "repeated" | "map"): FieldForm {
  return { type: element.type, presence, nullable: false, jsonNumber: element.jsonNumber };
}

/** As variants, but a named union that is more than "something or null" stays the one type that it is. */
function ownVariantsOf(
  lowering: Lowering,
  type: ValueType,
): { readonly types: readonly ValueType[]; readonly nullable: boolean } {
  const all = variantsOf(lowering, type);
  const named = namedUnionOf(lowering, type);
  if (named === undefined || all.types.length < 2) return all;
  const own = variantsOf(lowering, { kind: "named", name: named });
  return { types: [{ kind: "named", name: named }], nullable: all.nullable && !own.nullable };
}

/** The one named union that the type is, `null` beside it aside. */
function namedUnionOf(lowering: Lowering, type: ValueType): string | undefined {
  const members = type.kind === "union" ? type.members : [type];
  const [one, ...others] = members.filter(({ kind }) => kind !== "null");
  if (others.length > 0 || one?.kind !== "named") return undefined;
  return lowering.typeNamed(one.name).kind === "union" ? one.name : undefined;
}

/** Any type as one value; null, if it may be that, inside a wrapper. */
function singleOf(lowering: Lowering, type: ValueType, origin: Origin): Single {
  const { types, nullable } = ownVariantsOf(lowering, type);
  const [first] = types;
  if (first === undefined) return nullSingle;
  const bare =
    types.length === 1 ? bareOf(lowering, first, origin) : unionOf(lowering, type, types, origin);
  if (!nullable) return bare;
  const nameFor = (name: string): string => (bare.isWrapper ? `${name}OrNull` : `Nullable${name}`);
  return wrapped(lowering, bare, nameFor, Shape.NULLABLE, "value", "optional", origin);
}

function bareOf(lowering: Lowering, type: ValueType, origin: Origin): Single {
  switch (type.kind) {
    case "string":
      return scalar(Scalar.STRING, "String");
    case "boolean":
      return scalar(Scalar.BOOL, "Boolean");
    case "bigint":
      return scalar(Scalar.INT64, "Bigint");
    case "bytes":
      return scalar(Scalar.BYTES, "Bytes");
    case "number":
      return numberOf(type.form ?? "double");
    case "date":
      return foreign("google.protobuf.Timestamp", "Date");
    case "json":
      return foreign("google.protobuf.Value", "Json");
    case "null":
      return nullSingle;
    case "literal":
      return typeof type.value === "boolean"
        ? scalar(Scalar.BOOL, "Boolean")
        : literalOf(lowering, type.value, origin);
    case "array": {
      const element = singleOf(lowering, type.element, origin);
      return wrapped(
        lowering,
        element,
        (name) => `${name}List`,
        Shape.LIST,
        "items",
        "repeated",
        origin,
      );
    }
    case "map": {
      const value = singleOf(lowering, type.value, origin);
      return wrapped(lowering, value, (name) => `${name}Map`, Shape.MAP, "entries", "map", origin);
    }
    case "tuple":
      return tupleOf(lowering, type.items, origin);
    case "union":
      return singleOf(lowering, type, origin);
    case "named":
      return namedOf(lowering, type.name, origin);
  }
}

function namedOf(lowering: Lowering, name: string, origin: Origin): Single {
  const named = lowering.typeNamed(name);
  if (named.kind === "union") {
    const { types, nullable } = variantsOf(lowering, { kind: "named", name });
    // "Something or null" is no message: null is the matter of whoever holds it.
    if (types.length < 2) {
      return singleOf(
        lowering,
        { kind: "union", members: [...types, ...(nullable ? [{ kind: "null" } as const] : [])] },
        origin,
      );
    }
  }
  lowering.reached.add(name);
  const local = upperCamelOf(name);
  return {
    type: { kind: named.kind === "enum" ? "enum" : "message", name: local, foreign: false },
    jsonNumber: false,
    name: local,
    previousName: lowering.previousNameOf(named) ?? local,
    isWrapper: false,
  };
}

function unionOf(
  lowering: Lowering,
  type: ValueType,
  types: readonly ValueType[],
  origin: Origin,
): Single {
  const named = namedUnionOf(lowering, type);
  if (named !== undefined) return namedOf(lowering, named, origin);
  const parts = types.map((one) => bareOf(lowering, one, origin));
  const name = parts.map((part) => part.name).join("Or");
  const previousName = parts.map((part) => part.previousName).join("Or");
  const message = unionMessage(lowering, name, types, false, origin);
  return keep(lowering, { ...message, doc: noDoc }, previousName, origin);
}

/** What may be absent, null or there: a message for "null or there". */
function nullOr(lowering: Lowering, types: readonly ValueType[], origin: Origin): Single {
  const [only] = types;
  const flat = types.length === 1 && only !== undefined ? variantsOf(lowering, only).types : types;
  const parts = (types.length === 1 ? types : flat).map((one) => bareOf(lowering, one, origin));
  const name = `NullOr${parts.map((part) => part.name).join("Or")}`;
  const previousName = `NullOr${parts.map((part) => part.previousName).join("Or")}`;
  const owner = only === undefined ? undefined : namedUnionOf(lowering, only);
  const message = unionMessage(lowering, name, flat, true, origin, owner);
  return keep(lowering, { ...message, doc: noDoc }, previousName, origin);
}

function tupleOf(lowering: Lowering, items: readonly ValueType[], origin: Origin): Single {
  const parts = items.map((item) => singleOf(lowering, item, origin));
  const fields = items.map((item, at): DraftField => {
    const name = `item_${at + 1}`;
    const form = fieldFormOf(lowering, item, false, origin);
    return { name, jsonName: defaultJsonNameOf(name), number: at + 1, form, doc: noDoc, origin };
  });
  const name = `${parts.map((part) => part.name).join("")}Tuple`;
  const previousName = `${parts.map((part) => part.previousName).join("")}Tuple`;
  const message = { name, shape: Shape.TUPLE, constants: [], fields, doc: noDoc, origin };
  return keep(lowering, message, previousName, origin);
}

function literalOf(lowering: Lowering, value: string | number, origin: Origin): Single {
  const text = typeof value === "number" ? `Number ${numberText(value)}` : value;
  const name = `${upperCamelOf(text)}Literal`;
  const draft: DraftEnum = {
    name,
    doc: noDoc,
    values: [{ name: enumValueName(name, String(value)), value, doc: noDoc }],
    origin: wrapperOrigin(origin),
  };
  lowering.wrapper({ enum: draft }, origin);
  const type = { kind: "enum", name, foreign: false } as const;
  return { type, jsonNumber: false, name, previousName: name, isWrapper: true };
}

function wrapped(
  lowering: Lowering,
  inner: Single,
  nameFor: (name: string) => string,
  shape: Shape,
  field: string,
  presence: FieldForm["presence"],
  origin: Origin,
): Single {
  const one = { ...wrapperField(field, inner, presence, origin), number: 1 };
  const message = {
    name: nameFor(inner.name),
    shape,
    constants: [],
    fields: [one],
    doc: noDoc,
    origin,
  };
  return keep(lowering, message, nameFor(inner.previousName), origin);
}

function wrapperField(
  name: string,
  { type, jsonNumber }: Single,
  presence: FieldForm["presence"],
  origin: Origin,
): DraftField {
  const form = { type, presence, nullable: false, jsonNumber };
  return { name, jsonName: defaultJsonNameOf(name), form, doc: noDoc, origin };
}

function keep(
  lowering: Lowering,
  message: DraftMessage,
  previousName: string,
  origin: Origin,
): Single {
  const { name } = message;
  const renamed = {
    ...message,
    ...(previousName === name ? {} : { previousName }),
    origin: wrapperOrigin(origin),
  };
  lowering.wrapper({ message: renamed }, origin);
  const type = { kind: "message", name, foreign: false } as const;
  return { type, jsonNumber: false, name, previousName, isWrapper: true };
}

function wrapperOrigin(origin: Origin): Origin {
  return { ...origin, what: `what protobuf needs for ${origin.what}` };
}
