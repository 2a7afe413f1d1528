// How inputs and results become bytes and values again. JSON, unless a request says otherwise.

/** Turns values into bytes and back. Any object of this form will do. */
export interface Serde<T> {
  /** Sent as the `content-type` of a request with this input; none where it is left out. */
  readonly contentType?: string;
  serialize(value: T): Uint8Array;
  deserialize(bytes: Uint8Array): T;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** JSON text; no bytes for `undefined`, both ways. */
const json: Serde<unknown> = {
  contentType: "application/json",
  serialize: (value) =>
    value === undefined ? new Uint8Array() : encoder.encode(JSON.stringify(value)),
  deserialize: (bytes) =>
    bytes.byteLength === 0 ? undefined : (JSON.parse(decoder.decode(bytes)) as unknown),
};

/** Bytes as they are. */
const binary: Serde<Uint8Array> = {
  contentType: "application/octet-stream",
  serialize: (value) => value,
  deserialize: (bytes) => bytes,
};

/** The serdes that are there without being written. */
export const serde: { readonly json: Serde<unknown>; readonly binary: Serde<Uint8Array> } = {
  json,
  binary,
};
