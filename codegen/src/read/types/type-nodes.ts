// Types as they are written. The compiler's types are what counts, but they forget: the names of aliases that stand for
// other aliases, and the order of a union's members. Both are looked up here, and only believed where the written
// type is the very type that is read.

import { ts } from "ts-morph";
import { unaliased } from "../unaliased.js";

export interface WrittenAlias {
  readonly symbol: ts.Symbol;
  readonly declaration: ts.TypeAliasDeclaration;
}

/** Without parentheses and `readonly`. */
export function bareTypeNode(node: ts.TypeNode | undefined): ts.TypeNode | undefined {
  if (node === undefined) return undefined;
  if (ts.isParenthesizedTypeNode(node)) return bareTypeNode(node.type);
  if (ts.isTypeOperatorNode(node) && node.operator === ts.SyntaxKind.ReadonlyKeyword) {
    return bareTypeNode(node.type);
  }
  return node;
}

/** The type without `null` and `undefined`, where that is one. */
export function presentTypeNode(node: ts.TypeNode | undefined): ts.TypeNode | undefined {
  const bare = bareTypeNode(node);
  if (bare === undefined || !ts.isUnionTypeNode(bare)) return bare;
  const present = bare.types.filter((member) => !isNullish(member));
  return present.length === 1 ? presentTypeNode(present[0]) : bare;
}

function isNullish(node: ts.TypeNode): boolean {
  return (
    node.kind === ts.SyntaxKind.UndefinedKeyword ||
    node.kind === ts.SyntaxKind.VoidKeyword ||
    (ts.isLiteralTypeNode(node) && node.literal.kind === ts.SyntaxKind.NullKeyword)
  );
}

/** The alias without parameters that stands there by its name. */
export function aliasWrittenAt(
  checker: ts.TypeChecker,
  node: ts.TypeNode | undefined,
): WrittenAlias | undefined {
  if (node === undefined || !ts.isTypeReferenceNode(node) || node.typeArguments !== undefined) {
    return undefined;
  }
  const symbol = unaliased(checker, checker.getSymbolAtLocation(node.typeName));
  const declaration = symbol?.declarations?.find(ts.isTypeAliasDeclaration);
  if (symbol === undefined || declaration === undefined) return undefined;
  return declaration.typeParameters === undefined ? { symbol, declaration } : undefined;
}

/** The members of the union that is written there, through aliases, in the order of the code. */
export function writtenMembers(
  checker: ts.TypeChecker,
  node: ts.TypeNode | undefined,
  depth = 0,
): readonly ts.TypeNode[] {
  const bare = bareTypeNode(node);
  if (bare === undefined || depth > 20) return [];
  const inside = (next: ts.TypeNode | undefined): readonly ts.TypeNode[] =>
    writtenMembers(checker, next, depth + 1);
  if (ts.isUnionTypeNode(bare)) return bare.types.flatMap((member) => inside(member));
  const alias = aliasWrittenAt(checker, bare)?.declaration.type;
  if (alias !== undefined) {
    const members = inside(alias);
    if (members.length > 1) return members;
  }
  if (ts.isIndexedAccessTypeNode(bare)) {
    const members = inside(memberTypeNode(checker, bare));
    if (members.length > 1) return members;
  }
  return [bare];
}

/** Of `State["status"]`: the type that is written at the member. */
function memberTypeNode(
  checker: ts.TypeChecker,
  { objectType, indexType }: ts.IndexedAccessTypeNode,
): ts.TypeNode | undefined {
  if (!ts.isLiteralTypeNode(indexType) || !ts.isStringLiteral(indexType.literal)) return undefined;
  const member = checker
    .getTypeFromTypeNode(objectType)
    .getProperty(indexType.literal.text)?.valueDeclaration;
  return member !== undefined && ts.isPropertySignature(member) ? member.type : undefined;
}

/** The element of `T[]`, `readonly T[]`, `Array<T>`; the value of `Record<string, T>`; the last argument, in short. */
export function lastArgumentNode(node: ts.TypeNode | undefined): ts.TypeNode | undefined {
  const bare = presentTypeNode(node);
  if (bare === undefined) return undefined;
  if (ts.isArrayTypeNode(bare)) return bare.elementType;
  return ts.isTypeReferenceNode(bare) ? bare.typeArguments?.at(-1) : undefined;
}
