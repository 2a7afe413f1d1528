import { create } from "@bufbuild/protobuf";
import { FailureSchema } from "@perdure/proto/protocol/v1/journal";
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

  test("can carry a JSON Schema, which is published and not checked", () => {
    const named = serde.json.schema<{ name: string }>({ type: "object" });
    expect(named).toBeInstanceOf(serde.JsonSerde);
    expect([named.contentType, named.jsonSchema]).toEqual(["application/json", { type: "object" }]);
    expect(named.deserialize(named.serialize(5 as never))).toBe(5);
  });
});

test("bytes stay as they are, and nothing is nothing", () => {
  const bytes = new Uint8Array([0, 255]);
  expect(serde.binary.deserialize(serde.binary.serialize(bytes))).toBe(bytes);
  expect(serde.empty.serialize(undefined)).toHaveLength(0);
  expect(serde.empty.deserialize(new Uint8Array())).toBeUndefined();
  expect(() => serde.empty.serialize(1 as never)).toThrow("Expected undefined value");
  expect(() => serde.empty.deserialize(bytes)).toThrow("Expected empty data");
});

describe("protobuf messages", () => {
  const message = create(FailureSchema, { code: 409, message: "taken" });

  test("go there and back in binary form, shorter than as JSON", () => {
    const proto = serde.proto(FailureSchema);
    const bytes = proto.serialize(message);
    expect(proto.contentType).toBe("application/proto");
    expect(proto.deserialize(bytes)).toEqual(message);
    expect(() => proto.deserialize(Buffer.from('{"code":409}'))).toThrow("premature EOF");
  });

  test("can be shown and edited as JSON", async () => {
    const { preview } = serde.proto(FailureSchema);
    expect(await preview?.toJsonString(message)).toBe('{"code":409,"message":"taken"}');
    expect(await preview?.fromJsonString('{"code":409,"message":"taken"}')).toEqual(message);
  });

  test("go there and back as JSON in protobuf's mapping", () => {
    const json = serde.protoJson(FailureSchema);
    const bytes = json.serialize(message);
    expect(json.contentType).toBe("application/json");
    expect(Buffer.from(bytes).toString()).toBe('{"code":409,"message":"taken"}');
    expect(json.deserialize(bytes)).toEqual(message);
    expect(() => json.deserialize(Buffer.from('{"unknown":1}'))).toThrow("unknown");
  });
});
