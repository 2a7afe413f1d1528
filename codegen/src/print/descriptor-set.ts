// The file and everything that it imports, each after what it imports.

import { clone, create, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  type DescriptorProto,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { file_perdure_typed_v1_typed } from "@perdure/proto/typed/v1/typed";
import { defaultJsonNameOf } from "../model/names.js";

/** In the order of their names, which is one where each stands after what it imports. */
const known: readonly FileDescriptorProto[] = [
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_perdure_typed_v1_typed,
].map(({ proto }) => withJsonNames(proto));

/** The files that it needs, itself the last. */
export function withImports(file: FileDescriptorProto): FileDescriptorProto[] {
  const needed = new Set<string>();
  const visit = (path: string): void => {
    if (needed.has(path)) return;
    needed.add(path);
    const found = known.find(({ name }) => name === path);
    if (found === undefined) throw new Error(`no descriptor of ${path} is known`);
    found.dependency.forEach(visit);
  };
  file.dependency.forEach(visit);
  return [...known.filter(({ name }) => needed.has(name)), file];
}

export function descriptorSetOf(file: FileDescriptorProto): Uint8Array {
  return toBinary(
    FileDescriptorSetSchema,
    create(FileDescriptorSetSchema, { file: withImports(file) }),
  );
}

/** Compilers always write them; what is embedded in generated code leaves them out where they say nothing new. */
function withJsonNames(file: FileDescriptorProto): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, file);
  const name = (message: DescriptorProto): void => {
    for (const field of message.field) field.jsonName ||= defaultJsonNameOf(field.name);
    message.nestedType.forEach(name);
  };
  copy.messageType.forEach(name);
  return copy;
}
