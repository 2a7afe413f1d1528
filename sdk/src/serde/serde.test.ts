import { describe, expect, test } from "vitest";
import { serde } from "./serde.js";

describe("JSON", () => {
  test("goes there and back", () => {
    for (const value of [null, 0, "", "ä€😀", true, [1, [2]], { a: { b: null } }]) {
      expect(serde.json.deserialize(serde.json.serialize(value))).toEqual(value);
    }
  });

  test("writes undefined as no bytes, and reads it as such", () => {
    expect(serde.json.serialize(undefined)).toHaveLength(0);
    expect(serde.json.deserialize(new Uint8Array())).toBeUndefined();
  });

  test("refuses what it can't say, and reads no nonsense", () => {
    expect(() => serde.json.serialize(() => 1)).toThrow("a function can't be written as JSON");
    expect(() => serde.json.serialize(Symbol("s"))).toThrow("a symbol can't be written as JSON");
    expect(() => serde.json.serialize(5n)).toThrow(TypeError);
    expect(() => serde.json.deserialize(Buffer.from("{"))).toThrow(SyntaxError);
  });
});

test("bytes stay as they are, and nothing is nothing", () => {
  const bytes = new Uint8Array([0, 255]);
  expect(serde.binary.deserialize(serde.binary.serialize(bytes))).toBe(bytes);
  expect(serde.empty.serialize(undefined)).toHaveLength(0);
  expect(serde.empty.deserialize(bytes)).toBeUndefined();
});
