import { describe, expect, test } from "vitest";
import { embedSchema } from "./openapi-schemas.js";

function embed(schema: unknown): Record<string, unknown> {
  return embedSchema("h.input", JSON.stringify(schema));
}

describe("a schema as a component", () => {
  test("leaves data alone that only looks like a reference", () => {
    const data = { $ref: "#/$defs/A" };
    const schema = { const: data, enum: [data], default: data, examples: [data] };

    expect(embed({ ...schema, $defs: { A: {} } })).toEqual({ "h.input": schema, "h.input.A": {} });
  });

  test("leaves references alone that start elsewhere", () => {
    const schema = {
      anyOf: [
        { $ref: "https://example.test/other#/$defs/A" },
        { $ref: "https://example.test/orders" },
        { $ref: "#anchor" },
        { $id: "https://example.test/inner", $ref: "#/$defs/A" },
      ],
    };

    expect(embed({ $id: "https://example.test/order", ...schema })).toEqual({ "h.input": schema });
  });

  test("keeps definitions apart whose names become the same", () => {
    const $defs = { "a b": { const: 1 }, "a/b": { const: 2 }, a_b: { const: 3 } };
    const references = ["#/$defs/a%20b", "#/$defs/a~1b", "#/$defs/a_b"];

    const components = embed({ anyOf: references.map(($ref) => ({ $ref })), $defs });

    const { anyOf } = components["h.input"] as { anyOf: { $ref: string }[] };
    const found = anyOf.map(({ $ref }) => components[$ref.split("/").at(-1) ?? ""]);
    expect(found).toEqual([{ const: 1 }, { const: 2 }, { const: 3 }]);
  });

  test.each(["", "{", "1", "null", "[]"])("is none for %j", (text) => {
    expect(embedSchema("h.input", text)).toEqual({});
  });
});
