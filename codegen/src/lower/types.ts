// Named types as messages and enums.

import { Shape } from "@perdure/proto/typed/v1/typed";
import type { EnumType, Member, NamedType, ObjectType } from "../model/types.js";
import type { DraftEnum, DraftField, DraftMessage, Origin } from "./draft.js";
import type { Lowering } from "./lowering.js";
import { lowerSnakeOf, upperCamelOf } from "../model/names.js";
import { enumValueName } from "./singles.js";
import { constantsOf, variantsOf } from "./unions.js";
import { fieldFormOf, unionMessage } from "./value-types.js";

export interface DraftTypes {
  readonly messages: readonly DraftMessage[];
  readonly enums: readonly DraftEnum[];
}

/** Everything that the fields so far lead to, and what that leads to, by name. */
export function lowerTypes(lowering: Lowering): DraftTypes {
  const messages = new Map<string, DraftMessage>();
  const enums = new Map<string, DraftEnum>();
  // The set grows while it is walked.
  for (const name of lowering.reached) {
    const type = lowering.typeNamed(name);
    if (type.kind === "enum") enums.set(name, enumOf(lowering, type));
    else messages.set(name, messageOf(lowering, type));
  }
  return { messages: sorted(messages), enums: sorted(enums) };
}

/** In code point order of their names, so that the order does not tell who came first. */
export function sorted<Value>(byName: ReadonlyMap<string, Value>): Value[] {
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, value]) => value);
}

function messageOf(
  lowering: Lowering,
  type: Exclude<NamedType, { readonly kind: "enum" }>,
): DraftMessage {
  const { doc } = type;
  const origin = originOf(type);
  const name = upperCamelOf(type.name);
  const previous = previousOf(lowering, type, name);
  if (type.kind === "union") {
    const { types, nullable } = variantsOf(lowering, { kind: "named", name: type.name });
    const message = unionMessage(lowering, name, types, nullable, origin, type.name);
    return { ...message, ...previous, doc };
  }
  const constants = constantsOf(lowering, { kind: "named", name: type.name });
  for (const constant of constants) checkMemberName(lowering, constant.name, origin);
  return {
    name,
    ...previous,
    doc,
    shape: Shape.UNSPECIFIED,
    constants,
    fields: fieldsOf(lowering, type, new Set(constants.map((constant) => constant.name))),
    origin,
  };
}

function fieldsOf(
  lowering: Lowering,
  type: ObjectType,
  constants: ReadonlySet<string>,
): DraftField[] {
  return type.members
    .filter(({ name }) => !constants.has(name))
    .map((member) => fieldOf(lowering, type, member));
}

function fieldOf(lowering: Lowering, type: ObjectType, member: Member): DraftField {
  const origin = { what: `${type.name}.${member.name}`, place: member.place };
  checkMemberName(lowering, member.name, origin);
  return {
    name: lowerSnakeOf(member.name),
    jsonName: member.name,
    ...(member.renamedFrom === undefined ? {} : { renamedFrom: member.renamedFrom }),
    form: fieldFormOf(lowering, member.type, member.optional, origin),
    doc: member.doc,
    origin,
  };
}

/** What JSON can name and protobuf, or a plain object, can't. */
function checkMemberName(lowering: Lowering, name: string, origin: Origin): void {
  const why =
    name === "__proto__"
      ? "it is the prototype of every object"
      : name === ""
        ? "it is empty"
        : name.includes("\0")
          ? "it has a NUL character"
          : name.startsWith("[") && name.endsWith("]")
            ? "names in brackets are for extensions"
            : undefined;
  if (why === undefined) return;
  lowering.report(
    "PDR6106",
    `the member ${JSON.stringify(name)} of ${origin.what.split(".")[0] ?? ""} can't be a field: ${why}`,
    "rename the member, or mark the handlers that use it with @jsonOnly",
    origin,
  );
}

function enumOf(lowering: Lowering, type: EnumType): DraftEnum {
  const name = upperCamelOf(type.name);
  const previous = previousOf(lowering, type, name);
  // Members of a TypeScript enum may share a value. In JSON they are one.
  const values = type.values.filter(
    ({ value }, at) => type.values.findIndex((other) => other.value === value) === at,
  );
  return {
    name,
    ...previous,
    doc: type.doc,
    values: values.map((value) => ({
      name: enumValueName(name, value.name),
      ...(previous.previousName === undefined
        ? {}
        : { previousName: enumValueName(previous.previousName, value.name) }),
      value: value.value,
      doc: value.doc,
    })),
    origin: originOf(type),
  };
}

function previousOf(
  lowering: Lowering,
  type: NamedType,
  name: string,
): { readonly previousName?: string } {
  const previousName = lowering.previousNameOf(type);
  return previousName === undefined || previousName === name ? {} : { previousName };
}

function originOf(type: NamedType): Origin {
  return { what: `the type ${type.name}`, place: type.place };
}
