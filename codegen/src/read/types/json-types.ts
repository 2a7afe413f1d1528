// Types of any JSON value, as projects write them: type Json = string | number | boolean | null | Json[] | { … }.

import { ts } from "ts-morph";
import { atoms } from "./parts.js";

const { TypeFlags } = ts;

/** Whatever JSON can say, and nothing but that. `unknown` and `any` are no such types here. */
export function isAnyJson(checker: ts.TypeChecker, type: ts.Type): boolean {
  return isJson(checker, type, new Set());
}

/** What contains itself is JSON if all else is: `assumed` are the types under way. */
function isJson(checker: ts.TypeChecker, type: ts.Type, assumed: Set<ts.Type>): boolean {
  if (!type.isUnion()) return false;
  const members = [...atoms(type)];
  if (members.some((member) => assumed.has(member)) || assumed.has(type)) return true;
  const has = (flag: ts.TypeFlags): boolean => type.types.some(({ flags }) => (flags & flag) !== 0);
  const isBoolean = members.filter(({ flags }) => (flags & TypeFlags.BooleanLiteral) !== 0).length;
  if (!has(TypeFlags.String) || !has(TypeFlags.Number) || isBoolean !== 2) return false;
  if (!has(TypeFlags.Null) && assumed.size === 0) return false;
  const rest = members.filter(({ flags }) => (flags & scalars) === 0);
  const inside = new Set([...assumed, type, ...rest]);
  const list = rest.filter((member) => checker.isArrayLikeType(member));
  const others = rest.filter((member) => !list.includes(member));
  return (
    list.length > 0 &&
    others.length > 0 &&
    list.every((member) => isJsonInside(checker, member.getNumberIndexType(), inside)) &&
    others.every(
      (member) =>
        (member.flags & (TypeFlags.Object | TypeFlags.Intersection)) !== 0 &&
        member.getProperties().length === 0 &&
        isJsonInside(checker, member.getStringIndexType(), inside),
    )
  );
}

const scalars = TypeFlags.String | TypeFlags.Number | TypeFlags.BooleanLiteral;

function isJsonInside(
  checker: ts.TypeChecker,
  type: ts.Type | undefined,
  assumed: Set<ts.Type>,
): boolean {
  if (type === undefined) return false;
  if ((type.flags & (TypeFlags.Any | TypeFlags.Unknown)) !== 0) return true;
  return isJson(checker, type, assumed);
}
