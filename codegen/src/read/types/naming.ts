// Names of types. A type has the name that the code gives it: of its interface, class, enum or alias, with the names
// of its arguments behind it. What has no name is called after the place where it stands.

import { ts } from "ts-morph";
import { upperCamelOf } from "../../model/names.js";
import { docOf, type Tag } from "../docs.js";
import type { ReadContext } from "../read-context.js";
import type { Spot } from "./spot.js";
import { atoms, literalValue, sameSet } from "./parts.js";
import { aliasWrittenAt, presentTypeNode } from "./type-nodes.js";

export interface TypeName {
  readonly name: string;
  /** The same for the same type, for no other. */
  readonly key: unknown;
  /** The declaration; absent: the type has no name of its own. */
  readonly declaration?: ts.Declaration;
}

const { SymbolFlags } = ts;
const namedFlags = SymbolFlags.Interface | SymbolFlags.Class | SymbolFlags.Enum;

/** What the type is called at this spot. */
export function typeNameOf(context: ReadContext, type: ts.Type, spot: Spot): TypeName {
  return (
    ownName(context, type) ??
    writtenName(context, type, spot) ??
    utilityName(context, type) ?? { name: spot.name, key: type }
  );
}

/** By alias or declaration, wherever the type is met. */
function ownName(context: ReadContext, type: ts.Type): TypeName | undefined {
  const { aliasSymbol: alias } = type;
  if (alias !== undefined && !isUtility(context, type)) {
    return instanceName(context, type, alias, type.aliasTypeArguments ?? []);
  }
  const symbol = declaredSymbol(context, type);
  if (symbol === undefined || (symbol.flags & namedFlags) === 0) return undefined;
  return instanceName(context, type, symbol, argumentsOf(context, type));
}

/** The type of an enum with one member is the member's. */
function declaredSymbol({ checker }: ReadContext, type: ts.Type): ts.Symbol | undefined {
  const symbol = type.symbol as ts.Symbol | undefined;
  const declaration = symbol?.declarations?.[0];
  return declaration !== undefined && ts.isEnumMember(declaration)
    ? checker.getSymbolAtLocation(declaration.parent.name)
    : symbol;
}

/** By the alias that is written here, of a type that has forgotten it. */
function writtenName(context: ReadContext, type: ts.Type, spot: Spot): TypeName | undefined {
  const alias = writtenAliasOf(context, type, spot.typeNode);
  if (alias === undefined) return undefined;
  return {
    name: declaredName(context, alias.declaration),
    key: alias.symbol,
    declaration: alias.declaration,
  };
}

/** `Partial<User>` is PartialUser: a type of a library, made from types with names. */
function utilityName(context: ReadContext, type: ts.Type): TypeName | undefined {
  const { aliasSymbol: alias } = type;
  if (alias === undefined || !/^[A-Z][A-Za-z0-9]*$/.test(alias.name)) return undefined;
  return instanceName(context, type, alias, type.aliasTypeArguments ?? []);
}

/** The alias without parameters that stands at the node and means just this type, null and undefined aside. */
export function writtenAliasOf(
  { checker }: ReadContext,
  type: ts.Type,
  node: ts.TypeNode | undefined,
): ReturnType<typeof aliasWrittenAt> {
  const present = presentTypeNode(node);
  const alias = aliasWrittenAt(checker, present);
  if (alias === undefined || present === undefined) return undefined;
  const meant = checker.getTypeFromTypeNode(present);
  return sameSet(atoms(meant), atoms(type)) ? alias : undefined;
}

function isUtility(context: ReadContext, { aliasSymbol, aliasTypeArguments }: ts.Type): boolean {
  const declaration = aliasSymbol?.declarations?.[0];
  return (
    declaration !== undefined &&
    aliasTypeArguments !== undefined &&
    context.isLibrary(declaration.getSourceFile())
  );
}

function instanceName(
  context: ReadContext,
  type: ts.Type,
  symbol: ts.Symbol,
  args: readonly ts.Type[],
): TypeName | undefined {
  const declaration = symbol.declarations?.find(isTypeDeclaration) ?? symbol.declarations?.[0];
  if (declaration === undefined) return undefined;
  const names = args.map((arg) => argumentName(context, arg));
  if (!names.every((name) => name !== undefined)) return undefined;
  return {
    name: declaredName(context, declaration) + names.join(""),
    key: args.length === 0 ? symbol : type,
    declaration,
  };
}

export function argumentsOf({ checker }: ReadContext, type: ts.Type): readonly ts.Type[] {
  const { objectFlags, target } = type as ts.TypeReference;
  if ((type.flags & ts.TypeFlags.Object) === 0) return [];
  if ((objectFlags & ts.ObjectFlags.Reference) === 0) return [];
  // The last of them may be the type of `this`.
  return checker
    .getTypeArguments(type as ts.TypeReference)
    .slice(0, target.typeParameters?.length ?? 0);
}

const simpleNames: readonly (readonly [ts.TypeFlags, string])[] = [
  [ts.TypeFlags.Any, "Any"],
  [ts.TypeFlags.Unknown, "Unknown"],
  [ts.TypeFlags.String, "String"],
  [ts.TypeFlags.Number, "Number"],
  [ts.TypeFlags.Boolean, "Boolean"],
  [ts.TypeFlags.BigInt, "Bigint"],
  [ts.TypeFlags.Null, "Null"],
  [ts.TypeFlags.Undefined | ts.TypeFlags.Void, "Void"],
];

/** Undefined: the argument has no name, so what is made from it has none. */
function argumentName(context: ReadContext, type: ts.Type): string | undefined {
  const simple = simpleNames.find(([flags]) => (type.flags & flags) !== 0);
  if (simple !== undefined && (type.flags & ts.TypeFlags.EnumLike) === 0) return simple[1];
  if (context.checker.isArrayType(type)) {
    const [element] = argumentsOf(context, type);
    const name = element && argumentName(context, element);
    return name === undefined ? undefined : `${name}List`;
  }
  const literal = literalValue(type);
  const named = ownName(context, type) ?? utilityName(context, type);
  if (named !== undefined) return named.name;
  return literal === undefined ? undefined : upperCamelOf(String(literal));
}

function declaredName(context: ReadContext, declaration: ts.Declaration): string {
  const { protoName } = docOf(declaration);
  if (protoName !== undefined) return tagName(context, protoName);
  const name = ts.getNameOfDeclaration(declaration);
  return upperCamelOf(name !== undefined && ts.isIdentifier(name) ? name.text : "Default");
}

function tagName(context: ReadContext, { text, node }: Tag): string {
  if (/^[A-Z][A-Za-z0-9]*$/.test(text)) return text;
  context.diagnostics.report(node, {
    code: "PDR6019",
    message: `@protoName ${text} is no name of a message`,
    advice: "write a name in UpperCamelCase, of letters and digits",
  });
  return upperCamelOf(text);
}

function isTypeDeclaration(declaration: ts.Declaration): boolean {
  return (
    ts.isInterfaceDeclaration(declaration) ||
    ts.isTypeAliasDeclaration(declaration) ||
    ts.isEnumDeclaration(declaration) ||
    ts.isClassLike(declaration)
  );
}
