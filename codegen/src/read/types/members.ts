// Members of objects: which of them JSON has, in which order, and what they are.

import { ts } from "ts-morph";
import { upperCamelOf } from "../../model/names.js";
import type { Member } from "../../model/types.js";
import { docOf } from "../docs.js";
import { compilerPlaceOf } from "../places.js";
import { checkNumberTag, numberFormOf } from "./number-form.js";
import type { Spot } from "./spot.js";
import { bareTypeNode } from "./type-nodes.js";
import type { TypeReader } from "./type-reader.js";

export function membersOf(reader: TypeReader, type: ts.Type, spot: Spot): readonly Member[] {
  return orderedProperties(type).flatMap((property) => readMember(reader, property, spot) ?? []);
}

function readMember(reader: TypeReader, property: ts.Symbol, owner: Spot): Member | undefined {
  const { context } = reader;
  const declaration = property.valueDeclaration ?? property.declarations?.[0];
  const isOurs = declaration !== undefined && !context.isLibrary(declaration.getSourceFile());
  const node = isOurs ? (ts.getNameOfDeclaration(declaration) ?? declaration) : owner.node;
  const what = `member ${property.name} of ${owner.what}`;
  const { doc, renamedFrom, protoType } = docOf(declaration);
  const spot: Spot = {
    what,
    name: owner.name + upperCamelOf(property.name),
    node,
    typeNode: typeNodeOf(declaration),
    numberForm: protoType && numberFormOf(context, declaration),
    isInferred: isOurs && isUntyped(context.checker, declaration),
  };
  const problem = memberProblem(property, declaration);
  if (problem !== undefined) {
    reader.refuse(spot, {
      code: "PDR6011",
      message: `${what} is ${problem[0]}`,
      advice: problem[1],
    });
    return undefined;
  }
  const value = reader.read(context.checker.getTypeOfSymbol(property), spot);
  // A member that is always undefined, or that may not be there: JSON never has it.
  if (value === undefined) return undefined;
  checkNumberTag(reader, protoType, what, value.type);
  return {
    name: property.name,
    type: value.type,
    optional: value.optional || (property.flags & ts.SymbolFlags.Optional) !== 0,
    doc,
    place: compilerPlaceOf(node, context.cwd),
    ...(renamedFrom === undefined ? {} : { renamedFrom }),
  };
}

/** Its type is that of a value, and that value has none; or nothing says what it is. */
function isUntyped(checker: ts.TypeChecker, declaration: ts.Declaration): boolean {
  if (ts.isShorthandPropertyAssignment(declaration)) {
    return (checker.getTypeAtLocation(declaration.name).flags & ts.TypeFlags.Any) !== 0;
  }
  if (ts.isPropertyAssignment(declaration)) {
    return (checker.getTypeAtLocation(declaration.initializer).flags & ts.TypeFlags.Any) !== 0;
  }
  const canBeTyped = ts.isPropertySignature(declaration) || ts.isPropertyDeclaration(declaration);
  return canBeTyped && declaration.type === undefined;
}

/** What it is, and what to do. */
function memberProblem(
  property: ts.Symbol,
  declaration: ts.Declaration | undefined,
): readonly [string, string] | undefined {
  if ((property.flags & ts.SymbolFlags.Method) !== 0) {
    return ["a method, which can't be sent", "use an interface with the data alone"];
  }
  if (declaration === undefined) return undefined;
  const isInClass = ts.isClassLike(declaration.parent);
  if (isInClass && (property.flags & ts.SymbolFlags.Accessor) !== 0) {
    return [
      "an accessor of a class, which JSON leaves out",
      "use an interface with the data alone",
    ];
  }
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  if ((ts.getCombinedModifierFlags(declaration) & hidden) !== 0) {
    return [
      "private, and yet JSON would have it",
      "make it public, or a #private one, which JSON leaves out",
    ];
  }
  return undefined;
}

function typeNodeOf(declaration: ts.Declaration | undefined): ts.TypeNode | undefined {
  if (declaration === undefined) return undefined;
  if (
    ts.isPropertySignature(declaration) ||
    ts.isPropertyDeclaration(declaration) ||
    ts.isParameter(declaration)
  ) {
    return bareTypeNode(declaration.type);
  }
  return undefined;
}

/** Those with names that JSON can have: symbols and #private names it leaves out. */
export function namedProperties(type: ts.Type): readonly ts.Symbol[] {
  return type.getProperties().filter(({ escapedName }) => !/^__[@#]/.test(escapedName as string));
}

/**
 * In the order of the code. What a mapped type picks comes in the compiler's order, which depends on what it met first,
 * so it is sorted: by where it is declared, or else by name.
 */
function orderedProperties(type: ts.Type): readonly ts.Symbol[] {
  const properties = namedProperties(type);
  const isMapped = ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Mapped) !== 0;
  if ((type.flags & ts.TypeFlags.Object) === 0 || !isMapped) return properties;
  const declared = properties.flatMap((property) => property.declarations?.[0] ?? []);
  const isInOneFile = new Set(declared.map((node) => node.getSourceFile())).size === 1;
  if (declared.length === properties.length && isInOneFile) {
    return [...properties].sort((a, b) => positionOf(a) - positionOf(b));
  }
  // Of a homomorphic mapped type over several files: the order of what it maps.
  return declared.length > 0 ? properties : [...properties].sort(byName);
}

function positionOf(property: ts.Symbol): number {
  return property.declarations?.[0]?.pos ?? 0;
}

function byName(a: ts.Symbol, b: ts.Symbol): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
