// Two serdes that can't read each other's bytes, nor JSON: what was written with one has to be read with it.

export interface Said {
  readonly value: string;
}

function markedBy(mark: string) {
  return {
    contentType: "text/plain",
    serialize: ({ value }: Said): Uint8Array => new TextEncoder().encode(`${mark}${value}`),
    deserialize: (bytes: Uint8Array): Said => {
      const text = new TextDecoder().decode(bytes);
      if (!text.startsWith(mark)) throw new TypeError(`"${text}" does not begin with ${mark}`);
      return { value: text.slice(mark.length) };
    },
  };
}

export const marked = markedBy("default>");
export const overriding = markedBy("override>");
