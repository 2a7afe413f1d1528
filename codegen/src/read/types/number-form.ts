// The tag `@protoType`: which of protobuf's numbers a number is.

import type { ts } from "ts-morph";
import type { NamedType, NumberForm, ValueType } from "../../model/types.js";
import { docOf, type Tag } from "../docs.js";
import type { ReadContext } from "../read-context.js";

const forms: readonly NumberForm[] = ["double", "float", "int32", "int64", "uint32", "uint64"];

/** What the declaration asks for; reports what is no form. */
export function numberFormOf(
  context: ReadContext,
  declaration: ts.Node | undefined,
): NumberForm | undefined {
  const { protoType } = docOf(declaration);
  if (protoType === undefined) return undefined;
  const form = forms.find((candidate) => candidate === protoType.text);
  if (form === undefined) {
    context.diagnostics.report(protoType.node, {
      code: "PDR6019",
      message: `@protoType ${protoType.text} is no type of numbers`,
      advice: `write one of ${forms.join(", ")}`,
    });
  }
  return form;
}

/** Reports a tag on what has no number in it. */
export function checkNumberTag(
  { context, types }: Reader,
  tag: Tag | undefined,
  what: string,
  type: ValueType,
): void {
  if (tag === undefined || hasNumber(type, types)) return;
  context.diagnostics.report(tag.node, {
    code: "PDR6019",
    message: `@protoType is for numbers, and ${what} is none`,
    advice: "remove the tag",
  });
}

/** As much of the TypeReader as is needed here. */
interface Reader {
  readonly context: ReadContext;
  readonly types: ReadonlyMap<string, NamedType>;
}

function hasNumber(type: ValueType, types: Reader["types"]): boolean {
  switch (type.kind) {
    case "number":
      return true;
    case "array":
      return hasNumber(type.element, types);
    case "map":
      return hasNumber(type.value, types);
    case "tuple":
      return type.items.some((item) => hasNumber(item, types));
    case "union":
      return type.members.some((member) => hasNumber(member, types));
    case "named": {
      // A union that is written in place; one with a name says itself what its numbers are.
      const named = types.get(type.name);
      const isInPlace = named?.kind === "union" && named.anonymous;
      return isInPlace && named.members.some((member) => hasNumber(member, types));
    }
    default:
      return false;
  }
}
