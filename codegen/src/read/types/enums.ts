// Enums, and unions of literals.

import { ts } from "ts-morph";
import type { EnumType, EnumValue, ValueType } from "../../model/types.js";
import { docOf } from "../docs.js";
import type { TypeName } from "./naming.js";
import type { Spot } from "./spot.js";
import type { TypeReader } from "./type-reader.js";

/** A TypeScript enum, or one member of it. */
export function readEnum(reader: TypeReader, type: ts.Type, spot: Spot): ValueType {
  const { checker } = reader.context;
  const declaration = type.symbol.declarations?.[0];
  // The type of an enum with one member is the member's.
  const isMember = declaration !== undefined && ts.isEnumMember(declaration);
  if (isMember && declaration.parent.members.length > 1) {
    const value = checker.getConstantValue(declaration);
    return value === undefined ? refuseValue(reader, declaration) : { kind: "literal", value };
  }
  return reader.named(type, spot, (name, node) => {
    const parts = isMember ? [declaration.parent] : (type.symbol.declarations ?? []);
    const members = parts.filter(ts.isEnumDeclaration).flatMap((part) => [...part.members]);
    const values = members.flatMap((member): EnumValue[] => {
      const value = checker.getConstantValue(member);
      if (value === undefined) refuseValue(reader, member);
      const memberName = ts.isIdentifier(member.name) || ts.isStringLiteralLike(member.name);
      return value === undefined || !memberName
        ? []
        : [{ name: (member.name as ts.Identifier).text, value, doc: docOf(member).doc }];
    });
    if (new Set(values.map(({ value }) => typeof value)).size > 1) {
      reader.refuse(
        { ...spot, node },
        {
          code: "PDR6011",
          message: `the enum ${name.name} has both strings and numbers as values`,
          advice: "give all members values of one kind",
        },
      );
    }
    return enumType(reader, name, node, values);
  });
}

/** Literals and members of enums, all strings or all numbers, which together are no enum that is declared. */
export function enumOf(
  reader: TypeReader,
  name: TypeName,
  node: ts.Node,
  types: readonly ts.Type[],
): EnumType {
  const { checker } = reader.context;
  const values = types.flatMap((type): EnumValue[] =>
    membersIn(type).flatMap((member) => {
      const [value] = literalsOf(checker, member) ?? [];
      if (value === undefined) return [];
      const declared = memberOf(member);
      return declared === undefined
        ? [{ name: String(value), value, doc: { text: "" } }]
        : [{ name: member.symbol.name, value, doc: docOf(declared).doc }];
    }),
  );
  // Members of several enums may share a name; their values are what they are told apart by, then.
  const names = new Map(values.map((one) => [one.name, one.value]));
  const areApart = values.every((one) => names.get(one.name) === one.value);
  return enumType(
    reader,
    name,
    node,
    areApart ? values : values.map((one) => ({ ...one, name: String(one.value) })),
  );
}

function enumType(
  reader: TypeReader,
  name: TypeName,
  node: ts.Node,
  values: readonly EnumValue[],
): EnumType {
  return {
    kind: "enum",
    ...reader.headOf(name, node),
    // Two members may share a value; the first is its name.
    values: values.filter(
      ({ value }, at) => values.findIndex((other) => other.value === value) === at,
    ),
  };
}

/** The values of an enum's type or of literals; undefined: it is neither. */
export function literalsOf(
  checker: ts.TypeChecker,
  type: ts.Type,
): readonly (string | number)[] | undefined {
  const values = membersIn(type).map((member) => {
    if (member.isStringLiteral() || member.isNumberLiteral()) return member.value;
    const declaration = memberOf(member);
    return declaration === undefined ? undefined : checker.getConstantValue(declaration);
  });
  return values.every((value) => value !== undefined) ? values : undefined;
}

function membersIn(type: ts.Type): readonly ts.Type[] {
  return type.isUnion() ? type.types : [type];
}

/** The member of an enum that the type is. */
function memberOf(type: ts.Type): ts.EnumMember | undefined {
  const symbol = type.symbol as ts.Symbol | undefined;
  const declaration = symbol?.declarations?.[0];
  return declaration !== undefined && ts.isEnumMember(declaration) ? declaration : undefined;
}

function refuseValue(reader: TypeReader, member: ts.EnumMember): ValueType {
  return reader.refuse(
    { what: "", name: "", node: member },
    {
      code: "PDR6005",
      message: `the value of the enum's member ${member.name.getText()} can't be read without running the code`,
      advice: "write the value out",
    },
  );
}
