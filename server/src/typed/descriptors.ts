// Reads a manifest's descriptor set into descriptors that can be worked with. A deployment may send anything: every
// dimension is bounded, and what is not as codegen writes it is refused in words.
//   D1. Well-known files and Perdure's own options are always the server's own, whatever the set says they are.
//   D2. All others are proto3, each after what it imports, no name twice.

import {
  clone,
  create,
  createFileRegistry,
  fromBinary,
  type FileRegistry,
} from "@bufbuild/protobuf";
import {
  file_google_protobuf_any,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { file_perdure_typed_v1_typed } from "@perdure/proto/typed/v1/typed";
import { errorMessage } from "@perdure/protocol/error-message";
import { ContractError } from "./contract-error.js";
import { scanDescriptorSet, typeNestingMax } from "./descriptor-scan.js";

const limits = {
  files: 200,
  /** Messages and enums together, map entries aside. */
  types: 5_000,
  fieldsPerMessage: 1_000,
  valuesPerEnum: 10_000,
  methods: 5_000,
} as const;

const ownFiles: ReadonlyMap<string, FileDescriptorProto> = new Map(
  [
    file_google_protobuf_any,
    file_google_protobuf_descriptor,
    file_google_protobuf_duration,
    file_google_protobuf_empty,
    file_google_protobuf_field_mask,
    file_google_protobuf_struct,
    file_google_protobuf_timestamp,
    file_google_protobuf_wrappers,
    file_perdure_typed_v1_typed,
  ].map(({ proto }) => [proto.name, withJsonNames(proto)]),
);

/** @throws ContractError  PDR4215, PDR4217 */
export function readDescriptors(bytes: Uint8Array): FileRegistry {
  scanDescriptorSet(bytes);
  try {
    const set = fromBinary(FileDescriptorSetSchema, bytes);
    const file = filesInOrder(set.file);
    return createFileRegistry(create(FileDescriptorSetSchema, { file }));
  } catch (error) {
    if (error instanceof ContractError) throw error;
    // Of what the protobuf library checks itself: names that lead nowhere, map entries that are none.
    const reason = errorMessage(error);
    throw bad(`can't be used: ${reason.slice(0, 500)}`);
  }
}

function filesInOrder(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  if (files.length > limits.files) throw bad(`has more than ${limits.files} files`);
  const found = new Map<string, FileDescriptorProto>();
  const check = new NameCheck();
  for (const file of files) {
    if (ownFiles.has(file.name)) continue;
    if (found.has(file.name)) throw bad(`has the file "${file.name}" twice`);
    for (const imported of file.dependency) {
      if (found.has(imported)) continue;
      if (!addOwn(imported, found)) {
        throw bad(`has "${file.name}" before "${imported}", which it imports, or not at all`);
      }
    }
    check.file(file);
    found.set(file.name, file);
  }
  return [...found.values()];
}

/** @returns false: it is none of the server's own */
function addOwn(name: string, found: Map<string, FileDescriptorProto>): boolean {
  const file = ownFiles.get(name);
  if (file === undefined) return false;
  for (const imported of file.dependency) {
    if (!found.has(imported)) addOwn(imported, found);
  }
  found.set(name, file);
  return true;
}

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Whose services the server has, or whose types it reads in its own way. */
const reservedPackage = /^(?:google\.protobuf|grpc|perdure)(?:\.|$)/;
const fieldNumberMax = 2 ** 29 - 1;

/** What the protobuf library does not look at, or not in words for people. */
class NameCheck {
  readonly #names = new Set<string>();
  #types = 0;
  #methods = 0;

  file(file: FileDescriptorProto): void {
    const { name, syntax, package: pack } = file;
    if (syntax !== "proto3") throw bad(`has "${name}", which is not proto3`);
    if (pack !== "" && !pack.split(".").every((part) => identifier.test(part))) {
      throw bad(`has "${name}" with the package "${pack}", which is no name`);
    }
    if (reservedPackage.test(pack)) {
      throw new ContractError(
        "PDR4217",
        `the protobuf package "${pack}" of "${name}" is reserved. Generate with another --package`,
      );
    }
    for (const message of file.messageType) this.#message(message, pack, 1);
    for (const one of file.enumType) this.#enum(one, pack);
    for (const service of file.service) {
      const full = this.#add(pack, service.name);
      const methods = new Set(service.method.map((method) => method.name));
      this.#methods += service.method.length;
      if (this.#methods > limits.methods) throw bad(`has more than ${limits.methods} methods`);
      if (methods.size < service.method.length) throw bad(`has a method of ${full} twice`);
      for (const method of service.method) checkName(full, method.name);
    }
  }

  #message(message: DescriptorProto, scope: string, depth: number): void {
    const full = this.#add(scope, message.name);
    if (depth > typeNestingMax) throw bad(`has ${full} nested deeper than ${typeNestingMax} types`);
    if (message.options?.mapEntry !== true) this.#countType();
    if (message.field.length > limits.fieldsPerMessage) {
      throw bad(`has ${full} with more than ${limits.fieldsPerMessage} fields`);
    }
    const names = new Set<string>();
    const numbers = new Set<number>();
    for (const field of message.field) {
      checkField(full, field);
      if (names.has(field.name) || numbers.has(field.number)) {
        throw bad(`has a field of ${full} twice: ${field.name} = ${field.number}`);
      }
      names.add(field.name);
      numbers.add(field.number);
    }
    for (const oneof of message.oneofDecl) checkName(full, oneof.name);
    addJsonNames(message);
    for (const inner of message.nestedType) this.#message(inner, full, depth + 1);
    for (const inner of message.enumType) this.#enum(inner, full);
  }

  #enum(one: EnumDescriptorProto, scope: string): void {
    const full = this.#add(scope, one.name);
    this.#countType();
    if (one.value.length > limits.valuesPerEnum) {
      throw bad(`has ${full} with more than ${limits.valuesPerEnum} values`);
    }
    for (const value of one.value) checkName(full, value.name);
    if (one.value[0]?.number !== 0) throw bad(`has ${full}, whose first value is not 0`);
  }

  #add(scope: string, name: string): string {
    const full = scope === "" ? name : `${scope}.${name}`;
    if (!identifier.test(name)) throw bad(`has "${full.slice(0, 200)}", which is no name`);
    if (this.#names.has(full)) throw bad(`has ${full} twice`);
    this.#names.add(full);
    return full;
  }

  #countType(): void {
    if (++this.#types > limits.types) throw bad(`has more than ${limits.types} messages and enums`);
  }
}

function checkField(message: string, { name, number, label, type }: FieldDescriptorProto): void {
  const full = `${message}.${name.slice(0, 200)}`;
  checkName(message, name);
  if (number < 1 || number > fieldNumberMax) throw bad(`has ${full} with the number ${number}`);
  if (label === Label.REQUIRED || type === Type.GROUP) {
    throw bad(`has ${full}, which proto3 does not have: it is required, or a group`);
  }
}

function checkName(scope: string, name: string): void {
  if (!identifier.test(name)) throw bad(`has "${scope}.${name.slice(0, 200)}", which is no name`);
}

/** What is embedded in generated code has them only where they say something new. */
function withJsonNames(file: FileDescriptorProto): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, file);
  const add = (message: DescriptorProto): void => {
    addJsonNames(message);
    message.nestedType.forEach(add);
  };
  copy.messageType.forEach(add);
  return copy;
}

/** Compilers always say them; what builds descriptors may leave it to protobuf's rule. */
function addJsonNames(message: DescriptorProto): void {
  for (const field of message.field) field.jsonName ||= lowerCamelCase(field.name);
}

function lowerCamelCase(name: string): string {
  return name.replace(/_+([A-Za-z0-9])?/g, (_, next: string | undefined) =>
    (next ?? "").toUpperCase(),
  );
}

function bad(what: string): ContractError {
  return new ContractError("PDR4215", `the descriptor set ${what}`);
}
