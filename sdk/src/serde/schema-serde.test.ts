// Standard Schemas: a real library (valibot), and schemas that do what others do.

import * as v from "valibot";
import { describe, expect, expectTypeOf, test } from "vitest";
import { serde, type Serde } from "./serde.js";
import type { StandardSchema } from "./standard-schema.js";

const user = v.object({
  name: v.string(),
  age: v.optional(v.pipe(v.number(), v.minValue(0)), 18),
  tags: v.optional(v.array(v.string())),
});

type Validate = StandardSchema["~standard"]["validate"];

/** A schema of a library that can say it as JSON Schema, or can't. */
function schemaOf(validate: Validate, more: object = {}): StandardSchema {
  return { "~standard": { version: 1, vendor: "test", validate, ...more } };
}

const anything: Validate = (value) => ({ value });
const never: Validate = () => ({ issues: [{ message: "no" }] });

function bytesOf(value: unknown): Uint8Array {
  return serde.json.serialize(value);
}

describe("a value", () => {
  const users = serde.schema(user);

  test("is JSON that is checked when it is read, with defaults filled in", () => {
    expectTypeOf(users).toEqualTypeOf<
      Serde<{ name: string; age: number; tags?: string[] | undefined }>
    >();
    expect(users.contentType).toBe("application/json");
    expect(users.deserialize(bytesOf({ name: "Ada" }))).toEqual({ name: "Ada", age: 18 });
  });

  test("that does not fit is refused, each field named", () => {
    const wrong = bytesOf({ name: 5, age: -1, tags: ["a", 2] });
    expect(() => users.deserialize(wrong)).toThrow(
      "the value does not fit its schema: /name: Invalid type: Expected string but received 5; /age: Invalid value: Expected >=0 but received -1; /tags/1: Invalid type: Expected string but received 2 (PDR2022)",
    );
  });

  test("that is none at all is refused in as many words", () => {
    expect(() => users.deserialize(new Uint8Array())).toThrow(
      "Invalid type: Expected Object but received undefined",
    );
    expect(() => users.deserialize(Buffer.from("{"))).toThrow(SyntaxError);
  });

  test("is not checked when it is written", () => {
    expect(Buffer.from(users.serialize({ name: 5 } as never)).toString()).toBe('{"name":5}');
    expect(serde.schema(schemaOf(never)).serialize(undefined)).toHaveLength(0);
  });

  test("may be transformed", () => {
    const date = serde.schema(
      v.pipe(
        v.string(),
        v.transform((text) => new Date(text)),
      ),
    );
    expectTypeOf(date).toEqualTypeOf<Serde<Date>>();
    expect(date.deserialize(bytesOf("1970-01-01"))).toEqual(new Date(0));
  });

  test("is checked with the options that the library takes", () => {
    const seen: unknown[] = [];
    const validate: Validate = (value, options?: unknown) => {
      seen.push(options);
      return { value };
    };
    serde.schema(schemaOf(validate), { strict: true }).deserialize(bytesOf(1));
    expect(seen.at(-1)).toEqual({ strict: true });
  });
});

test("names fields whose path is made of keys, or of objects that have one", () => {
  const issues = [{ message: "bad", path: ["a", { key: 0 }, Symbol.for("s")] }, { message: "all" }];
  expect(() => serde.schema(schemaOf(() => ({ issues }))).deserialize(bytesOf(1))).toThrow(
    "/a/0/Symbol(s): bad; all (PDR2022)",
  );
});

describe("an asynchronous schema", () => {
  test("is refused where a value is read, not where it is declared", () => {
    const checked = serde.schema(schemaOf(async (value) => ({ value })));
    expect(checked.contentType).toBe("application/json");
    expect(() => checked.deserialize(bytesOf(1))).toThrow(
      "the schema (of test) is asynchronous: only synchronous validation is supported (PDR2022)",
    );
  });

  test("that fails does so without taking the process along", async () => {
    const rejections: unknown[] = [];
    const listener = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", listener);
    const failing = serde.schema(schemaOf(async () => Promise.reject(new Error("late"))));
    expect(() => failing.deserialize(bytesOf(1))).toThrow("asynchronous");
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", listener);
    expect(rejections).toEqual([]);
  });
});

describe("the content type", () => {
  test("is any where the schema takes nothing", () => {
    expect(serde.schema(v.void()).contentType).toBeUndefined();
    expect(serde.schema(v.optional(v.string())).contentType).toBeUndefined();
    expect(serde.schema(v.string()).contentType).toBe("application/json");
  });

  test("is JSON where the schema throws at nothing", () => {
    const strict = schemaOf(() => {
      throw new Error("never that");
    });
    expect(serde.schema(strict).contentType).toBe("application/json");
  });
});

describe("the JSON Schema", () => {
  test("is what the library says by the standard's own part, for draft 2020-12", () => {
    const asked: unknown[] = [];
    const jsonSchema = {
      input: (options: unknown) => {
        asked.push(options);
        return { type: "string" };
      },
    };
    const plain = serde.schema(schemaOf(anything, { jsonSchema }));
    const withOptions = serde.schema(
      schemaOf(anything, { jsonSchema }),
      {},
      { unrepresentable: "any" },
    );
    expect([plain.jsonSchema, withOptions.jsonSchema]).toEqual([
      { type: "string" },
      { type: "string" },
    ]);
    expect(asked).toEqual([
      { target: "draft-2020-12" },
      { target: "draft-2020-12", libraryOptions: { unrepresentable: "any" } },
    ]);
  });

  test("is what the schema's own method says where the part is missing, as in older zod", () => {
    const zodLike = {
      ...schemaOf(anything),
      kind: "number",
      toJSONSchema(options: object) {
        return { type: this.kind, ...options };
      },
    };
    expect(serde.schema(zodLike, {}, { override: 1 }).jsonSchema).toEqual({
      type: "number",
      target: "draft-2020-12",
      io: "input",
      override: 1,
    });
  });

  test("is absent where the library has none, or can't say it", () => {
    const unsayable = {
      input: () => {
        throw new Error("a transform can't be represented");
      },
    };
    expect(serde.schema(v.string()).jsonSchema).toBeUndefined();
    expect(serde.schema(schemaOf(anything, { jsonSchema: unsayable })).jsonSchema).toBeUndefined();
  });
});
