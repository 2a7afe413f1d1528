// Message types and service descriptors for TypeScript, by protoc-gen-es: its plugin takes a CodeGeneratorRequest and
// answers with files, in this process.
//   E1. What comes out is what the command protoc-gen-es would write, byte by byte.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { compileFunction } from "node:vm";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  type CodeGeneratorRequest,
  type CodeGeneratorResponse,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import type { GeneratedFile } from "../model/files.js";
import { withImports } from "./descriptor-set.js";
import { typedProtoPath } from "./typed-proto.js";

/** `erasable_syntax`: the output suits projects that have TypeScript only take types away. */
const parameter = "target=ts,import_extension=js,erasable_syntax=true";

/** @throws where protoc-gen-es refuses */
export function esFiles(file: FileDescriptorProto): GeneratedFile[] {
  const response = runPlugin(toBinary(CodeGeneratorRequestSchema, esRequest(file)));
  const { error, file: files } = fromBinary(CodeGeneratorResponseSchema, response);
  if (error !== "") throw new Error(error);
  return files.map(({ name, content }) => ({ path: `es/${name}`, content }));
}

export function esRequest(file: FileDescriptorProto): CodeGeneratorRequest {
  return create(CodeGeneratorRequestSchema, {
    fileToGenerate: [...file.dependency.filter((name) => name === typedProtoPath), file.name],
    parameter,
    protoFile: withImports(file),
  });
}

/** What the plugin's own package uses of protobuf: another copy, so that only bytes pass between the two. */
interface Plugin {
  run(request: CodeGeneratorRequest): CodeGeneratorResponse;
}
interface Protobuf {
  readonly fromBinary: typeof fromBinary;
  readonly toBinary: typeof toBinary;
}
interface Wkt {
  readonly CodeGeneratorRequestSchema: typeof CodeGeneratorRequestSchema;
  readonly CodeGeneratorResponseSchema: typeof CodeGeneratorResponseSchema;
}

let loaded: ((request: Uint8Array) => Uint8Array) | undefined;

/** Loaded when it is needed first: it takes a moment. */
function runPlugin(request: Uint8Array): Uint8Array {
  loaded ??= loadPlugin();
  return loaded(request);
}

function loadPlugin(): (request: Uint8Array) => Uint8Array {
  const require = createRequire(import.meta.resolve("@bufbuild/protoc-gen-es/package.json"));
  const { protocGenEs } = require("./dist/cjs/src/protoc-gen-es-plugin.js") as {
    protocGenEs: Plugin;
  };
  const protobuf = require("@bufbuild/protobuf") as Protobuf;
  const wkt = require("@bufbuild/protobuf/wkt") as Wkt;
  rememberNames(path.join(path.dirname(require.resolve("@bufbuild/protoplugin")), "names.js"));
  return (request) => {
    const message = protobuf.fromBinary(wkt.CodeGeneratorRequestSchema, request);
    return protobuf.toBinary(wkt.CodeGeneratorResponseSchema, protocGenEs.run(message));
  };
}

const search = "function allNames(file) {";
const remembering = `const known = new WeakMap();
function allNames(file) {
  if (!known.has(file)) known.set(file, computeNames(file));
  return known.get(file);
}
function computeNames(file) {`;

/**
 * For every name that it prints, the plugin's library finds the names of all types anew: with a thousand types that
 * takes minutes. Here it does so once for each file. Where the library does not look as it did, it is left as it is.
 */
function rememberNames(file: string): void {
  const source = readFileSync(file, "utf8");
  if (source.split(search).length !== 2) return;
  const require = createRequire(file);
  const patched: Record<string, unknown> = {};
  const body = compileFunction(source.replace(search, remembering), ["exports", "require"], {
    filename: file,
  }) as (exports: object, require: NodeJS.Require) => void;
  body(patched, require);
  Object.assign(require(file) as object, patched);
}
