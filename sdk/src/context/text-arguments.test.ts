// Names, keys and headers that are no text: said where the call is made, before anything is recorded of it.

import { describe, expect, test } from "vitest";
import type { Context } from "./context.js";
import { object, workflow } from "../definitions/define.js";
import { attempt, type Code } from "../endpoint/session.fixture.js";
import { rpc } from "./clients.js";

const counter = object({
  name: "Counter",
  handlers: { add: async (_: Context, by: number) => by },
});
const signup = workflow({
  name: "Signup",
  handlers: { run: async (_: Context, name: string) => name },
});
const generic = { service: "Counter", method: "add", key: "k", parameter: new Uint8Array() };
const wrong = 5 as never;
const missing = undefined as never;

const calls: [string, string, Code][] = [
  ["the name of a step", "a number", async (ctx) => ctx.run(wrong, () => 1)],
  ["the name of a step", "undefined", async (ctx) => ctx.run(missing, () => 1)],
  ["the name of a command", "a number", async (ctx) => ctx.sleep(1, wrong)],
  ["the key of a state", "undefined", async (ctx) => ctx.get(missing)],
  ["the key of a state", "a number", async (ctx) => ctx.set(wrong, 1)],
  ["the key of a state", "null", async (ctx) => ctx.clear(null as never)],
  ["the name of a promise", "a number", async (ctx) => ctx.promise(wrong)],
  ["the name of a promise", "undefined", async (ctx) => ctx.promise(missing).peek()],
  ["the name of a promise", "an object", async (ctx) => ctx.promise({} as never).resolve(1)],
  ["the key of a call", "a number", async (ctx) => ctx.genericCall({ ...generic, key: wrong })],
  [
    "the service of a call",
    "undefined",
    async (ctx) => ctx.genericCall({ ...generic, service: missing }),
  ],
  [
    "the handler of a call",
    "a number",
    async (ctx) => ctx.genericSend({ ...generic, method: wrong }),
  ],
  [
    "an idempotency key",
    "a number",
    async (ctx) => ctx.objectClient(counter, "k").add(1, rpc.opts({ idempotencyKey: wrong })),
  ],
  [
    'the header "x-a" of a call',
    "undefined",
    async (ctx) => ctx.genericCall({ ...generic, headers: { "x-a": missing } }),
  ],
  [
    "the key of an invocation",
    "a number",
    async (ctx) => ctx.invocation({ workflow: signup, key: wrong }).attach(),
  ],
];

describe("what is to be text and is none", () => {
  test.each(calls)(
    "%s: %s, fails the attempt before anything is recorded",
    async (what, found, code) => {
      expect(await attempt(code).until("failed")).toEqual([
        `failed ! 500 ${what} is text, and not ${found} (PDR2029)`,
      ]);
    },
  );

  test("can be caught where it is given, and the code goes on", async () => {
    const driver = attempt(async (ctx) => {
      try {
        ctx.set(wrong, 1);
      } catch (error) {
        ctx.set("said", (error as Error).name);
      }
    });

    const said = await driver.until("end");

    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/said.*TypeError/);
  });
});
