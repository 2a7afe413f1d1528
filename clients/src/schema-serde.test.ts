import { expectTypeOf, describe, expect, test } from "vitest";
import { connect } from "./connect.js";
import { json, startIngress } from "./ingress.fixture.js";
import { rpc } from "./options.js";
import type { StandardResult, StandardSchema } from "./schema-serde.js";
import type { Serde } from "./serde.js";
import { serde } from "./serdes.js";

function schemaOf<T>(
  validate: (value: unknown) => StandardResult<T> | Promise<StandardResult<T>>,
): StandardSchema<T> {
  return { "~standard": { validate } };
}

/** Takes ISO text for a date, as schemas that change what they check do. */
const date = schemaOf<Date>((value) => {
  const read = new Date(String(value));
  return Number.isNaN(read.getTime())
    ? { issues: [{ message: "no date", path: ["at", { key: 0 }] }, { message: "at all" }] }
    : { value: read };
});

describe("a schema's serde", () => {
  const dates = serde.schema(date);
  const iso = "2026-11-21T12:00:00.000Z";

  test("reads what the schema makes of JSON, and writes JSON", () => {
    const bytes = dates.serialize(new Date(iso));

    expect(new TextDecoder().decode(bytes)).toBe(`"${iso}"`);
    expect(dates.deserialize(bytes)).toEqual(new Date(iso));
    expectTypeOf(dates).toEqualTypeOf<Serde<Date>>();
  });

  test("names what does not fit", () => {
    expect(() => dates.deserialize(new TextEncoder().encode('"x"'))).toThrow(
      "the value does not fit its schema: /at/0: no date; at all",
    );
  });

  test("refuses a schema that answers later", () => {
    const later = serde.schema(schemaOf(async (value) => ({ value })));

    expect(() => later.deserialize(new TextEncoder().encode("1"))).toThrow(/asynchronous/);
  });

  test("checks the result of a call", async () => {
    const ingress = await startIngress(() => json("x"));
    const connection = connect({ url: ingress.url });
    const opts = rpc.opts<unknown, Date>({ output: dates });

    await expect(connection.call({ service: "S", handler: "h", opts })).rejects.toMatchObject({
      code: "PDR5302",
      message: expect.stringContaining("/at/0: no date"),
    });
  });
});
