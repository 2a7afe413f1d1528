// Every message that has a generated codec, and arbitrary values of it, made from its descriptor.

import { ScalarType, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import fc from "fast-check";
import * as manifest from "../perdure/manifest/v1/manifest_wire.js";
import { file_perdure_manifest_v1_manifest } from "../perdure/manifest/v1/manifest_pb.js";
import * as deployment from "../perdure/protocol/v1/deployment_wire.js";
import { file_perdure_protocol_v1_deployment } from "../perdure/protocol/v1/deployment_pb.js";
import * as journal from "../perdure/protocol/v1/journal_wire.js";
import { file_perdure_protocol_v1_journal } from "../perdure/protocol/v1/journal_pb.js";
import * as events from "../perdure/storage/v1/events_wire.js";
import { file_perdure_storage_v1_events } from "../perdure/storage/v1/events_pb.js";
import * as records from "../perdure/storage/v1/records_wire.js";
import { file_perdure_storage_v1_records } from "../perdure/storage/v1/records_pb.js";
import type { Codec } from "./codec.js";

export interface Kind {
  readonly name: string;
  readonly schema: DescMessage;
  readonly codec: Codec<Message>;
}

const files = [
  [file_perdure_manifest_v1_manifest, manifest],
  [file_perdure_protocol_v1_deployment, deployment],
  [file_perdure_protocol_v1_journal, journal],
  [file_perdure_storage_v1_events, events],
  [file_perdure_storage_v1_records, records],
] as const;

export const kinds: readonly Kind[] = files.flatMap(([file, module]) =>
  file.messages.map((schema) => ({
    name: schema.typeName,
    schema,
    codec: (module as unknown as Record<string, Codec<Message>>)[
      `${schema.name}Codec`
    ] as Codec<Message>,
  })),
);

const text = fc.oneof(
  fc.constantFrom(
    "",
    "verify",
    "inv_1dJcDz4Yh9s05Gv9mXK4W3lkQ7",
    "é",
    "\ufeffmark",
    "\ufffd",
    "a\ud800b",
  ),
  fc.string({ maxLength: 50 }),
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.string({ minLength: 120, maxLength: 300 }),
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 120, maxLength: 200 }),
);
const uint32 = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 0xffff_ffff),
  fc.nat(0xffff_ffff),
);
const uint64 = fc.oneof(
  fc.constantFrom(0n, 127n, 128n, 0xffff_ffffn, 0x1_0000_0000n, 1n << 63n, (1n << 64n) - 1n),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
);

const made = new Map<string, fc.Arbitrary<Message>>();

/** @param depth  messages inside it, at most */
export function arbitraryOf(schema: DescMessage, depth = 3): fc.Arbitrary<Message> {
  const key = `${schema.typeName} ${String(depth)}`;
  const arbitrary = made.get(key) ?? makeArbitrary(schema, depth);
  made.set(key, arbitrary);
  return arbitrary;
}

function makeArbitrary(schema: DescMessage, depth: number): fc.Arbitrary<Message> {
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  const optional: Record<string, fc.Arbitrary<unknown>> = {};
  for (const member of schema.members) {
    const { localName } = member;
    if (member.kind === "oneof") {
      const cases = member.fields
        .filter((field) => depth > 0 || field.fieldKind !== "message")
        .map((field) =>
          fc.record({ case: fc.constant(field.localName), value: valueOf(field, depth) }),
        );
      members[localName] = fc.oneof(fc.constant({ case: undefined }), ...cases);
    } else if (member.fieldKind === "list") {
      const none = member.listKind === "message" && depth === 0;
      members[localName] = none
        ? fc.constant([])
        : fc.array(valueOf(member, depth), { maxLength: 2 });
    } else if (member.fieldKind === "map") {
      const key = fc.oneof(text, fc.constant("__proto__"));
      members[localName] = fc.dictionary(key, valueOf(member, depth), {
        maxKeys: 2,
        noNullPrototype: true,
      });
    } else if (member.fieldKind === "message") {
      if (depth > 0) optional[localName] = valueOf(member, depth);
    } else if (member.proto.proto3Optional) {
      optional[localName] = valueOf(member, depth);
    } else {
      members[localName] = fc.oneof(fc.constant(zeroOf(member)), valueOf(member, depth));
    }
  }
  const present = { $typeName: fc.constant(schema.typeName), ...members };
  const requiredKeys: string[] = Object.keys(present);
  return fc
    .record<Record<string, unknown>>({ ...present, ...optional }, { requiredKeys })
    .map((message) => ({ ...message }) as unknown as Message);
}

function valueOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.message !== undefined) {
    return arbitraryOf(field.message, depth - 1);
  }
  // An open enum takes what it has no name for.
  if (field.enum !== undefined)
    return fc.oneof(fc.nat(6), fc.constantFrom(-1, 0x7fff_ffff, -0x8000_0000));
  switch (field.scalar) {
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      return bytes;
    case ScalarType.DOUBLE:
      return fc.oneof(fc.constantFrom(0, -0, 1_700_000_000_000), fc.double());
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return uint32;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return uint64;
    default:
      throw new Error(`no arbitrary for ${String(field)}`);
  }
}

function zeroOf(field: DescField): unknown {
  if (field.enum !== undefined) return 0;
  switch (field.scalar) {
    case ScalarType.BOOL:
      return false;
    case ScalarType.STRING:
      return "";
    case ScalarType.BYTES:
      return new Uint8Array();
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return 0n;
    default:
      return 0;
  }
}
