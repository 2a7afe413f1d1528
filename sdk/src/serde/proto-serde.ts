// Protobuf messages (protobuf-es), in binary form and as JSON.

import {
  fromBinary,
  fromJsonString,
  toBinary,
  toJsonString,
  type DescMessage,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { Serde, SerdePreview } from "./serde.js";

export function protoSerde<D extends DescMessage>(schema: D): Serde<MessageShape<D>> {
  return {
    contentType: "application/proto",
    preview: previewOf(schema),
    serialize: (message) => toBinary(schema, message),
    deserialize: (bytes) => fromBinary(schema, bytes),
  };
}

export function protoJsonSerde<D extends DescMessage>(schema: D): Serde<MessageShape<D>> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return {
    contentType: "application/json",
    serialize: (message) => encoder.encode(toJsonString(schema, message)),
    deserialize: (bytes) => fromJsonString(schema, decoder.decode(bytes)),
  };
}

function previewOf<D extends DescMessage>(schema: D): SerdePreview<MessageShape<D>> {
  return {
    toJsonString: (message) => toJsonString(schema, message),
    fromJsonString: (json) => fromJsonString(schema, json),
  };
}
