import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { valueCodecOf, type ValueCodec } from "./value-codec.js";

const date = { type: "string", format: "date-time", "x-perdure-type": "Date" };
const bigint = { type: "string", "x-perdure-type": "bigint" };
const bytes = { type: "string", contentEncoding: "base64", "x-perdure-type": "Uint8Array" };
const noon = new Date("2026-01-31T12:00:00.000Z");

function codecOf(schema: object): ValueCodec {
  return valueCodecOf(schema) ?? expect.fail("expected a codec");
}

function object(properties: object, required = Object.keys(properties)): object {
  return { type: "object", properties, required };
}

function errorOf(code: () => unknown): unknown {
  try {
    code();
  } catch (error) {
    return error;
  }
  return expect.fail("expected an error");
}

describe("a schema without marks", () => {
  test.each([
    [{}],
    [{ type: "string", format: "date-time" }],
    [object({ a: { type: "array", items: { anyOf: [{ type: "null" }, { type: "string" }] } } })],
    [{ $ref: "#/$defs/T", $defs: { T: object({ next: { $ref: "#/$defs/T" } }) } }],
    [{ $ref: "#/$defs/T", $defs: { T: { type: "string" }, Unused: date } }],
    [{ "x-perdure-type": "Map" }],
  ])("needs no codec: %j", (schema) => {
    expect(valueCodecOf(schema)).toBeUndefined();
  });
});

describe("values of each type", () => {
  test.each([
    ["a date", date, noon, "2026-01-31T12:00:00.000Z"],
    ["a date beyond 9999", date, new Date(8.64e15), "+275760-09-13T00:00:00.000Z"],
    ["a whole number", bigint, 5n, "5"],
    ["the smallest of 64 bits", bigint, -(2n ** 63n), "-9223372036854775808"],
    ["bytes", bytes, new Uint8Array([0, 255, 62, 1]), "AP8+AQ=="],
    ["no bytes", bytes, new Uint8Array(), ""],
  ])("%s", (_, schema, value, json) => {
    const codec = codecOf(schema);
    expect(codec.toJson(value)).toEqual(json);
    expect(codec.fromJson(json)).toEqual(value);
  });

  test("read dates with an offset, numbers for bigints, and base64 of any kind", () => {
    expect(codecOf(date).fromJson("2026-01-31t13:00:00+01:00")).toEqual(noon);
    expect(codecOf(bigint).fromJson(7)).toBe(7n);
    expect(codecOf(bytes).fromJson("-_8")).toEqual(new Uint8Array([251, 255]));
    expect(codecOf(bytes).fromJson("+/8=")).toEqual(new Uint8Array([251, 255]));
  });

  test("write the bytes of a view, not those around it", () => {
    const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    expect(codecOf(bytes).toJson(view)).toBe("AgM=");
    expect(codecOf(bytes).toJson(Buffer.from("hi"))).toBe("aGk=");
  });

  test("write base64 where the runtime has no way of its own", async () => {
    const { Buffer: own } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, "Buffer");
      const texts = [[], [1], [1, 2], [1, 2, 3], [250, 251, 252, 253]].map((all) =>
        codecOf(bytes).toJson(new Uint8Array(all)),
      );
      expect(texts).toEqual(["", "AQ==", "AQI=", "AQID", "+vv8/Q=="]);
    } finally {
      globalThis.Buffer = own;
    }
  });
});

describe("values that can't be converted are told with their place", () => {
  const codec = codecOf(
    object({
      user: object({ born: date, ids: { type: "array", items: bigint } }),
      photos: { type: "object", additionalProperties: bytes },
    }),
  );
  const valid = { user: { born: noon, ids: [1n] }, photos: {} };

  test.each([
    [{ user: { born: "yesterday" } }, 'user.born: "yesterday" is no date'],
    [{ user: { born: "2026-02-29T00:00:00Z" } }, 'user.born: "2026-02-29T00:00:00Z" is no date'],
    [{ user: { born: "2026-01-31" } }, 'user.born: "2026-01-31" is no date'],
    [{ user: { ids: ["1", "x"] } }, 'user.ids[1]: "x" is no whole number'],
    [
      { user: { ids: ["9223372036854775808"] } },
      "user.ids[0]: 9223372036854775808 has more than 64",
    ],
    [{ photos: { a: "AA", me: "A" } }, 'photos.me: "A" is no base64'],
    [{ photos: { me: "é" } }, 'photos.me: "é" is no base64'],
  ])("%j when it is read", (json, message) => {
    const error = errorOf(() => codec.fromJson(json));
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toContain(message);
  });

  test("bigints of more than 64 bits and invalid dates, when they are written", () => {
    const wide = { ...valid, user: { born: noon, ids: [1n, 2n ** 63n] } };
    const invalid = { ...valid, user: { born: new Date(NaN), ids: [] } };
    expect(() => codec.toJson(wide)).toThrow(
      /^user\.ids\[1\]: 9223372036854775808 has more than 64/,
    );
    expect(() => codec.toJson(invalid)).toThrow(/^user\.born: an invalid Date/);
    expect(() => codecOf(bigint).toJson(2n ** 64n)).toThrow(/^the value: /);
  });
});

describe("a value", () => {
  const codec = codecOf(object({ at: date, other: {} }));

  test("is not changed, and not copied where nothing is converted", () => {
    const other = { kept: true };
    const value = Object.freeze({ at: noon, other });
    const json = codec.toJson(value) as Record<string, unknown>;
    expect(value.at).toBe(noon);
    expect(json).toEqual({ at: noon.toISOString(), other });
    expect(json["other"]).toBe(other);
    const plain = { other };
    expect(codec.fromJson(plain)).toBe(plain);
    const list = codecOf({ type: "array", items: date });
    const dates = Object.freeze([noon]);
    expect(list.toJson(dates)).toEqual([noon.toISOString()]);
    expect(dates).toEqual([noon]);
  });

  test.each([[undefined], [null], [5], ["text"], [[]], [{ at: null }], [{ at: 5 }], [{ at: {} }]])(
    "that does not fit is passed as it is: %j",
    (value) => {
      expect(codec.toJson(value)).toBe(value);
      expect(codec.fromJson(value)).toBe(value);
    },
  );

  test("that says itself what its JSON is, is taken by its word", () => {
    const value = { toJSON: () => ({ at: noon, other: 1 }) };
    expect(codec.toJson(value)).toEqual({ at: noon.toISOString(), other: 1 });
  });

  test("keeps the order of its members, and members of strange names", () => {
    const text = '{"b":1,"__proto__":"1","a":"2"}';
    const map = codecOf({ type: "object", additionalProperties: bigint });
    const value = map.fromJson(JSON.parse(text)) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(["b", "__proto__", "a"]);
    expect(JSON.stringify(map.toJson(value))).toBe('{"b":"1","__proto__":"1","a":"2"}');
  });

  test("does not get members from what every object has", () => {
    const named = codecOf(object({ constructor: date, at: date }));
    expect(named.toJson({ at: noon })).toEqual({ at: noon.toISOString() });
  });
});

describe("unions", () => {
  const shape = codecOf({
    anyOf: [
      { $ref: "#/$defs/Timed" },
      { $ref: "#/$defs/Counted" },
      { type: "array", items: bigint },
      { type: "null" },
      bytes,
    ],
    $defs: {
      Timed: object({ kind: { const: "timed" }, value: date }),
      Counted: object({ kind: { enum: ["counted", "summed"] }, value: bigint }),
    },
  });

  test.each([
    [
      { kind: "timed", value: noon },
      { kind: "timed", value: noon.toISOString() },
    ],
    [
      { kind: "counted", value: 5n },
      { kind: "counted", value: "5" },
    ],
    [
      { kind: "summed", value: 6n },
      { kind: "summed", value: "6" },
    ],
    [
      [1n, 2n],
      ["1", "2"],
    ],
    [null, null],
    [new Uint8Array([1]), "AQ=="],
  ])("take the branch that a value fits (%#)", (value, json) => {
    expect(shape.toJson(value)).toEqual(json);
    expect(shape.fromJson(json)).toEqual(value);
  });

  test("leave what fits no branch as it is", () => {
    const value = { kind: "else", value: noon };
    expect(shape.toJson(value)).toBe(value);
    expect(shape.fromJson(5)).toBe(5);
  });

  test("tell objects apart by the members that they must have", () => {
    const codec = codecOf({ oneOf: [object({ at: date }), object({ count: bigint })] });
    expect(codec.fromJson({ count: "5" })).toEqual({ count: 5n });
    expect(codec.toJson({ count: 5n })).toEqual({ count: "5" });
    expect(codec.toJson({ at: noon })).toEqual({ at: noon.toISOString() });
  });

  test("take a number for a bigint, but where numbers have a branch of their own", () => {
    expect(codecOf({ anyOf: [bigint, { type: "null" }] }).fromJson(5)).toBe(5n);
    expect(codecOf({ anyOf: [bigint, { type: "number" }] }).fromJson(5)).toBe(5);
    expect(codecOf({ anyOf: [bigint, { type: "number" }] }).fromJson("5")).toBe(5n);
  });

  test("take literals before text that is read", () => {
    const codec = codecOf({ anyOf: [bigint, { const: "none" }] });
    expect(codec.fromJson("none")).toBe("none");
    expect(codec.fromJson("12")).toBe(12n);
    expect(codec.toJson(12n)).toBe("12");
  });

  test("convert by all schemas that hold at once", () => {
    const codec = codecOf({ allOf: [object({ at: date }), object({ count: bigint })] });
    expect(codec.fromJson({ at: noon.toISOString(), count: "5" })).toEqual({ at: noon, count: 5n });
  });
});

describe("types that refer to themselves", () => {
  const tree = codecOf({
    $ref: "#/$defs/Tree",
    $defs: {
      Tree: {
        type: "object",
        properties: {
          children: { type: "array", items: { $ref: "#/$defs/Tree" } },
          parent: { anyOf: [{ $ref: "#/$defs/Tree" }, { type: "null" }] },
          at: { $ref: "#/$defs/When" },
        },
      },
      When: date,
    },
  });

  test("are converted as deep as the value goes", () => {
    const value = { children: [{ children: [{ at: noon }] }], parent: { at: noon, parent: null } };
    const json = JSON.parse(JSON.stringify(tree.toJson(value))) as unknown;
    expect(json).toEqual(JSON.parse(JSON.stringify(value)));
    expect(tree.fromJson(json)).toEqual(value);
  });

  test("and to the whole schema, by names that are escaped", () => {
    const list = codecOf(object({ at: date, next: { $ref: "#" } }, ["at"]));
    expect(list.toJson({ at: noon, next: { at: noon } })).toMatchObject({
      next: { at: noon.toISOString() },
    });
    const escaped = codecOf({ $ref: "#/$defs/a~1b%20c", $defs: { "a/b c": bigint } });
    expect(escaped.toJson(1n)).toBe("1");
  });

  test("and go nowhere, are passed as they are", () => {
    expect(valueCodecOf({ $ref: "#/$defs/None" })).toBeUndefined();
    expect(
      valueCodecOf({ $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } }),
    ).toBeUndefined();
  });
});

// ---- any type, any value of it

interface Typed {
  readonly schema: object;
  readonly value: fc.Arbitrary<unknown>;
}

const dates = fc.date({ noInvalidDate: true });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const leafTypes: Typed[] = [
  { schema: date, value: dates },
  { schema: bigint, value: int64 },
  { schema: bytes, value: fc.uint8Array() },
  { schema: { type: "string" }, value: fc.string() },
  { schema: { type: "number" }, value: fc.integer() },
  { schema: { type: "boolean" }, value: fc.boolean() },
];

/** An object type whose members are of the given types, some of them optional. */
function objectOf(members: readonly (readonly [string, Typed, boolean])[]): Typed {
  const required = members.filter(([, , optional]) => !optional).map(([name]) => name);
  return {
    schema: object(
      Object.fromEntries(members.map(([name, { schema }]) => [name, schema])),
      required,
    ),
    value: fc.record(Object.fromEntries(members.map(([name, { value }]) => [name, value])), {
      requiredKeys: required as never[],
    }),
  };
}

function unionOf(types: readonly Typed[]): Typed {
  const tagged = types.map((type, at) => ({
    schema: object({ kind: { const: at }, value: type.schema }),
    value: type.value.map((value) => ({ kind: at, value })),
  }));
  return {
    schema: { anyOf: [...tagged.map(({ schema }) => schema), { type: "null" }] },
    value: fc.oneof(...tagged.map(({ value }) => value), fc.constant(null)),
  };
}

const types = fc.letrec<{ type: Typed }>((tie) => ({
  type: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...leafTypes),
    fc
      .uniqueArray(fc.tuple(fc.string(), tie("type"), fc.boolean()), {
        selector: ([name]) => name,
        maxLength: 4,
      })
      // Values are made by assignment, which takes that name for something else.
      .filter((members) => members.every(([name]) => name !== "__proto__"))
      .map(objectOf),
    tie("type").map(({ schema, value }) => ({
      schema: { type: "array", items: schema },
      value: fc.array(value, { maxLength: 3 }),
    })),
    tie("type").map(({ schema, value }) => ({
      schema: { type: "object", additionalProperties: schema },
      value: fc.dictionary(fc.string(), value, { maxKeys: 3, noNullPrototype: true }),
    })),
    fc.array(tie("type"), { minLength: 1, maxLength: 3 }).map((items) => ({
      schema: { type: "array", prefixItems: items.map(({ schema }) => schema), items: false },
      value: fc.tuple(...items.map(({ value }) => value)),
    })),
    fc.array(tie("type"), { minLength: 1, maxLength: 3 }).map(unionOf),
  ),
})).type;

test("any value of any type comes back from its JSON", () => {
  const cases = types.chain(({ schema, value }) => fc.tuple(fc.constant(schema), value));
  fc.assert(
    fc.property(cases, ([schema, value]) => {
      const codec = valueCodecOf(schema);
      const json = JSON.stringify(codec === undefined ? value : codec.toJson(value));
      const parsed = JSON.parse(json) as unknown;
      expect(codec === undefined ? parsed : codec.fromJson(parsed)).toEqual(value);
      if (codec === undefined) expect(JSON.stringify(schema)).not.toContain("x-perdure-type");
    }),
    { numRuns: 500 },
  );
});
