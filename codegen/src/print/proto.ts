// A file's descriptor as .proto text, in the form that `buf format` leaves alone. Prints what lowering makes and no more:
// proto3, the options of typed.proto, no nested types but the entries of maps.

import { getExtension, hasExtension } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Scalar,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  type ServiceDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import {
  enum_value,
  field as fieldForm,
  message as messageForm,
  method as methodContract,
  service as serviceContract,
  OperationSchema,
  ShapeSchema,
  type MessageForm,
} from "@perdure/proto/typed/v1/typed";
import { defaultJsonNameOf } from "../model/names.js";
import { Lines } from "./lines.js";

export function printProto(file: FileDescriptorProto): string {
  const printer = new ProtoPrinter(file);
  return printer.print();
}

type Path = readonly number[];

class ProtoPrinter {
  readonly #file: FileDescriptorProto;
  readonly #lines: Lines = new Lines();
  readonly #comments: ReadonlyMap<string, string>;
  /** Before names of other packages, where a part of this one's name would hide them. */
  readonly #root: string;

  constructor(file: FileDescriptorProto) {
    this.#file = file;
    const locations = file.sourceCodeInfo?.location ?? [];
    this.#comments = new Map(
      locations.map(({ path, leadingComments }) => [path.join(), leadingComments]),
    );
    const hides = file.package.split(".").slice(1);
    this.#root = hides.includes("google") || hides.includes("perdure") ? "." : "";
  }

  print(): string {
    const { syntax, package: name, dependency, service, messageType, enumType } = this.#file;
    const lines = this.#lines;
    for (const location of this.#file.sourceCodeInfo?.location ?? []) {
      for (const text of location.leadingDetachedComments) lines.add(...commentLines(text), "");
    }
    lines.add(`syntax = ${quoted(syntax)};`, "", `package ${name};`, "");
    lines.add(...dependency.map((path) => `import ${quoted(path)};`));
    for (const [at, one] of service.entries()) this.#service(one, [6, at]);
    for (const [at, one] of messageType.entries()) this.#message(one, [4, at]);
    for (const [at, one] of enumType.entries()) this.#enum(one, [5, at]);
    return lines.text();
  }

  #comment(path: Path, ...more: readonly string[]): void {
    const text = this.#comments.get(path.join()) ?? "";
    this.#lines.add(...(text === "" ? [] : commentLines(text)), ...more);
  }

  #service({ name, method, options }: ServiceDescriptorProto, path: Path): void {
    const lines = this.#lines;
    lines.gap();
    this.#comment(path, "// buf:lint:ignore SERVICE_SUFFIX");
    lines.block(`service ${name} {`, "}", () => {
      if (options?.deprecated === true) lines.add("option deprecated = true;");
      if (options !== undefined && hasExtension(options, serviceContract)) {
        const contract = getExtension(options, serviceContract);
        lines.add(`option ${this.#extension("service")}.name = ${quoted(contract.name)};`);
      }
      for (const [at, one] of method.entries()) this.#method(one, [...path, 2, at]);
    });
  }

  #method(
    { name, inputType, outputType, options }: ServiceDescriptorProto["method"][number],
    path: Path,
  ): void {
    const lines = this.#lines;
    lines.gap();
    this.#comment(path);
    const rpc = `rpc ${name}(${this.#typeName(inputType)}) returns (${this.#typeName(outputType)}) {`;
    lines.block(rpc, "}", () => {
      if (options?.deprecated === true) lines.add("option deprecated = true;");
      if (options === undefined || !hasExtension(options, methodContract)) return;
      const { handler, operation } = getExtension(options, methodContract);
      lines.block(`option ${this.#extension("method")} = {`, "};", () => {
        lines.add(`handler: ${quoted(handler)}`);
        lines.add(`operation: ${OperationSchema.value[operation]?.name ?? operation}`);
      });
    });
  }

  #message(message: DescriptorProto, path: Path): void {
    const { name, field, options, oneofDecl } = message;
    const lines = this.#lines;
    lines.gap();
    this.#comment(path);
    const oneof = oneofDecl.find((one) => !one.name.startsWith("_"))?.name;
    const printFields = (): void => {
      for (const [at, one] of field.entries()) this.#field(message, one, [...path, 2, at]);
    };
    const reserved = reservedLines(
      message.reservedRange.map(({ start, end }) => [start, end - 1]),
      message.reservedName,
    );
    if (field.length + reserved.length + oneofDecl.length === 0 && options === undefined) {
      lines.add(`message ${name} {}`);
      return;
    }
    lines.block(`message ${name} {`, "}", () => {
      if (options?.deprecated === true) lines.add("option deprecated = true;");
      if (options !== undefined && hasExtension(options, messageForm)) {
        this.#messageForm(getExtension(options, messageForm));
      }
      lines.add(...reserved);
      if (options !== undefined || reserved.length > 0) {
        if (field.length > 0) lines.gap();
      }
      if (oneof === undefined) printFields();
      else lines.block(`oneof ${oneof} {`, "}", printFields);
    });
  }

  #messageForm({ shape, constants }: MessageForm): void {
    const lines = this.#lines;
    const option = `option ${this.#extension("message")}`;
    const shapeName = ShapeSchema.value[shape]?.name ?? shape;
    if (constants.length === 0) {
      lines.add(`${option}.shape = ${shapeName};`);
      return;
    }
    lines.block(`${option} = {`, "};", () => {
      if (shape !== 0) lines.add(`shape: ${shapeName}`);
      lines.block("constants: [", "]", () => {
        for (const [at, { name, json }] of constants.entries()) {
          lines.block("{", at + 1 < constants.length ? "}," : "}", () => {
            lines.add(`name: ${quoted(name)}`, `json: ${quoted(json)}`);
          });
        }
      });
    });
  }

  #field(message: DescriptorProto, field: FieldDescriptorProto, path: Path): void {
    const lines = this.#lines;
    if (this.#hasComment(path)) lines.gap();
    this.#comment(path);
    const options: string[] = [];
    if (field.jsonName !== defaultJsonNameOf(field.name)) {
      options.push(`json_name = ${quoted(field.jsonName)}`);
    }
    if (field.options?.deprecated === true) options.push("deprecated = true");
    if (field.options !== undefined && hasExtension(field.options, fieldForm)) {
      const { nullable, number } = getExtension(field.options, fieldForm);
      if (nullable) options.push(`${this.#extension("field")}.nullable = true`);
      if (number) options.push(`${this.#extension("field")}.number = true`);
    }
    this.#withOptions(
      `${this.#fieldType(message, field)} ${field.name} = ${field.number}`,
      options,
    );
  }

  #fieldType(message: DescriptorProto, field: FieldDescriptorProto): string {
    const entry = message.nestedType.find(
      ({ name }) => field.typeName === `.${this.#file.package}.${message.name}.${name}`,
    );
    if (entry !== undefined) {
      const value = entry.field.find(({ number }) => number === 2);
      return `map<string, ${value === undefined ? "" : this.#bareType(message, value)}>`;
    }
    const type = this.#bareType(message, field);
    if (field.label === Label.REPEATED) return `repeated ${type}`;
    return field.proto3Optional ? `optional ${type}` : type;
  }

  #bareType(message: DescriptorProto, { type, typeName }: FieldDescriptorProto): string {
    if (typeName === "") return Scalar[type].toLowerCase();
    const name = this.#typeName(typeName);
    // The entry of a map is nearer than a message of the same name.
    return message.nestedType.some((entry) => entry.name === name) ? typeName : name;
  }

  #typeName(full: string): string {
    const own = `.${this.#file.package}.`;
    return full.startsWith(own) ? full.slice(own.length) : this.#root + full.slice(1);
  }

  #enum(
    { name, value, options, reservedRange, reservedName }: EnumDescriptorProto,
    path: Path,
  ): void {
    const lines = this.#lines;
    lines.gap();
    this.#comment(path);
    lines.block(`enum ${name} {`, "}", () => {
      if (options?.deprecated === true) lines.add("option deprecated = true;");
      const ranges = reservedRange.map(({ start, end }) => [start, end] as const);
      lines.add(...reservedLines(ranges, reservedName));
      if (options !== undefined || reservedRange.length > 0) lines.gap();
      for (const [at, one] of value.entries()) {
        const valuePath = [...path, 2, at];
        if (this.#hasComment(valuePath)) lines.gap();
        this.#comment(valuePath);
        const more = one.options?.deprecated === true ? ["deprecated = true"] : [];
        if (one.options !== undefined && hasExtension(one.options, enum_value)) {
          const form = getExtension(one.options, enum_value).value;
          const json = form.case === "text" ? quoted(form.value) : String(form.value);
          more.push(`${this.#extension("enum_value")}.${form.case ?? "text"} = ${json}`);
        }
        this.#withOptions(`${one.name} = ${one.number}`, more);
      }
    });
  }

  #withOptions(text: string, options: readonly string[]): void {
    const lines = this.#lines;
    if (options.length === 0) lines.add(`${text};`);
    else if (options.length === 1) lines.add(`${text} [${options[0]}];`);
    else {
      lines.block(`${text} [`, "];", () => {
        lines.add(...options.map((one, at) => (at + 1 < options.length ? `${one},` : one)));
      });
    }
  }

  #hasComment(path: Path): boolean {
    return (this.#comments.get(path.join()) ?? "") !== "";
  }

  #extension(name: string): string {
    return `(${this.#root}perdure.typed.v1.${name})`;
  }
}

function reservedLines(
  ranges: readonly (readonly [first: number, last: number])[],
  names: readonly string[],
): string[] {
  const numbers = ranges.map(([first, last]) =>
    first === last ? `${first}` : `${first} to ${last}`,
  );
  return [
    ...(numbers.length === 0 ? [] : [`reserved ${numbers.join(", ")};`]),
    ...(names.length === 0 ? [] : [`reserved ${names.map(quoted).join(", ")};`]),
  ];
}

function commentLines(text: string): string[] {
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => `//${line}`);
}

/** A string as protobuf's source has it. */
function quoted(text: string): string {
  const escaped = text.replaceAll(/[\\"\x00-\x1f\x7f]/g, (char) => {
    if (char === "\\" || char === '"') return `\\${char}`;
    if (char === "\n") return "\\n";
    return `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`;
  });
  return `"${escaped}"`;
}
