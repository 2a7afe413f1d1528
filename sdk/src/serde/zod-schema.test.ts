// zod 4, the library that most people bring: validated, typed, and published as JSON Schema.

import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { createManifest } from "../endpoint/manifest.js";
import { modelOf, service } from "../definitions/define.js";
import { handlers } from "../definitions/handlers.js";
import { serde, type Serde } from "./serde.js";

const User = z.object({ name: z.string(), age: z.number().min(0).default(18) });

describe("a zod schema", () => {
  const users = serde.schema(User);

  test("gives a serde of its output's type, which checks what it reads", () => {
    expectTypeOf(users).toEqualTypeOf<Serde<{ name: string; age: number }>>();
    expect(users.deserialize(Buffer.from('{"name":"Ada"}'))).toEqual({ name: "Ada", age: 18 });
    expect(() => users.deserialize(Buffer.from('{"name":5,"age":-1}'))).toThrow(
      /\/name: .*; \/age: .*PDR2022/,
    );
  });

  test("is published as JSON Schema with the handler", () => {
    const greeter = service({
      name: "Greeter",
      handlers: {
        greet: handlers.handler({ input: users }, async (_, user) => `Hi ${user.name}`),
      },
    });

    const [offered] = createManifest([modelOf(greeter)]).services;

    expect(JSON.parse(offered?.handlers[0]?.input?.jsonSchema ?? "")).toMatchObject({
      type: "object",
      properties: { name: { type: "string" }, age: { type: "number", minimum: 0 } },
      required: ["name"],
    });
  });
});
