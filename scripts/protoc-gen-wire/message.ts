// The code of one message: a function that writes it, one that reads it, and both as a Codec.

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { GeneratedFile, ImportSymbol, Printable } from "@bufbuild/protoplugin";
import { check, plainOf, tagOf, unsupported } from "./fields.js";

type OneofField = DescField & { readonly oneof: NonNullable<DescField["oneof"]> };

export function printMessage(f: GeneratedFile, message: DescMessage): void {
  check(message);
  printWrite(f, message);
  printRead(f, message);
  const shape = f.importShape(message);
  const codec = f.import("Codec", "./wire/codec.js", true);
  f.print("export const ", shape.name, "Codec: ", codec, "<", shape, "> = {");
  f.print("  typeName: ", f.string(message.typeName), ",");
  f.print("  write: ", functionOf(f, "write", message), ",");
  f.print("  read: ", functionOf(f, "read", message), ",");
  f.print("};");
  f.print();
}

function functionOf(f: GeneratedFile, verb: "read" | "write", message: DescMessage): ImportSymbol {
  return f.import(verb + f.importShape(message).name, `./${message.file.name}_wire.js`);
}

function printWrite(f: GeneratedFile, message: DescMessage): void {
  const name = `write${f.importShape(message).name}`;
  const writer = f.import("Writer", "./wire/writer.js", true);
  f.print("export function ", name, "(w: ", writer, ", m: ", f.importShape(message), "): void {");
  f.print("  if (m.$unknown !== undefined) w.unknown(m.$unknown);");
  // From the last to the first. Cases of one oneof that are neighbours share a switch.
  const fields = message.fields.toSorted((a, b) => b.number - a.number);
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index] as DescField;
    if (!isCase(field)) {
      printWriteField(f, field);
      continue;
    }
    const { localName } = field.oneof;
    f.print("  switch (m.", localName, ".case) {");
    for (
      let next: DescField | undefined = field;
      next?.oneof === field.oneof;
      next = fields[++index]
    ) {
      f.print("    case ", f.string(next.localName), ": {");
      printWriteValue(f, next, `m.${localName}.value`, "      ");
      f.print("      break;");
      f.print("    }");
    }
    index--;
    f.print("  }");
  }
  f.print("}");
  f.print();
}

function printWriteField(f: GeneratedFile, field: DescField): void {
  const value = `m.${field.localName}`;
  switch (field.fieldKind) {
    case "list":
      return printWriteList(f, field, value);
    case "map":
      return printWriteMap(f, field, value);
    case "message":
      f.print("  if (", value, " !== undefined) {");
      break;
    default: {
      const implicit = plainOf(field, field.scalar).isSet(value);
      f.print("  if (", hasPresence(field) ? `${value} !== undefined` : implicit, ") {");
    }
  }
  printWriteValue(f, field, value, "    ");
  f.print("  }");
}

/** One value, present for certain. */
function printWriteValue(f: GeneratedFile, field: DescField, value: string, indent: string): void {
  if (field.fieldKind === "message") {
    printDelimited(f, tagOf(field, 2), indent, () => {
      f.print(indent, functionOf(f, "write", field.message), "(w, ", value, ");");
    });
    return;
  }
  if (field.fieldKind !== "scalar" && field.fieldKind !== "enum") throw unsupported(field, "this");
  const { method, wireType } = plainOf(field, field.scalar);
  f.print(indent, "w.", method, "(", tagOf(field, wireType), ", ", value, ");");
}

function printWriteList(
  f: GeneratedFile,
  field: DescField & { readonly fieldKind: "list" },
  list: string,
): void {
  const item = `${list}[index]!`;
  const loop = `for (let index = ${list}.length - 1; index >= 0; index--) `;
  if (field.listKind === "message") {
    f.print("  ", loop, "{");
    printDelimited(f, tagOf(field, 2), "    ", () => {
      f.print("    ", functionOf(f, "write", field.message), "(w, ", item, ");");
    });
    f.print("  }");
    return;
  }
  const { method, wireType } = plainOf(field, field.scalar);
  if (!field.packed) {
    f.print("  ", loop, "w.", method, "(", tagOf(field, wireType), ", ", item, ");");
    return;
  }
  if (method !== "uint32") throw unsupported(field, "packed numbers but uint32");
  f.print("  if (", list, ".length > 0) {");
  printDelimited(f, tagOf(field, 2), "    ", () => {
    f.print("    ", loop, "w.packed(", item, ");");
  });
  f.print("  }");
}

function printWriteMap(
  f: GeneratedFile,
  field: DescField & { readonly fieldKind: "map" },
  map: string,
): void {
  if (field.mapKind === "message") throw unsupported(field, "maps of messages");
  const value = plainOf(field, field.scalar);
  const key = plainOf(field, field.mapKey);
  if (key.method !== "string") throw unsupported(field, "keys but strings");
  f.print("  const ", field.localName, "Keys = Object.keys(", map, ");");
  f.print("  for (let index = ", field.localName, "Keys.length - 1; index >= 0; index--) {");
  f.print("    const key = ", field.localName, "Keys[index]!;");
  printDelimited(f, tagOf(field, 2), "    ", () => {
    f.print("    w.", value.method, "(", 16 | value.wireType, ", ", map, "[key]!);");
    f.print("    w.string(10, key);");
  });
  f.print("  }");
}

function printDelimited(f: GeneratedFile, tag: number, indent: string, body: () => void): void {
  f.print(indent, "const mark = w.mark();");
  body();
  f.print(indent, "w.delimited(", tag, ", mark);");
}

function printRead(f: GeneratedFile, message: DescMessage): void {
  const shape = f.importShape(message);
  const reader = f.import("Reader", "./wire/reader.js", true);
  const name = `read${shape.name}`;
  f.print(
    "export function ",
    name,
    "(r: ",
    reader,
    ", length: number, into?: ",
    shape,
    "): ",
    shape,
    " {",
  );
  f.print("  const end = r.enter(length, ", f.string(message.typeName), ");");
  f.print("  const m: ", shape, " = into ?? {");
  f.print("    $typeName: ", f.string(message.typeName), ",");
  for (const member of message.members) {
    // Filled in below where no case was read: most have one.
    if (member.kind === "oneof") f.print("    ", member.localName, ": undefined as never,");
    else if (member.fieldKind === "list") f.print("    ", member.localName, ": [],");
    else if (member.fieldKind === "map") f.print("    ", member.localName, ": {},");
    else if (member.fieldKind !== "message" && !hasPresence(member)) {
      f.print("    ", member.localName, ": ", plainOf(member, member.scalar).zero, ",");
    }
  }
  f.print("  };");
  f.print("  while (r.at < end) {");
  f.print("    const tag = r.tag();");
  f.print("    switch (tag >>> 3) {");
  for (const field of message.fields) {
    f.print("      case ", field.number, ":");
    printReadField(f, field);
    f.print("        break;");
  }
  f.print("      default:");
  f.print("        r.unknown(m, tag);");
  f.print("    }");
  f.print("  }");
  for (const { localName } of message.oneofs) {
    f.print("  if (m.", localName, " === undefined) m.", localName, " = { case: undefined };");
  }
  f.print("  r.leave();");
  f.print("  return m;");
  f.print("}");
  f.print();
}

function printReadField(f: GeneratedFile, field: DescField): void {
  const indent = "        ";
  const target = `m.${field.localName}`;
  switch (field.fieldKind) {
    case "list":
      return printReadList(f, field, target);
    case "map":
      return printReadMap(f, field, target);
    case "message": {
      const read = functionOf(f, "read", field.message);
      if (!isCase(field)) {
        f.print(indent, target, " = ", read, "(r, r.uint32(), ", target, ");");
        return;
      }
      const { localName } = field.oneof;
      const before = `m.${localName}?.case === "${field.localName}" ? m.${localName}.value : undefined`;
      f.print(indent, "m.", localName, " = {");
      f.print(indent, "  case: ", f.string(field.localName), ",");
      f.print(indent, "  value: ", read, "(r, r.uint32(), ", before, "),");
      f.print(indent, "};");
      return;
    }
    default: {
      const read = readPlain(f, field, field.scalar);
      if (!isCase(field)) f.print(indent, target, " = ", ...read, ";");
      else {
        const { localName } = field.oneof;
        f.print(
          indent,
          "m.",
          localName,
          " = { case: ",
          f.string(field.localName),
          ", value: ",
          ...read,
          " };",
        );
      }
    }
  }
}

function printReadList(
  f: GeneratedFile,
  field: DescField & { readonly fieldKind: "list" },
  list: string,
): void {
  const indent = "        ";
  if (field.listKind === "message") {
    f.print(indent, list, ".push(", functionOf(f, "read", field.message), "(r, r.uint32()));");
    return;
  }
  const read = readPlain(f, field, field.scalar);
  const { wireType } = plainOf(field, field.scalar);
  if (wireType === 2) {
    f.print(indent, list, ".push(", ...read, ");");
    return;
  }
  f.print(indent, "if ((tag & 7) === 2) {");
  f.print(indent, "  const last = r.uint32() + r.at;");
  f.print(indent, "  while (r.at < last) ", list, ".push(", ...read, ");");
  f.print(indent, "} else ", list, ".push(", ...read, ");");
}

function printReadMap(
  f: GeneratedFile,
  field: DescField & { readonly fieldKind: "map" },
  map: string,
): void {
  const value = plainOf(field, field.scalar);
  f.print("        r.entry(", map, ", ", value.zero, ", (reader) => reader.", value.method, "());");
}

/** The value of a field; open enums take any number. */
function readPlain(
  f: GeneratedFile,
  field: DescField,
  scalar: Parameters<typeof plainOf>[1],
): Printable[] {
  const call = `r.${plainOf(field, scalar).method}()`;
  return field.enum === undefined ? [call] : [call, " as ", f.importShape(field.enum)];
}

function hasPresence(field: DescField): boolean {
  return field.proto.proto3Optional;
}

/** A case of a oneof that was written as one: `optional` makes one too, which protobuf-es does not show. */
function isCase(field: DescField): field is OneofField {
  return field.oneof !== undefined;
}
