// UTF-8, by what is fastest where the code runs: Buffer's own functions in Node, TextEncoder and TextDecoder elsewhere.
// Both write U+FFFD for what is no valid text, and refuse to read bytes that are none.

type Slice = (this: Uint8Array, start: number, end: number) => string;
type Write = (this: Uint8Array, text: string, offset: number, length: number) => number;

/** Known to Node, and to nothing else that this package is compiled for. */
interface Globals {
  readonly Buffer?: {
    readonly prototype: { readonly utf8Slice?: Slice; readonly utf8Write?: Write };
    readonly byteLength: (text: string) => number;
  };
  readonly TextEncoder: new () => { encode: (text: string) => Uint8Array };
  readonly TextDecoder: new (
    label: string,
    options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
  ) => { decode: (bytes: Uint8Array) => string };
}

export interface Text {
  /** Bytes that `text` takes. */
  length(text: string): number;
  /** Writes `text`, which takes `length` bytes. */
  write(bytes: Uint8Array, text: string, offset: number, length: number): void;
  /** @throws TypeError  the bytes are no UTF-8 */
  read(bytes: Uint8Array, start: number, end: number): string;
}

/** A leading U+FEFF is text, no mark. */
const decoderOptions = { fatal: true, ignoreBOM: true };
const replacement = "\ufffd";

export function portableText({ TextEncoder, TextDecoder }: Globals): Text {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("utf-8", decoderOptions);
  // Whoever asks for the length writes the text next.
  let encoded = encoder.encode("");
  return {
    length: (text) => {
      encoded = encoder.encode(text);
      return encoded.length;
    },
    write: (bytes, _text, offset) => {
      bytes.set(encoded, offset);
    },
    read: (bytes, start, end) => decoder.decode(bytes.subarray(start, end)),
  };
}

/** Undefined where there is no Buffer, or one without these functions. */
export function bufferText({ Buffer, TextDecoder }: Globals): Text | undefined {
  const { utf8Slice, utf8Write } = Buffer?.prototype ?? {};
  if (Buffer === undefined || utf8Slice === undefined || utf8Write === undefined) return undefined;
  const decoder = new TextDecoder("utf-8", decoderOptions);
  return {
    length: (text) => Buffer.byteLength(text),
    write: (bytes, text, offset, length) => {
      utf8Write.call(bytes, text, offset, length);
    },
    read: (bytes, start, end) => {
      const text = utf8Slice.call(bytes, start, end);
      // It may stand for bytes that are no text, or for itself: the decoder knows.
      return text.includes(replacement) ? decoder.decode(bytes.subarray(start, end)) : text;
    },
  };
}

const globals = globalThis as unknown as Globals;

export const text: Text = bufferText(globals) ?? portableText(globals);
