// TypeScript's types as values that travel (model/types.ts). What has no faithful form is reported, with advice, and
// read as JSON, so that everything wrong is found in one go.
//   TR1. A type with a name is read once, and referred to by name; so types may contain themselves.
//   TR2. A type without a name is read where it stands, each time; it can't contain itself.

import { ts } from "ts-morph";
import { placeText } from "../../model/place.js";
import type { NamedType, ValueType } from "../../model/types.js";
import { docOf } from "../docs.js";
import { compilerPlaceOf } from "../places.js";
import type { ReadContext } from "../read-context.js";
import { readEnum } from "./enums.js";
import { isAnyJson } from "./json-types.js";
import { typeNameOf, writtenAliasOf, type TypeName } from "./naming.js";
import { numberFormOf } from "./number-form.js";
import { readObject } from "./objects.js";
import { partsOf } from "./parts.js";
import type { Nothing, Spot, ValueRead } from "./spot.js";
import { presentTypeNode } from "./type-nodes.js";
import { readUnion } from "./unions.js";

const { TypeFlags } = ts;
const json: ValueType = { kind: "json" };
const depthMax = 200;

interface Claim {
  readonly key: unknown;
  /** Of a type without a name of its own. */
  readonly type: ts.Type | undefined;
  readonly node: ts.Node;
}

type Make = (name: TypeName, node: ts.Node) => NamedType | Nothing;

type Head = Pick<NamedType, "name" | "doc" | "place" | "anonymous" | "renamedFrom">;

export class TypeReader {
  readonly context: ReadContext;
  /** Every named type that was read, by name. */
  readonly types: Map<string, NamedType> = new Map<string, NamedType>();
  readonly #claims = new Map<string, Claim>();
  /** Types without a name that are being read. */
  readonly #open = new Set<ts.Type>();
  #depth = 0;

  constructor(context: ReadContext) {
    this.context = context;
  }

  /** The value at this spot; undefined: there is never one. */
  read(type: ts.Type, spot: Spot): ValueRead | Nothing {
    const { optional, nullable, present } = partsOf(type);
    const [only] = present;
    if (only === undefined) return nullable ? { type: { kind: "null" }, optional } : undefined;
    if (isAnyJson(this.context.checker, type)) return { type: json, optional };
    const value = present.length === 1 ? this.#one(only, spot) : this.#union(type, present, spot);
    if (value === undefined) return undefined;
    const isNullable = nullable && value.kind !== "json";
    return {
      type: isNullable ? { kind: "union", members: [value, { kind: "null" }] } : value,
      optional,
    };
  }

  /** Of a part that has to be there: undefined is refused. */
  readPresent(type: ts.Type, spot: Spot): ValueType {
    return this.present(this.read(type, spot), spot);
  }

  present(value: ValueRead | Nothing, spot: Spot): ValueType {
    if (value !== undefined && !value.optional) return value.type;
    return this.refuse(spot, {
      code: "PDR6013",
      message: `${spot.what} may be undefined, which JSON can't say there`,
      advice: "use null for what is not there",
    });
  }

  /** The type by its name; `make` reads it, once. Where another type has the name, that is an error. */
  named(type: ts.Type, spot: Spot, make: Make): ValueType {
    const name = typeNameOf(this.context, type, spot);
    const isAnonymous = name.declaration === undefined;
    if (isAnonymous && this.#open.has(type)) return this.#refuseEndless(spot);
    const node = nameNodeOf(name.declaration) ?? spot.node;
    // Without a name of its own, it is another type at each place.
    const key = isAnonymous ? node : name.key;
    return this.#claimed(name, { key, node, type: isAnonymous ? type : undefined }, () =>
      this.#nested(type, name, spot, () => make(name, node)),
    );
  }

  /** A type that is none in the code: it has its name from the spot. */
  namedAt(spot: Spot, make: Make): ValueType {
    const name: TypeName = { name: spot.name, key: spot.node };
    const claim = { key: spot.node, node: spot.node, type: undefined };
    return this.#claimed(name, claim, () => make(name, spot.node));
  }

  /** What every named type has. */
  headOf({ name, declaration }: TypeName, node: ts.Node): Head {
    const { doc, renamedFrom } = docOf(declaration);
    return {
      name,
      doc,
      place: compilerPlaceOf(node, this.context.cwd),
      anonymous: declaration === undefined,
      ...(renamedFrom === undefined ? {} : { renamedFrom }),
    };
  }

  #claimed(name: TypeName, claim: Claim, read: () => NamedType | Nothing): ValueType {
    const first = this.#claims.get(name.name);
    if (first === undefined) {
      this.#claims.set(name.name, claim);
      const type = read();
      if (type !== undefined) this.types.set(name.name, type);
    } else if (first.key !== claim.key || first.type !== claim.type) {
      this.#reportMeeting(name, first, claim.node);
    }
    return { kind: "named", name: name.name };
  }

  refuse(spot: Spot, complaint: { code: string; message: string; advice: string }): ValueType {
    this.context.diagnostics.report(spot.node, complaint);
    return json;
  }

  #nested<T>(type: ts.Type, { declaration }: TypeName, spot: Spot, read: () => T): T | Nothing {
    if (this.#depth >= depthMax) {
      this.#refuseEndless(spot);
      return undefined;
    }
    this.#depth += 1;
    const isOpen = declaration === undefined && !this.#open.has(type);
    if (isOpen) this.#open.add(type);
    try {
      return read();
    } finally {
      this.#depth -= 1;
      if (isOpen) this.#open.delete(type);
    }
  }

  #one(type: ts.Type, spot: Spot): ValueType | Nothing {
    if (type.isUnion() && (type.flags & (TypeFlags.Boolean | TypeFlags.EnumLike)) === 0) {
      return this.#union(type, partsOf(type).present, spot);
    }
    if ((type.flags & TypeFlags.Never) !== 0) return undefined;
    if ((type.flags & TypeFlags.EnumLike) !== 0) return readEnum(this, type, spot);
    if ((type.flags & TypeFlags.Intersection) !== 0) {
      const primitive = (type as ts.IntersectionType).types.find(({ flags }) => isPrimitive(flags));
      if (primitive !== undefined) return this.#one(primitive, spot);
      return this.#object(type, spot);
    }
    if ((type.flags & TypeFlags.Object) !== 0) return this.#object(type, spot);
    return this.#scalar(type, spot);
  }

  #scalar(type: ts.Type, spot: Spot): ValueType {
    const { flags } = type;
    if ((flags & TypeFlags.Any) !== 0) {
      if (isUnresolved(type)) return this.#refuseUnresolved(spot);
      return spot.isInferred === true ? this.#refuseUntyped(spot) : json;
    }
    if ((flags & TypeFlags.Unknown) !== 0) return json;
    if (type.isStringLiteral() || type.isNumberLiteral()) {
      return { kind: "literal", value: type.value };
    }
    if ((flags & TypeFlags.StringLike) !== 0) return { kind: "string" };
    if ((flags & TypeFlags.NumberLike) !== 0) {
      const alias = writtenAliasOf(this.context, type, spot.typeNode);
      const form = spot.numberForm ?? numberFormOf(this.context, alias?.declaration);
      return { kind: "number", ...(form === undefined ? {} : { form }) };
    }
    if ((flags & TypeFlags.BooleanLiteral) !== 0) {
      const { intrinsicName } = type as ts.Type & { readonly intrinsicName: string };
      return { kind: "literal", value: intrinsicName === "true" };
    }
    if ((flags & TypeFlags.BooleanLike) !== 0) return { kind: "boolean" };
    if ((flags & TypeFlags.BigInt) !== 0) return { kind: "bigint" };
    return this.#refuseScalar(type, spot);
  }

  #refuseScalar(type: ts.Type, spot: Spot): ValueType {
    const text = this.context.checker.typeToString(type);
    if ((type.flags & (TypeFlags.Instantiable | TypeFlags.TypeParameter)) !== 0) {
      return this.refuse(spot, {
        code: "PDR6018",
        message: `${spot.what} is of the type ${text}, which depends on a type parameter`,
        advice: "write the type that it stands for: callers in other languages can't choose it",
      });
    }
    const advice =
      (type.flags & TypeFlags.BigIntLiteral) !== 0
        ? "use bigint, or the literal as a string"
        : (type.flags & TypeFlags.ESSymbolLike) !== 0
          ? "symbols can't be sent: use a string"
          : "write an interface with the members that travel, or unknown for any JSON";
    return this.refuse(spot, {
      code: "PDR6011",
      message: `${spot.what} is of the type ${text}, which can't be sent`,
      advice,
    });
  }

  #union(type: ts.Type, present: readonly ts.Type[], spot: Spot): ValueType {
    return readUnion(this, type, present, { ...spot, typeNode: presentTypeNode(spot.typeNode) });
  }

  #object(type: ts.Type, spot: Spot): ValueType {
    // Arrays and maps have no names, and yet may contain themselves: type Nested = Nested[].
    if (this.#depth >= depthMax) return this.#refuseEndless(spot);
    this.#depth += 1;
    try {
      return readObject(this, type, spot);
    } finally {
      this.#depth -= 1;
    }
  }

  #refuseUnresolved(spot: Spot): ValueType {
    return this.refuse(spot, {
      code: "PDR6004",
      message: `the type of ${spot.what} is not known: a name or an import in it can't be resolved`,
      advice: "tsc says which one; install the package, or build it, or mend the import",
    });
  }

  #refuseUntyped(spot: Spot): ValueType {
    return this.refuse(spot, {
      code: "PDR6010",
      message: `${spot.what} has no type`,
      advice: "write its type; unknown if it may be any JSON",
    });
  }

  #refuseEndless(spot: Spot): ValueType {
    return this.refuse(spot, {
      code: "PDR6014",
      message: `${shortened(spot.what)} has a type that contains itself and has no name, or that never ends`,
      advice:
        "write what contains itself as an interface with members: arrays, maps and types in braces have no name",
    });
  }

  #reportMeeting({ name, declaration }: TypeName, claim: Claim, node: ts.Node): void {
    const first = placeText(compilerPlaceOf(claim.node, this.context.cwd));
    this.context.diagnostics.report(node, {
      code: "PDR6015",
      message: `two types have the name ${name}: this one and the one at ${first}`,
      advice:
        declaration === undefined
          ? "this one has its name from where it stands: give it one of its own, as an interface or a type alias"
          : "rename one, or give one another name with the JSDoc tag @protoName Other",
    });
  }
}

function isPrimitive(flags: ts.TypeFlags): boolean {
  return (
    (flags &
      (TypeFlags.StringLike |
        TypeFlags.NumberLike |
        TypeFlags.BooleanLike |
        TypeFlags.BigIntLike |
        TypeFlags.Never)) !==
    0
  );
}

/** The compiler's `any` for what it could not find out. */
export function isUnresolved(type: ts.Type): boolean {
  return (
    (type.flags & TypeFlags.Any) !== 0 &&
    (type as ts.Type & { readonly intrinsicName?: string }).intrinsicName === "error"
  );
}

/** "an element of … of the input of Signup.run": how deep the reader got says nothing. */
function shortened(what: string): string {
  const name = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
  const parts = what.split(" of ");
  const inner = parts.length > 4 ? [...parts.slice(0, 1), "…", ...parts.slice(-2)] : parts;
  return inner.map(name).join(" of ");
}

function nameNodeOf(declaration: ts.Declaration | undefined): ts.Node | undefined {
  return declaration && (ts.getNameOfDeclaration(declaration) ?? declaration);
}
