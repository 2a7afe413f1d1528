// Types taken apart: what of a union is nothing, what is null, and what remains.

import { ts } from "ts-morph";
import { writtenMembers } from "./type-nodes.js";

export interface Parts {
  /** One of them is undefined or void. */
  readonly optional: boolean;
  readonly nullable: boolean;
  /** Neither; unions with names of their own are kept as they are. */
  readonly present: readonly ts.Type[];
}

const { TypeFlags } = ts;
const nothing = TypeFlags.Undefined | TypeFlags.Void;

export function partsOf(type: ts.Type): Parts {
  const parts = membersOf(type);
  return {
    optional: parts.some(({ flags }) => (flags & nothing) !== 0),
    nullable: parts.some(({ flags }) => (flags & TypeFlags.Null) !== 0),
    present: parts.filter(({ flags }) => (flags & (nothing | TypeFlags.Null)) === 0),
  };
}

function membersOf(type: ts.Type): readonly ts.Type[] {
  if (isWhole(type)) return [type];
  // The union as written, whose members may be unions with names.
  const { origin, types } = type as ts.UnionType & { readonly origin?: ts.Type };
  const members = origin?.isUnion() === true ? origin.types : types;
  return members.flatMap((member) => (isNullish(member) ? membersOf(member) : [member]));
}

/** All members, of unions inside too. Booleans and enums are kept whole. */
export function flatMembers(types: readonly ts.Type[]): readonly ts.Type[] {
  const members = types.flatMap((type) =>
    isWhole(type) ? [type] : flatMembers((type as ts.UnionType).types),
  );
  return [...new Set(members)];
}

function isWhole(type: ts.Type): boolean {
  return !type.isUnion() || (type.flags & (TypeFlags.Boolean | TypeFlags.EnumLike)) !== 0;
}

function isNullish(type: ts.Type): boolean {
  return (
    type.isUnion() && type.types.some(({ flags }) => (flags & (nothing | TypeFlags.Null)) !== 0)
  );
}

/** The types that a type is made of, whatever names and unions are in between: for comparing. */
export function atoms(type: ts.Type): ReadonlySet<ts.Type> {
  const members = type.isUnion() ? type.types : [type];
  return new Set(members.filter(({ flags }) => (flags & (nothing | TypeFlags.Null)) === 0));
}

export function sameSet(a: ReadonlySet<ts.Type>, b: ReadonlySet<ts.Type>): boolean {
  return a.size === b.size && [...a].every((type) => b.has(type));
}

/**
 * In the order of the code where the union is written; the compiler's own order depends on what it met first, so
 * literals that are nowhere written as a union are sorted.
 */
export function inOrder(
  checker: ts.TypeChecker,
  members: readonly ts.Type[],
  node: ts.TypeNode | undefined,
): readonly ts.Type[] {
  const written = writtenMembers(checker, node).map((member) =>
    atoms(checker.getTypeFromTypeNode(member)),
  );
  const rank = (type: ts.Type): number => {
    const own = [...atoms(type)];
    const at = written.findIndex((member) => own.some((atom) => member.has(atom)));
    return at < 0 ? written.length : at;
  };
  return [...members].sort(
    (a, b) => rank(a) - rank(b) || compareLiterals(a, b) || compareDeclarations(a, b),
  );
}

function compareLiterals(a: ts.Type, b: ts.Type): number {
  const left = literalValue(a);
  const right = literalValue(b);
  if (left === undefined || right === undefined) {
    return Number(left === undefined) - Number(right === undefined);
  }
  if (typeof left !== typeof right) return typeof left < typeof right ? -1 : 1;
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareDeclarations(a: ts.Type, b: ts.Type): number {
  const left = declarationOf(a);
  const right = declarationOf(b);
  if (left === undefined || right === undefined) return 0;
  const leftFile = left.getSourceFile().fileName;
  const rightFile = right.getSourceFile().fileName;
  if (leftFile !== rightFile) return leftFile < rightFile ? -1 : 1;
  return left.pos - right.pos;
}

function declarationOf(type: ts.Type): ts.Declaration | undefined {
  const symbol = type.symbol as ts.Symbol | undefined;
  return symbol?.declarations?.[0];
}

/** Of a type with one value. */
export function literalValue(type: ts.Type): string | number | boolean | undefined {
  if (type.isStringLiteral() || type.isNumberLiteral()) return type.value;
  if ((type.flags & TypeFlags.BooleanLiteral) === 0) return undefined;
  return (type as ts.Type & { readonly intrinsicName: string }).intrinsicName === "true";
}
