// Types of values that travel, as plain data: what reading makes of TypeScript's types, and what everything else
// (protobuf, JSON Schema, clients) is made from. `undefined` is no type here: it is `optional` where a value may be absent.
//   T1. Named types are in one map; a type refers to them by name, so that recursion needs no special case.
//   T2. Unions have two or more members, no unions among them, `null` at most once.

import type { Place } from "./place.js";

export type ValueType =
  | { readonly kind: "string" }
  /** `form` is what the tag `@protoType` asks for; absent: double. */
  | { readonly kind: "number"; readonly form?: NumberForm }
  | { readonly kind: "boolean" }
  /** A whole number of 64 bits; a decimal string in JSON. */
  | { readonly kind: "bigint" }
  /** `Date`; RFC 3339 text in JSON. */
  | { readonly kind: "date" }
  /** `Uint8Array`; base64 in JSON. */
  | { readonly kind: "bytes" }
  /** `unknown`, `any` and types of JSON values: whatever JSON can say. */
  | { readonly kind: "json" }
  | { readonly kind: "null" }
  /** One value and no other. */
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  | { readonly kind: "array"; readonly element: ValueType }
  | { readonly kind: "map"; readonly value: ValueType }
  | { readonly kind: "tuple"; readonly items: readonly ValueType[] }
  | { readonly kind: "union"; readonly members: readonly ValueType[] }
  | { readonly kind: "named"; readonly name: string };

export type NumberForm = "double" | "float" | "int32" | "int64" | "uint32" | "uint64";

export type NamedType = ObjectType | EnumType | UnionType;

interface Named {
  /** Its name in TypeScript, made UpperCamelCase; of an anonymous type, made from where it stands. */
  readonly name: string;
  readonly doc: Doc;
  readonly place: Place;
  /** No name of its own in the code. */
  readonly anonymous: boolean;
  /** What the tag `@renamedFrom` says: the name that it had in an earlier output. */
  readonly renamedFrom?: string;
}

export interface ObjectType extends Named {
  readonly kind: "object";
  /** In the order of the code. */
  readonly members: readonly Member[];
}

export interface Member {
  /** As in JSON. */
  readonly name: string;
  readonly type: ValueType;
  /** May be absent or undefined. */
  readonly optional: boolean;
  readonly doc: Doc;
  readonly place: Place;
  /** What the tag `@renamedFrom` says: the name of the member in an earlier output. */
  readonly renamedFrom?: string;
}

/** Some strings, or some numbers: a TypeScript enum, or a union of literals. */
export interface EnumType extends Named {
  readonly kind: "enum";
  readonly values: readonly EnumValue[];
}

export interface EnumValue {
  /** Of an enum's member; of a literal, the literal itself as text. */
  readonly name: string;
  readonly value: string | number;
  readonly doc: Doc;
}

/** A union with a name of its own, or one that needs one to be a message. */
export interface UnionType extends Named {
  readonly kind: "union";
  readonly members: readonly ValueType[];
}

/** What JSDoc says. */
export interface Doc {
  /** The text before the tags, lines kept; empty for none. */
  readonly text: string;
  /** The text of `@deprecated`, which may be empty; absent: not deprecated. */
  readonly deprecated?: string;
}
