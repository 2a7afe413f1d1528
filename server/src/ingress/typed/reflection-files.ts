// The descriptors that reflection hands out: of all typed services of a view and of the server's own contracts, as one
// set of files with unique names. Deployments are built apart from each other, so two may bring files of one name with
// different content: the later gets a name of its own, and so does what imports it. Each service is found in its own
// files.

import { createHash } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import type { DescFile, DescService } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type {
  DescriptorProto,
  EnumDescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import type { TypedServices } from "../../typed/typed-services.js";

export interface ReflectedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly imports: readonly ReflectedFile[];
}

export interface ReflectionFiles {
  /** Full names, sorted. */
  readonly services: readonly string[];
  fileOf(name: string): ReflectedFile | undefined;
  /** The file that declares a service, method, message, field, enum, value or extension. */
  fileOfSymbol(symbol: string): ReflectedFile | undefined;
  fileOfExtension(extendee: string, number: number): ReflectedFile | undefined;
  /** Numbers of a message's extensions; undefined for no such message. */
  extensionsOf(extendee: string): readonly number[] | undefined;
}

interface FileSet {
  readonly service: string;
  /** Each after what it imports. */
  readonly files: readonly FileDescriptorProto[];
}

/** @param ownServices  the server's own services: always there, and nobody takes their names */
export function reflectionFilesOf(
  typed: TypedServices,
  ownServices: readonly DescService[],
): ReflectionFiles {
  const sets: FileSet[] = [
    ...ownServices.map((desc) => ({ service: desc.typeName, files: filesOf(desc.file) })),
    ...Array.from(typed.services.values(), ({ typeName, files }) => ({ service: typeName, files })),
  ];
  const files = new Map<string, ReflectedFile>();
  const contents = new Map<string, ReflectedFile>();
  const symbols = new Map<string, ReflectedFile>();
  const extensions = new Map<string, Map<number, ReflectedFile>>();
  for (const { service, files: protos } of sets) {
    const renamed = new Map<string, ReflectedFile>();
    const declared = new Map<string, ReflectedFile>();
    for (const proto of protos) {
      const known = files.size;
      const file = placed(files, contents, renamed, proto);
      for (const symbol of symbolsOf(proto)) declared.set(symbol, file);
      if (files.size === known) continue;
      for (const { extendee, number } of extensionsIn(proto)) {
        const name = extendee.replace(/^\./, "");
        const numbers = extensions.get(name) ?? new Map<number, ReflectedFile>();
        if (!numbers.has(number)) numbers.set(number, file);
        extensions.set(name, numbers);
      }
    }
    const own = ownSymbolsOf(service, protos);
    for (const [symbol, file] of declared) {
      if (own.has(symbol) || !symbols.has(symbol)) symbols.set(symbol, file);
    }
  }
  return {
    services: [...new Set(sets.map(({ service }) => service))].sort(),
    fileOf: (name) => files.get(name),
    fileOfSymbol: (symbol) => symbols.get(symbol),
    fileOfExtension: (extendee, number) => extensions.get(extendee)?.get(number),
    extensionsOf: (extendee) => {
      const numbers = extensions.get(extendee);
      if (numbers === undefined) return symbols.has(extendee) ? [] : undefined;
      return [...numbers.keys()].sort((a, b) => a - b);
    },
  };
}

/** A file and all that it imports, each once, imports first. */
export function withImports(file: ReflectedFile): readonly ReflectedFile[] {
  const found = new Set<ReflectedFile>();
  const visit = (one: ReflectedFile): void => {
    if (found.has(one)) return;
    one.imports.forEach(visit);
    found.add(one);
  };
  visit(file);
  return [...found];
}

/**
 * The file under its name, or under another where that is taken by different content.
 * @param contents  the files so far, by what they were before they got another name
 * @param renamed  the files of the same set so far, by their first names
 */
function placed(
  files: Map<string, ReflectedFile>,
  contents: Map<string, ReflectedFile>,
  renamed: Map<string, ReflectedFile>,
  proto: FileDescriptorProto,
): ReflectedFile {
  const imports = proto.dependency.flatMap((name) => renamed.get(name) ?? []);
  const dependency = proto.dependency.map((name) => renamed.get(name)?.name ?? name);
  const own = toBinary(FileDescriptorProtoSchema, { ...proto, dependency });
  const content = createHash("sha256").update(own).digest("base64");
  let file = contents.get(content);
  if (file === undefined) {
    let { name } = proto;
    for (let number = 2; files.has(name); number++) {
      name = `${proto.name.replace(/\.proto$/, "")}.${number}.proto`;
    }
    const isRenamed = name !== proto.name;
    const bytes = isRenamed
      ? toBinary(FileDescriptorProtoSchema, { ...proto, name, dependency })
      : own;
    file = { name, bytes, imports };
    files.set(name, file);
    contents.set(content, file);
  }
  renamed.set(proto.name, file);
  return file;
}

function filesOf(desc: DescFile, found = new Set<FileDescriptorProto>()): FileDescriptorProto[] {
  for (const dependency of desc.dependencies) filesOf(dependency, found);
  found.add(desc.proto);
  return [...found];
}

/** What must be found in the service's own files even where another deployment has the same names. */
function ownSymbolsOf(service: string, files: readonly FileDescriptorProto[]): Set<string> {
  const symbols = new Set([service]);
  for (const { package: name, service: services } of files) {
    for (const one of services) {
      if ((name === "" ? one.name : `${name}.${one.name}`) !== service) continue;
      for (const method of one.method) {
        symbols.add(`${service}.${method.name}`);
        symbols.add(method.inputType.replace(/^\./, ""));
        symbols.add(method.outputType.replace(/^\./, ""));
      }
    }
  }
  return symbols;
}

function* symbolsOf(file: FileDescriptorProto): Iterable<string> {
  const prefix = file.package === "" ? "" : `${file.package}.`;
  for (const service of file.service) {
    yield prefix + service.name;
    for (const method of service.method) yield `${prefix}${service.name}.${method.name}`;
  }
  for (const message of file.messageType) yield* symbolsOfMessage(prefix, message);
  for (const one of file.enumType) yield* symbolsOfEnum(prefix, one);
  for (const { name } of file.extension) yield prefix + name;
}

function* symbolsOfMessage(prefix: string, message: DescriptorProto): Iterable<string> {
  const name = prefix + message.name;
  yield name;
  for (const field of message.field) yield `${name}.${field.name}`;
  for (const oneof of message.oneofDecl) yield `${name}.${oneof.name}`;
  for (const { name: extension } of message.extension) yield `${name}.${extension}`;
  for (const one of message.enumType) yield* symbolsOfEnum(`${name}.`, one);
  for (const nested of message.nestedType) yield* symbolsOfMessage(`${name}.`, nested);
}

/** Values are named in the scope of their enum. */
function* symbolsOfEnum(prefix: string, { name, value }: EnumDescriptorProto): Iterable<string> {
  yield prefix + name;
  for (const one of value) yield prefix + one.name;
}

function* extensionsIn(
  scope: FileDescriptorProto | DescriptorProto,
): Iterable<FieldDescriptorProto> {
  yield* scope.extension;
  const nested = "messageType" in scope ? scope.messageType : scope.nestedType;
  for (const message of nested) yield* extensionsIn(message);
}
