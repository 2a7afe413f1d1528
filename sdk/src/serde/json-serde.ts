// JSON, the default.

import { readJson, writeJson } from "./json-text.js";
import type { Serde } from "./serde.js";

export class JsonSerde<T> implements Serde<T> {
  readonly contentType = "application/json";
  readonly jsonSchema: object | undefined;

  /** @param jsonSchema  published with the handler; values are not checked against it */
  constructor(jsonSchema?: object) {
    this.jsonSchema = jsonSchema;
  }

  serialize(value: T): Uint8Array {
    return writeJson(value);
  }

  deserialize(bytes: Uint8Array): T {
    return readJson(bytes) as T;
  }

  /** JSON with a JSON Schema that is published with the handler; values are not checked against it. */
  schema<U>(jsonSchema: object): Serde<U> {
    return new JsonSerde<U>(jsonSchema);
  }
}
