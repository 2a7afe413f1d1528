import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeKey, queryParameter, splitPath } from "./path.js";

describe("splitPath", () => {
  test.each([
    ["/a/b", ["a", "b"], ""],
    ["/a/b/", ["a", "b"], ""],
    ["/a/b//", ["a", "b"], ""],
    ["/a//b", ["a", "", "b"], ""],
    ["/a/b?x=1&y=/z", ["a", "b"], "x=1&y=/z"],
    ["/a/b/?x", ["a", "b"], "x"],
    ["/", [""], ""],
    ["///", [""], ""],
    ["/?q", [""], "q"],
  ])("%s", (url, segments, query) => {
    expect(splitPath(url)).toMatchObject({ segments, query });
  });
});

describe("decodeKey", () => {
  test("gives back whatever encodeURIComponent was given", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (key) => {
        expect(decodeKey(encodeURIComponent(key))).toBe(key);
      }),
    );
  });

  test("takes raw UTF-8 bytes, as node gives them, for what they are", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (key) => {
        fc.pre(!key.includes("%"));
        expect(decodeKey(Buffer.from(key).toString("latin1"))).toBe(key);
      }),
    );
  });

  test.each(["%", "%1", "%zz", "a%2", "%ff", "%c3", "\u00ff", "%ed%a0%80"])(
    "refuses %j",
    (segment) => {
      expect(() => decodeKey(segment)).toThrow(/bad key/);
    },
  );
});

describe("queryParameter", () => {
  test.each([
    ["", undefined],
    ["delay=1s", "1s"],
    ["Delay=1s", "1s"],
    ["x=1&delay=1h+5m", "1h 5m"],
    ["delay=60%20sec", "60 sec"],
    ["delay", ""],
    ["delays=1", undefined],
    ["delay=1s&delay=2s", "1s"],
  ])("of %j", (query, value) => {
    expect(queryParameter(query, "delay")).toBe(value);
  });
});
