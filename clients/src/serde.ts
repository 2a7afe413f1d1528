// How inputs and results become bytes and values again. JSON, unless something says otherwise.

/** Turns values into bytes and back. Any object of this form will do. */
export interface Serde<T> {
  /** Sent as the `content-type` of a request with this input. */
  readonly contentType?: string | undefined;
  serialize(value: T): Uint8Array;
  deserialize(bytes: Uint8Array): T;
}

/** What all values pass on their way to the server and back, such as encryption. The services use the same. */
export interface JournalValueCodec {
  encode(bytes: Uint8Array): Uint8Array;
  decode(bytes: Uint8Array): Promise<Uint8Array>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** JSON text; no bytes for `undefined`, both ways. */
export const jsonSerde: Serde<unknown> = {
  contentType: "application/json",
  serialize(value) {
    if (value === undefined) return new Uint8Array();
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError(`a ${typeof value} can't be written as JSON`);
    return encoder.encode(text);
  },
  deserialize: (bytes) =>
    bytes.byteLength === 0 ? undefined : (JSON.parse(decoder.decode(bytes)) as unknown),
};

/** Bytes as they are. */
export const binarySerde: Serde<Uint8Array> = {
  contentType: "application/octet-stream",
  serialize: (value) => value,
  deserialize: (bytes) => bytes,
};

/** Nothing, both ways. */
export const emptySerde: Serde<void> = {
  serialize(value) {
    if (value !== undefined) throw new TypeError(`expected no value, got a ${typeof value}`);
    return new Uint8Array();
  },
  deserialize(bytes) {
    if (bytes.byteLength > 0) throw new TypeError(`expected no bytes, got ${bytes.byteLength}`);
  },
};
