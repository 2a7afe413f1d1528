// State, read and written past the handlers: by the types that they declare, behind those that run.

import { serde, type Serde } from "@perdure/sdk";
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { TestEnvironment, type StateOf } from "./index.js";
import { Counter, Signup, type CounterState } from "./services.fixture.js";

let env: TestEnvironment;

beforeEach(async () => {
  env = await TestEnvironment.start({ services: [Counter, Signup] });
});

afterEach(() => env.stop());

describe("state of a key", () => {
  test("is what handlers set", async () => {
    const state = env.stateOf(Counter, "a");
    expect(await state.get("count")).toBeNull();
    expect(await state.getAll()).toEqual({});

    await env.client.objectClient(Counter, "a").add(3);

    expect(await state.get("count")).toBe(3);
    expect(await state.getAll()).toEqual({ count: 3 });
    expect(await env.stateOf(Counter, "b").get("count")).toBeNull();
  });

  test("is seen by handlers once it is set", async () => {
    const state = env.stateOf(Counter, "seeded");

    await state.set("count", 40);
    await state.set("name", "forty");

    expect(await env.client.objectClient(Counter, "seeded").add(2)).toBe(42);
    expect(await state.getAll()).toEqual({ count: 42, name: "forty" });
  });

  test("can be replaced, and cleared by name and as a whole", async () => {
    const state = env.stateOf(Counter, "c");
    await state.setAll({ count: 1, name: "one" });

    await state.setAll({ name: "two" });
    expect(await state.getAll()).toEqual({ name: "two" });
    await state.set("count", 2);
    await state.clear("name");
    await state.clear("name");
    expect(await state.getAll()).toEqual({ count: 2 });
    await state.clearAll();

    expect(await state.getAll()).toEqual({});
    expect(await env.client.objectClient(Counter, "c").get()).toBeNull();
  });

  test("is there for workflows, while they run", async () => {
    const signup = env.client.workflowClient(Signup, "ada");
    await signup.workflowSubmit("ada@example.org");
    await env.time.settled();

    expect(await env.stateOf<{ stage: string }>(Signup, "ada").get("stage")).toBe("asked");
  });

  test("takes other serdes than JSON", async () => {
    const state = env.stateOf<{ raw: Uint8Array }>(Counter, "raw");
    const binary: Serde<Uint8Array> = serde.binary;

    await state.set("raw", new Uint8Array([1, 2]), binary);

    expect(await state.get("raw", binary)).toEqual(new Uint8Array([1, 2]));
  });

  test("passes the codec of the endpoint", async () => {
    const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0x55);
    const codec = { encode: flip, decode: (bytes: Uint8Array) => Promise.resolve(flip(bytes)) };
    await using coded = await TestEnvironment.start({
      services: [Counter],
      endpoint: { journalValueCodecProvider: () => codec },
    });
    await coded.stateOf(Counter, "x").set("count", 5);

    expect(await coded.client.objectClient(Counter, "x").add(1)).toBe(6);
    expect(await coded.stateOf(Counter, "x").get("count")).toBe(6);
  });

  test("refuses what can't be serialised", async () => {
    const state = env.stateOf<{ big: unknown }>(Counter, "x");

    await expect(state.set("big", 1n)).rejects.toThrow(/PDR5403.*"big" of Counter\/x/);
  });

  test("has the type that the handlers' contexts declare", () => {
    expectTypeOf(env.stateOf(Counter, "a")).toEqualTypeOf<StateOf<CounterState>>();
    expectTypeOf(env.stateOf(Counter, "a").get("count")).resolves.toEqualTypeOf<number | null>();
    // @ts-expect-error -- the state of a counter has no such key
    void env.stateOf(Counter, "a").get("misspelt");
    // @ts-expect-error -- nor such a value
    void env.stateOf(Counter, "a").set("count", "one");
    expectTypeOf(env.stateOf<{ a: 1 }>({ name: "Counter" }, "a")).toEqualTypeOf<
      StateOf<{ a: 1 }>
    >();
  });
});
