// The serdes that are there without being written, as users name them.

import { schemaSerde, type StandardSchema } from "./schema-serde.js";
import { binarySerde, emptySerde, jsonSerde, type Serde } from "./serde.js";

export const serde: {
  /** JSON; `undefined` is written as no bytes at all. The default. */
  readonly json: Serde<unknown>;
  /** Bytes as they are. */
  readonly binary: Serde<Uint8Array>;
  /** Nothing. */
  readonly empty: Serde<void>;
  /**
   * JSON that is checked when it is read, by a schema of any library that follows Standard Schema.
   * @throws TypeError  on reading: the value does not fit
   */
  readonly schema: <Output>(schema: StandardSchema<Output>) => Serde<Output>;
} = { json: jsonSerde, binary: binarySerde, empty: emptySerde, schema: schemaSerde };
