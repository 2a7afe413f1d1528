// JSON of values whose types codegen read: with Date, bigint and Uint8Array, as their schema marks them.

import { valueCodecOf } from "@perdure/protocol/value-codec";
import { readJson, writeJson } from "./json-text.js";
import type { Serde } from "./serde.js";

/** @returns undefined where plain JSON does */
export function codecSerde(jsonSchema: object): Serde<unknown> | undefined {
  const codec = valueCodecOf(jsonSchema);
  if (codec === undefined) return undefined;
  return {
    contentType: "application/json",
    jsonSchema,
    preview: {
      toJsonString: (value) => JSON.stringify(codec.toJson(value)),
      fromJsonString: (json) => codec.fromJson(JSON.parse(json)),
    },
    serialize: (value) => writeJson(codec.toJson(value)),
    deserialize: (bytes) => codec.fromJson(readJson(bytes)),
  };
}
