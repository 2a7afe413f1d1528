// How values become bytes and back.

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { JsonSerde } from "./json-serde.js";
import { protoJsonSerde, protoSerde } from "./proto-serde.js";
import { schemaSerde } from "./schema-serde.js";
import type { OutputOf, StandardSchema } from "./standard-schema.js";

/** Serialises values of one type. */
export interface Serde<T> {
  /** The content type that callers send and get; absent: any. */
  readonly contentType?: string | undefined;
  /** JSON Schema of the values, published with the handler. */
  readonly jsonSchema?: object | undefined;
  /** For tools that show and edit values which are not JSON. */
  readonly preview?: SerdePreview<T> | undefined;
  serialize(value: T): Uint8Array;
  deserialize(bytes: Uint8Array): T;
}

export interface SerdePreview<T> {
  toJsonString(value: T): string | Promise<string>;
  fromJsonString(json: string): T | Promise<T>;
}

const nothingAtAll = new Uint8Array();

const binary: Serde<Uint8Array> = {
  contentType: "application/octet-stream",
  serialize: (value) => value,
  deserialize: (bytes) => bytes,
};

const empty: Serde<void> = {
  serialize(value) {
    // oxlint-disable-next-line typescript/no-confusing-void-expression -- callers without types pass anything
    if (value !== undefined) throw new TypeError("Expected undefined value");
    return nothingAtAll;
  },
  deserialize(bytes) {
    if (bytes.length !== 0) throw new TypeError("Expected empty data");
  },
};

// oxlint-disable-next-line typescript/no-explicit-any -- JSON of values of any type
const json: JsonSerde<any> = new JsonSerde<any>();

export interface Serdes {
  /** JSON; `undefined` is written as no bytes at all. The default. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: JsonSerde<any>;
  /** The class of {@link Serdes.json}. */
  readonly JsonSerde: typeof JsonSerde;
  /** Bytes as they are. */
  readonly binary: Serde<Uint8Array>;
  /** Nothing: an error for anything else, both ways. */
  readonly empty: Serde<void>;
  /**
   * JSON that is checked by a Standard Schema (zod 4, valibot, arktype, …) whenever it is read; defaults and transforms
   * apply then. Where the library can say its schema as JSON Schema, it is published with the handler. The schema must be
   * synchronous.
   * @param validateOptions  passed to the library with each validation
   * @param jsonSchemaOptions  passed to the library when it makes the JSON Schema
   */
  schema<S extends StandardSchema>(
    schema: S,
    validateOptions?: Readonly<Record<string, unknown>>,
    jsonSchemaOptions?: Readonly<Record<string, unknown>>,
  ): Serde<OutputOf<S>>;
  /** Protobuf messages in their binary form, by the schema that protoc-gen-es generated. */
  proto<D extends DescMessage>(schema: D): Serde<MessageShape<D>>;
  /** Protobuf messages as JSON, in protobuf's own mapping. */
  protoJson<D extends DescMessage>(schema: D): Serde<MessageShape<D>>;
}

/** The serdes that come with the SDK. */
export const serde: Serdes = {
  json,
  JsonSerde,
  binary,
  empty,
  schema: schemaSerde,
  proto: protoSerde,
  protoJson: protoJsonSerde,
};

/** The default serde, for values of any type. */
export function defaultSerde<T>(): Serde<T> {
  return json as Serde<T>;
}
