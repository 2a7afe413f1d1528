// Objects: arrays, tuples, maps, types of the library, and interfaces.

import { ts } from "ts-morph";
import type { ObjectType, ValueType } from "../../model/types.js";
import { isStandard, libraryAdvice, libraryValues } from "./library-types.js";
import { membersOf, namedProperties } from "./members.js";
import { partOf, type Spot } from "./spot.js";
import { lastArgumentNode, presentTypeNode } from "./type-nodes.js";
import type { TypeReader } from "./type-reader.js";

export function readObject(reader: TypeReader, type: ts.Type, spot: Spot): ValueType {
  const { checker } = reader.context;
  if (checker.isTupleType(type)) return readTuple(reader, type as ts.TypeReference, spot);
  if (checker.isArrayLikeType(type) && !isStandardClass(type)) return readArray(reader, type, spot);
  const standard = readStandard(reader, type, spot);
  if (standard !== undefined) return standard;
  if (isError(type)) return refuseKind(reader, type, spot, libraryAdvice["Error"] ?? "");
  if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0) {
    return refuseKind(reader, type, spot, libraryAdvice["Function"] ?? "");
  }
  if (isLibraryClass(reader, type)) {
    return refuseKind(reader, type, spot, "use an interface with the members that travel");
  }
  const same = readonlyOf(reader, type);
  if (same !== undefined) return reader.readPresent(same, spot);
  const indexes = checker.getIndexInfosOfType(type);
  if (indexes.length > 0) return readMap(reader, type, indexes, spot);
  if (isAnything(type)) {
    return refuseKind(
      reader,
      type,
      spot,
      "write an interface with the members that travel, unknown for any JSON, or void for nothing",
    );
  }
  return reader.named(type, spot, (name, node): ObjectType => {
    const { declaration } = name;
    const inside = {
      ...spot,
      what: declaration === undefined ? spot.what : name.name,
      name: name.name,
    };
    return {
      kind: "object",
      ...reader.headOf(name, node),
      members: membersOf(reader, type, inside),
    };
  });
}

function readArray(reader: TypeReader, type: ts.Type, spot: Spot): ValueType {
  const element = type.getNumberIndexType();
  if (element === undefined) return refuseKind(reader, type, spot, "use an array");
  const typeNode = lastArgumentNode(spot.typeNode);
  return {
    kind: "array",
    element: reader.readPresent(element, partOf(spot, "an element", { typeNode })),
  };
}

function readTuple(reader: TypeReader, type: ts.TypeReference, spot: Spot): ValueType {
  const { elementFlags } = type.target as ts.TupleType;
  if (elementFlags.some((flags) => flags !== ts.ElementFlags.Required)) {
    return reader.refuse(spot, {
      code: "PDR6016",
      message: `${spot.what} is a tuple with optional or rest items`,
      advice: "use an array, or an object with a member for each item",
    });
  }
  if (elementFlags.length === 0) return refuseKind(reader, type, spot, "use an array");
  const written = presentTypeNode(spot.typeNode);
  return {
    kind: "tuple",
    items: reader.context.checker.getTypeArguments(type).map((item, at) => {
      const node =
        written !== undefined && ts.isTupleTypeNode(written) ? written.elements[at] : undefined;
      const name = `Item${String(at + 1)}`;
      const typeNode = node !== undefined && ts.isNamedTupleMember(node) ? node.type : node;
      return reader.readPresent(item, partOf(spot, `item ${String(at + 1)}`, { name, typeNode }));
    }),
  };
}

function readMap(
  reader: TypeReader,
  type: ts.Type,
  indexes: readonly ts.IndexInfo[],
  spot: Spot,
): ValueType {
  if (namedProperties(type).length > 0 || new Set(indexes.map((index) => index.type)).size > 1) {
    return reader.refuse(spot, {
      code: "PDR6017",
      message: `${spot.what} is an object with an index signature beside other members`,
      advice:
        "put what the index signature stands for into a member of its own, a Record<string, …>",
    });
  }
  const [index] = indexes;
  if (index === undefined || (index.keyType.flags & ts.TypeFlags.ESSymbolLike) !== 0) {
    return refuseKind(reader, type, spot, "symbols can't be sent: use strings as keys");
  }
  const typeNode = lastArgumentNode(spot.typeNode);
  if ((index.type.flags & ts.TypeFlags.Never) !== 0) return readEmpty(reader, type, spot);
  const inside = partOf(spot, "a value", { name: "Value", typeNode });
  const value = reader.read(index.type, inside);
  // A member that is undefined is an absent one, and whether it is there is no matter of its type if it may be anything.
  const isAnything = value?.type.kind === "json";
  // Read once: maps of maps would be read twice as often with every level.
  return { kind: "map", value: isAnything ? value.type : reader.present(value, inside) };
}

/** `Record<string, never>` is how an object without members is written. */
function readEmpty(reader: TypeReader, type: ts.Type, spot: Spot): ValueType {
  return reader.named(type, spot, (name, node) => ({
    kind: "object",
    ...reader.headOf(name, node),
    members: [],
  }));
}

/** Of `Readonly<X>`: X, which is the same for all that travels. */
function readonlyOf(
  { context }: TypeReader,
  { aliasSymbol, aliasTypeArguments }: ts.Type,
): ts.Type | undefined {
  const declaration = aliasSymbol?.declarations?.[0];
  const isReadonly = aliasSymbol?.name === "Readonly" && declaration !== undefined;
  return isReadonly && context.isLibrary(declaration.getSourceFile())
    ? aliasTypeArguments?.[0]
    : undefined;
}

/** Of a package, and with methods: one complaint will do. */
function isLibraryClass({ context }: TypeReader, type: ts.Type): boolean {
  const symbol = type.symbol as ts.Symbol | undefined;
  const declaration = symbol?.declarations?.[0];
  return (
    declaration !== undefined &&
    context.isLibrary(declaration.getSourceFile()) &&
    type.getProperties().some(({ flags }) => (flags & ts.SymbolFlags.Method) !== 0)
  );
}

/** An error by what it extends: JSON leaves its message out. */
function isError(type: ts.Type): boolean {
  const declaration = type.getProperty("stack")?.declarations?.[0];
  return declaration !== undefined && isStandard(declaration);
}

/** `{}`, which everything fits but null; not an interface or a class without members. */
function isAnything(type: ts.Type): boolean {
  if (type.getProperties().length > 0) return false;
  const symbol = type.symbol as ts.Symbol | undefined;
  return (
    symbol === undefined || (symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class)) === 0
  );
}

function isStandardClass(type: ts.Type): boolean {
  const symbol = type.symbol as ts.Symbol | undefined;
  const declaration = symbol?.declarations?.[0];
  return (
    declaration !== undefined &&
    isStandard(declaration) &&
    !["Array", "ReadonlyArray"].includes(symbol?.name ?? "")
  );
}

/** Of a type of the library; undefined: it is none. */
function readStandard(reader: TypeReader, type: ts.Type, spot: Spot): ValueType | undefined {
  const symbol = type.symbol as ts.Symbol | undefined;
  if (symbol === undefined || !isStandardClass(type)) return undefined;
  if ((symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class)) === 0) return undefined;
  const value = Object.hasOwn(libraryValues, symbol.name) ? libraryValues[symbol.name] : undefined;
  if (value !== undefined) return value;
  const advice = Object.hasOwn(libraryAdvice, symbol.name) ? libraryAdvice[symbol.name] : undefined;
  if (advice !== undefined) return refuseKind(reader, type, spot, advice);
  // An interface of the library that is mere data is as good as any.
  return undefined;
}

function refuseKind(reader: TypeReader, type: ts.Type, spot: Spot, advice: string): ValueType {
  return reader.refuse(spot, {
    code: "PDR6011",
    message: `${spot.what} is of the type ${reader.context.checker.typeToString(type)}, which can't be sent`,
    advice,
  });
}
