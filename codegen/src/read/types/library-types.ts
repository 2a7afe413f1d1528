// Types of TypeScript's library and of Node that are values of their own: those that travel, and what to use instead of
// the others.

import type { ts } from "ts-morph";
import type { ValueType } from "../../model/types.js";

export const libraryValues: Readonly<Record<string, ValueType>> = {
  Date: { kind: "date" },
  Uint8Array: { kind: "bytes" },
  Buffer: { kind: "bytes" },
};

const collections = "use an array, or a Record<string, …>";
const bytes = "use Uint8Array";
const boxed = "use the primitive type, in lower case";

export const libraryAdvice: Readonly<Record<string, string>> = {
  Map: "use Record<string, …>, or an array of objects with key and value",
  ReadonlyMap: "use Record<string, …>, or an array of objects with key and value",
  Set: "use an array",
  ReadonlySet: "use an array",
  WeakMap: collections,
  WeakSet: collections,
  RegExp: "use a string with its source",
  Function: "functions can't be sent: send the data that they would work on",
  Promise: "await it before it is returned",
  PromiseLike: "await it before it is returned",
  Error: "throw a TerminalError, or use an interface with the members that callers need",
  URL: "use a string with its href",
  String: boxed,
  Number: boxed,
  Boolean: boxed,
  BigInt: boxed,
  Symbol: "symbols can't be sent: use a string",
  Object: "write an interface with the members that travel, or unknown for any JSON",
  ArrayBuffer: bytes,
  SharedArrayBuffer: bytes,
  DataView: bytes,
  Blob: bytes,
  Int8Array: bytes,
  Uint8ClampedArray: bytes,
  Int16Array: "use number[]",
  Uint16Array: "use number[]",
  Int32Array: "use number[]",
  Uint32Array: "use number[]",
  Float32Array: "use number[]",
  Float64Array: "use number[]",
  BigInt64Array: "use bigint[]",
  BigUint64Array: "use bigint[]",
  ReadableStream: "read it, and send its bytes as Uint8Array",
  AsyncIterable: "collect it into an array",
  Iterable: "collect it into an array",
};

/** Declared in TypeScript's own library or in @types/node, not in just any package. */
export function isStandard(declaration: ts.Declaration): boolean {
  return /\/(?:lib\.[\w.]+\.d\.ts$|@types\/node\/)/.test(declaration.getSourceFile().fileName);
}
