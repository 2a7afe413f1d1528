// Types as TypeScript, as generated clients have them.

import type { Doc, NamedType, ValueType } from "../model/types.js";
import type { Lines } from "./lines.js";

/** Names as they can be written in a module with these named types in it. */
export interface Names {
  /** A type of the language, which a named type may hide. */
  global(name: "Date" | "Promise" | "Uint8Array"): string;
}

export function typeText(type: ValueType, names: Names): string {
  switch (type.kind) {
    case "string":
    case "number":
    case "boolean":
    case "bigint":
    case "null":
      return type.kind;
    case "date":
      return names.global("Date");
    case "bytes":
      return names.global("Uint8Array");
    case "json":
      return "unknown";
    case "literal":
      return JSON.stringify(type.value);
    case "array":
      return `${innerText(type.element, names)}[]`;
    case "map":
      return `{ [key: string]: ${typeText(type.value, names)} }`;
    case "tuple":
      return `[${type.items.map((item) => typeText(item, names)).join(", ")}]`;
    case "union":
      return type.members.map((member) => typeText(member, names)).join(" | ");
    case "named":
      return type.name;
  }
}

function innerText(type: ValueType, names: Names): string {
  const text = typeText(type, names);
  return type.kind === "union" ? `(${text})` : text;
}

export function addNamedType(lines: Lines, type: NamedType, names: Names): void {
  lines.gap();
  addDoc(lines, type.doc);
  if (type.kind === "union") {
    const members = type.members.map((member) => typeText(member, names));
    lines.add(`export type ${type.name} = ${members.join(" | ")};`);
  } else if (type.kind === "enum") {
    addEnum(lines, type);
  } else if (type.members.length === 0) {
    lines.add(`export type ${type.name} = { [key: string]: never };`);
  } else {
    lines.block(`export interface ${type.name} {`, "}", () => {
      for (const { name, type: member, optional, doc } of type.members) {
        addDoc(lines, doc);
        const text = typeText(member, names);
        const may = optional && member.kind !== "json" ? " | undefined" : "";
        lines.add(`${propertyText(name)}${optional ? "?" : ""}: ${text}${may};`);
      }
    });
  }
}

/** A TypeScript enum's names stay there to be used: as a plain object, with its values' type beside. */
function addEnum(lines: Lines, type: Extract<NamedType, { readonly kind: "enum" }>): void {
  const literals = [...new Set(type.values.map(({ value }) => JSON.stringify(value)))];
  lines.add(`export type ${type.name} = ${literals.join(" | ")};`);
  if (type.values.every(({ name, value }) => name === String(value))) return;
  lines.gap();
  addDoc(lines, type.doc);
  lines.block(`export const ${type.name} = {`, "} as const;", () => {
    for (const { name, value, doc } of type.values) {
      addDoc(lines, doc);
      lines.add(`${propertyText(name)}: ${JSON.stringify(value)},`);
    }
  });
}

/** A name as a property: in quotes where it is no identifier. */
export function propertyText(name: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(name)
    ? name
    : JSON.stringify(name);
}

/** A doc comment, if there is something to say. */
export function addDoc(lines: Lines, { text, deprecated }: Doc): void {
  const said = text.trim() === "" ? [] : text.trim().split(/\r\n|[\n\r\u2028\u2029]/);
  if (deprecated !== undefined) {
    said.push(...`@deprecated ${deprecated}`.trim().split(/\r\n|[\n\r\u2028\u2029]/));
  }
  const safe = said.map((line) => line.replaceAll("*/", "*\\/").trimEnd());
  if (safe.length === 0) return;
  if (safe.length === 1) lines.add(`/** ${safe[0]} */`);
  else lines.add("/**", ...safe.map((line) => ` * ${line}`.trimEnd()), " */");
}
