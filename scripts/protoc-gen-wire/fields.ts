// What one field is on the wire: its tag, how its value is read and written, and when an implicit one is absent.

import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";

/** The methods of Writer and Reader that a value which is no message has. */
interface Plain {
  readonly method:
    "bool" | "bytes" | "double" | "fixed32" | "fixed64" | "int32" | "string" | "uint32" | "uint64";
  readonly wireType: number;
  /** What an absent field is. */
  readonly zero: string;
  /** Is `value`, an expression, something else than zero? */
  readonly isSet: (value: string) => string;
}

const number = { zero: "0", isSet: (value: string) => `${value} !== 0` };
const bigint = { zero: "0n", isSet: (value: string) => `${value} !== 0n` };

const plains: ReadonlyMap<ScalarType, Plain> = new Map<ScalarType, Plain>([
  [ScalarType.BOOL, { method: "bool", wireType: 0, zero: "false", isSet: (value) => value }],
  [ScalarType.UINT32, { method: "uint32", wireType: 0, ...number }],
  [ScalarType.UINT64, { method: "uint64", wireType: 0, ...bigint }],
  [ScalarType.FIXED32, { method: "fixed32", wireType: 5, ...number }],
  [ScalarType.FIXED64, { method: "fixed64", wireType: 1, ...bigint }],
  // -0 is not zero.
  [
    ScalarType.DOUBLE,
    { method: "double", wireType: 1, zero: "0", isSet: (value) => `!Object.is(${value}, 0)` },
  ],
  [
    ScalarType.STRING,
    { method: "string", wireType: 2, zero: '""', isSet: (value) => `${value} !== ""` },
  ],
  [
    ScalarType.BYTES,
    {
      method: "bytes",
      wireType: 2,
      zero: "new Uint8Array(0)",
      isSet: (value) => `${value}.length > 0`,
    },
  ],
]);

const enumeration: Plain = { method: "int32", wireType: 0, ...number };

/** @throws Error  none of our messages has had such a field yet */
export function plainOf(field: DescField, scalar: ScalarType | undefined): Plain {
  const plain = scalar === undefined ? enumeration : plains.get(scalar);
  if (plain === undefined) throw unsupported(field, `type ${String(scalar)}`);
  return plain;
}

/** @throws Error  messages of this kind are not ours to encode */
export function check(message: DescMessage): void {
  for (const field of message.fields) {
    if (field.proto.proto3Optional || field.presence === 1 || field.presence === 2) {
      // Explicit without a prototype, or implicit: what proto3 has.
    } else throw unsupported(field, "presence");
    if (message.file.edition !== 999) throw unsupported(field, "edition");
    if ("delimitedEncoding" in field && field.delimitedEncoding) throw unsupported(field, "group");
    if ("longAsString" in field && field.longAsString) throw unsupported(field, "jstype");
    const used = "message" in field ? field.message : undefined;
    if (used?.typeName.startsWith("google.protobuf.")) throw unsupported(field, used.typeName);
  }
}

export function unsupported(field: DescField, what: string): Error {
  return new Error(`${String(field)}: protoc-gen-wire does not know ${what} yet`);
}

export function tagOf(field: DescField, wireType: number): number {
  return ((field.number << 3) | wireType) >>> 0;
}
