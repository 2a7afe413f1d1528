// How values become bytes and back.

/** Serialises values of one type. */
export interface Serde<T> {
  /** The content type that callers send and get; absent: any. */
  readonly contentType?: string;
  /** JSON Schema of the values, published with the handler. */
  readonly jsonSchema?: object;
  serialize(value: T): Uint8Array;
  deserialize(bytes: Uint8Array): T;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const empty = new Uint8Array();

class JsonSerde<T> implements Serde<T> {
  readonly contentType = "application/json";

  serialize(value: T): Uint8Array {
    if (value === undefined) return empty;
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) {
      throw new TypeError(`a ${typeof value} can't be written as JSON`);
    }
    return Buffer.from(text);
  }

  deserialize(bytes: Uint8Array): T {
    if (bytes.length === 0) return undefined as T;
    return JSON.parse(decoder.decode(bytes)) as T;
  }
}

const json: Serde<unknown> = new JsonSerde<unknown>();

const binary: Serde<Uint8Array> = {
  contentType: "application/octet-stream",
  serialize: (value) => value,
  deserialize: (bytes) => bytes,
};

const nothing: Serde<undefined> = {
  serialize: () => empty,
  deserialize: () => undefined,
};

/** The serdes that come with the SDK. */
export const serde: {
  /** JSON; `undefined` is written as no bytes at all. The default. */
  readonly json: Serde<unknown>;
  /** Bytes as they are. */
  readonly binary: Serde<Uint8Array>;
  /** Nothing. */
  readonly empty: Serde<undefined>;
} = { json, binary, empty: nothing };

/** The default serde, for values of any type. */
export function defaultSerde<T>(): Serde<T> {
  return json as Serde<T>;
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
