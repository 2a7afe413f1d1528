import { describe, expect, it } from "vitest";
import { valueCodecOf } from "@perdure/protocol/value-codec";
import {
  array,
  bigint,
  boolean,
  bytes,
  date,
  enumeration,
  json,
  literal,
  map,
  named,
  namedUnion,
  nothing,
  number,
  numberAs,
  object,
  optional,
  richModel,
  string,
  tuple,
  union,
} from "../lower/model.fixture.js";
import type { NamedType, ValueType } from "../model/types.js";
import { codecSchemaOf } from "./codec-schema.js";
import { hasMarkedTypes, jsonSchemaOf, namesReached } from "./json-schema.js";

function typesOf(...types: NamedType[]): ReadonlyMap<string, NamedType> {
  return new Map(types.map((type) => [type.name, type]));
}

describe("the JSON Schema of", () => {
  it.each<[string, ValueType, object]>([
    ["string", string, { type: "string" }],
    ["number", number, { type: "number" }],
    ["int32", numberAs("int32"), { type: "integer", minimum: -2147483648, maximum: 2147483647 }],
    ["uint32", numberAs("uint32"), { type: "integer", minimum: 0, maximum: 4294967295 }],
    ["boolean", boolean, { type: "boolean" }],
    ["null", nothing, { type: "null" }],
    ["unknown", json, {}],
    ["bigint", bigint, { type: "string", pattern: "^-?[0-9]+$", "x-perdure-type": "bigint" }],
    ["Date", date, { type: "string", format: "date-time", "x-perdure-type": "Date" }],
    [
      "Uint8Array",
      bytes,
      { type: "string", contentEncoding: "base64", "x-perdure-type": "Uint8Array" },
    ],
    ["a literal", literal("a"), { const: "a" }],
    ["an array", array(string), { type: "array", items: { type: "string" } }],
    ["a map", map(number), { type: "object", additionalProperties: { type: "number" } }],
    [
      "a tuple",
      tuple(string, number),
      {
        type: "array",
        prefixItems: [{ type: "string" }, { type: "number" }],
        items: false,
        minItems: 2,
      },
    ],
    ["null or not", union(string, nothing), { anyOf: [{ type: "string" }, { type: "null" }] }],
  ])("%s", (_, type, schema) => {
    expect(jsonSchemaOf(type, typesOf())).toEqual(schema);
  });

  it("named types, which may be recursive, has the used ones with what JSDoc says", () => {
    const types = typesOf(
      object("Unused", {}),
      object(
        "Node",
        {
          id: { type: string, doc: { text: "Its id." } },
          next: optional(named("Node")),
          color: { type: named("Color"), doc: { text: "", deprecated: "" } },
        },
        { doc: { text: "A node." } },
      ),
      enumeration("Color", { Red: "red", Blue: 2, Rot: "red" }),
      namedUnion("Either", [named("Node"), string]),
    );
    expect(jsonSchemaOf(array(named("Either")), types)).toEqual({
      type: "array",
      items: { $ref: "#/$defs/Either" },
      $defs: {
        Color: { type: ["number", "string"], enum: ["red", 2] },
        Either: { anyOf: [{ $ref: "#/$defs/Node" }, { type: "string" }] },
        Node: {
          description: "A node.",
          type: "object",
          properties: {
            id: { description: "Its id.", type: "string" },
            next: { $ref: "#/$defs/Node" },
            color: { deprecated: true, $ref: "#/$defs/Color" },
          },
          required: ["id", "color"],
        },
      },
    });
    expect(namesReached([named("Color")], types)).toEqual(["Color"]);
    expect(hasMarkedTypes(named("Either"), types)).toBe(false);
  });
});

describe("the schema that clients convert values by", () => {
  const { types } = richModel();
  const at = new Date(1_700_000_000_000);
  const friend = { userID: 2n, born: at, friends: null, friendSettings: {}, version: 1 };
  const user = {
    ...friend,
    name: "Ada",
    avatar: new Uint8Array([1, 2, 255]),
    friends: [friend],
    friendSettings: { best: friend },
    best: friend,
    shapes: ["2020-01-01T00:00:00.000Z", null, { kind: "circle", radius: 1 }],
    extra: { born: "2020-01-01T00:00:00.000Z" },
  };

  it.each<[string, ValueType, unknown]>([
    ["an object", named("User"), user],
    ["a list", array(named("User")), [user, user]],
    ["bigint | null", union(bigint, nothing), 5n],
    ["null of bigint | null", union(bigint, nothing), null],
    [
      "a tuple",
      tuple(string, date, map(bytes)),
      ["2020-01-01T00:00:00.000Z", at, { a: new Uint8Array([7]) }],
    ],
  ])("converts %s as the whole schema does", (_, type, value) => {
    const whole = valueCodecOf(jsonSchemaOf(type, types));
    const small = valueCodecOf(codecSchemaOf(type, types));
    const text = JSON.stringify(whole?.toJson(value));
    expect(JSON.stringify(small?.toJson(value))).toBe(text);
    expect(small?.fromJson(JSON.parse(text))).toEqual(value);
    expect(small?.fromJson(JSON.parse(text))).toEqual(whole?.fromJson(JSON.parse(text)));
  });

  it("tells the branches of a union apart", () => {
    const events = typesOf(
      object("Made", { kind: literal("made"), at: date }),
      object("Noted", { kind: literal("noted"), at: string, by: optional(named("Made")) }),
      namedUnion("Event", [named("Made"), named("Noted"), array(string), number]),
    );
    const type = array(named("Event"));
    const small = valueCodecOf(codecSchemaOf(type, events));
    const value = [
      { kind: "made", at },
      { kind: "noted", at: "2020-01-01T00:00:00.000Z", by: { kind: "made", at } },
      ["2020-01-01T00:00:00.000Z"],
      3,
    ];
    const text = JSON.stringify(small?.toJson(value));
    expect(small?.fromJson(JSON.parse(text))).toEqual(value);
  });

  it("is small", () => {
    const length = (schema: object): number => JSON.stringify(schema).length;
    const small = length(codecSchemaOf(named("User"), types));
    expect(small).toBeLessThan(length(jsonSchemaOf(named("User"), types)) / 3);
    expect(codecSchemaOf(named("Tree"), types)).toEqual({});
  });
});
