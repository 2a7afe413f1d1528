// From what generated code says of a handler's values to their serdes. Schemas are read once, when a value travels
// for the first time: most programs use few of the clients that they import.

import type { HandlerDescriptor } from "@perdure/protocol/definitions";
import { valueCodecOf } from "@perdure/protocol/value-codec";
import { binarySerde, jsonSerde, type Serde } from "../serde.js";
import type { HandlerData } from "./client-types.js";

const known = new WeakMap<HandlerData, HandlerDescriptor>();

/** Serdes that are absent are the connection's own, else JSON. */
export function descriptorOf(data: HandlerData): HandlerDescriptor {
  let descriptor = known.get(data);
  if (descriptor === undefined) {
    const input = serdeOf(data.input === false ? undefined : data.input, data.inputBytes);
    const output = serdeOf(data.output, data.outputBytes);
    descriptor = {
      ...(input === undefined ? {} : { _inputSerde: input }),
      ...(output === undefined ? {} : { _outputSerde: output }),
    };
    known.set(data, descriptor);
  }
  return descriptor;
}

function serdeOf(
  schema: object | undefined,
  bytes: true | undefined,
): Serde<unknown> | Serde<Uint8Array> | undefined {
  if (bytes === true) return binarySerde;
  const codec = schema === undefined ? undefined : valueCodecOf(schema);
  if (codec === undefined) return undefined;
  return {
    contentType: jsonSerde.contentType,
    serialize: (value: unknown) => jsonSerde.serialize(codec.toJson(value)),
    deserialize: (bytesOfJson) => codec.fromJson(jsonSerde.deserialize(bytesOfJson)),
  };
}
