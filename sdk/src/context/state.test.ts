import { describe, expect, test } from "vitest";
import { attempt, type Code } from "../endpoint/session.fixture.js";
import {
  command,
  completedVoid,
  completedWith,
  completion,
  jsonValue,
} from "../replay/entries.fixture.js";
import { serde } from "../serde/serde.js";

const void_ = { $typeName: "perdure.protocol.v1.Void" as const };
const lazy = { partialState: true };

function get(completionId: number, key: string, eager?: unknown) {
  const answer =
    eager === undefined ? {} : { eager: { case: "value" as const, value: jsonValue(eager) } };
  return command({ case: "getState", value: { completionId, key, ...answer } });
}

function set(key: string, value: unknown) {
  return command({ case: "setState", value: { key, value: jsonValue(value) } });
}

describe("state that came with the attempt", () => {
  test("is read without asking, and recorded", async () => {
    const driver = attempt(async (ctx) => [await ctx.get("a"), await ctx.get("b")], {
      values: { a: { n: 1 } },
    });
    expect(await driver.until("end")).toEqual([
      'GetState (key "a") #1 = {"n":1}',
      'GetState (key "b") #2 void',
      'end = [{"n":1},null]',
    ]);
  });

  test("lists its keys in order", async () => {
    const driver = attempt(async (ctx) => ctx.stateKeys(), { values: { b: 1, a: 2 } });
    expect(await driver.until("end")).toEqual(["GetStateKeys #1 = a,b", 'end = ["a","b"]']);
  });

  test("is what the code made of it since", async () => {
    const driver = attempt(
      async (ctx) => {
        ctx.set("a", 2);
        ctx.set("c", 3);
        ctx.clear("b");
        const then = [await ctx.get("a"), await ctx.get("b"), await ctx.stateKeys()];
        ctx.clearAll();
        return [...then, await ctx.get("a"), await ctx.stateKeys()];
      },
      { values: { a: 1, b: 1 } },
    );
    expect(await driver.until("end")).toEqual([
      'SetState (key "a") = 2',
      'SetState (key "c") = 3',
      'ClearState (key "b")',
      'GetState (key "a") #1 = 2',
      'GetState (key "b") #2 void',
      "GetStateKeys #3 = a,c",
      "ClearAllState",
      'GetState (key "a") #4 void',
      "GetStateKeys #5 = ",
      'end = [2,null,["a","c"],null,[]]',
    ]);
  });

  test("is as it was when it was written or read, whatever becomes of the bytes then", async () => {
    const driver = attempt(async (ctx) => {
      const bytes = Buffer.from("1");
      ctx.set("a", bytes, serde.binary);
      bytes.write("2");
      ctx.set("b", bytes, serde.binary);
      bytes.write("3");
      const read = await ctx.get("a", serde.binary);
      read?.fill(0x39);
      return ctx.get("a");
    });
    expect(await driver.until("end")).toEqual([
      'SetState (key "a") = 1',
      'SetState (key "b") = 2',
      'GetState (key "a") #1 = 1',
      'GetState (key "a") #2 = 1',
      "end = 1",
    ]);
  });

  test("tells a value of nothing from none", async () => {
    const driver = attempt(async (ctx) => {
      ctx.set("a", undefined);
      ctx.set("b", null);
      return { a: (await ctx.get("a")) === undefined, b: await ctx.get("b") };
    });
    expect((await driver.until("end")).at(-1)).toBe('end = {"a":true,"b":null}');
  });
});

describe("state that did not come along", () => {
  test("is asked for, key by key", async () => {
    const driver = attempt(async (ctx) => [await ctx.get("a"), await ctx.get("b")], lazy);
    expect(await driver.until("waiting")).toEqual([
      'GetState (key "a") #1',
      "waiting for first(cancel, #1), seen 0",
    ]);
    driver.notify(2, completedWith(1, "x"));
    expect(await driver.until("waiting")).toEqual([
      'GetState (key "b") #2',
      "waiting for first(cancel, #2), seen 2",
    ]);
    driver.notify(4, completedVoid(2));
    expect(await driver.until("end")).toEqual(['end = ["x",null]']);
  });

  test("is asked for again: it may have come in pieces", async () => {
    const driver = attempt(async (ctx) => [await ctx.get("a"), await ctx.get("b")], {
      ...lazy,
      values: { a: 1 },
    });
    expect(await driver.until("waiting")).toEqual([
      'GetState (key "a") #1 = 1',
      'GetState (key "b") #2',
      "waiting for first(cancel, #2), seen 0",
    ]);
  });

  test("has keys that are asked for", async () => {
    const driver = attempt(async (ctx) => ctx.stateKeys(), lazy);
    expect(await driver.until("waiting")).toContain("GetStateKeys #1");
    const value = { $typeName: "perdure.protocol.v1.StateKeys" as const, keys: ["x", "y"] };
    driver.notify(2, completion(1, { case: "stateKeys", value }));
    expect(await driver.until("end")).toEqual(['end = ["x","y"]']);
  });

  test("is known once the code has set or cleared it", async () => {
    const driver = attempt(async (ctx) => {
      ctx.set("a", 1);
      ctx.clear("b");
      const then = [await ctx.get("a"), await ctx.get("b")];
      ctx.set("b", 2);
      return [...then, await ctx.get("b")];
    }, lazy);
    expect((await driver.until("end")).slice(2)).toEqual([
      'GetState (key "a") #1 = 1',
      'GetState (key "b") #2 void',
      'SetState (key "b") = 2',
      'GetState (key "b") #3 = 2',
      "end = [1,null,2]",
    ]);
  });

  test("is all known once the code has cleared all of it", async () => {
    const driver = attempt(async (ctx) => {
      ctx.clearAll();
      ctx.set("a", 1);
      return [await ctx.get("z"), await ctx.stateKeys()];
    }, lazy);
    expect((await driver.until("end")).at(-1)).toBe('end = [null,["a"]]');
  });
});

describe("state on replay", () => {
  const reader: Code = async (ctx) => {
    const before = await ctx.get("a");
    ctx.set("a", "new");
    return [before, await ctx.get("a")];
  };

  test("is as it was then: recorded answers win over what came with the attempt", async () => {
    const driver = attempt(reader, {
      journal: [get(1, "a", "old"), set("a", "new")],
      values: { a: "new" },
    });
    expect(await driver.until("end")).toEqual([
      'GetState (key "a") #2 = "new"',
      'end = ["old","new"]',
    ]);
  });

  test("that was asked for then is not answered from what comes along now", async () => {
    const driver = attempt(reader, {
      journal: [get(1, "a"), completedWith(1, "old"), set("a", "new"), get(2, "a", "new")],
      values: { a: "something else" },
    });
    expect(await driver.until("end")).toEqual(['end = ["old","new"]']);
  });

  test("was absent where it was recorded as absent", async () => {
    const absent = command({
      case: "getState",
      value: { completionId: 1, key: "a", eager: { case: "void", value: void_ } },
    });
    const driver = attempt(async (ctx) => ctx.get("a"), { journal: [absent], values: { a: 1 } });
    expect(await driver.until("end")).toEqual(["end = null"]);
  });

  test("is what was stored, not what the code would store today", async () => {
    let now = 2;
    const driver = attempt(
      async (ctx) => {
        ctx.set("at", now++);
        return ctx.get("at");
      },
      { journal: [set("at", 1)], values: { at: 1 } },
    );
    expect((await driver.until("end")).at(-1)).toBe("end = 1");
  });

  test("has the keys that it had then", async () => {
    const keys = command({
      case: "getStateKeys",
      value: { completionId: 1, eager: { keys: ["old"] } },
    });
    const driver = attempt(async (ctx) => ctx.stateKeys(), { journal: [keys], values: { a: 1 } });
    expect(await driver.until("end")).toEqual(['end = ["old"]']);
  });

  test("of another key is a mismatch", async () => {
    const driver = attempt(async (ctx) => ctx.get("b"), { journal: [get(1, "a", 1)] });
    expect((await driver.until("failed")).at(-1)).toContain(
      'recorded was GetState (key "a"), the code now asks for GetState (key "b")',
    );
  });
});

describe("values of state", () => {
  test("are written and read by a serde", async () => {
    const driver = attempt(async (ctx) => {
      ctx.set("a", Buffer.from("raw"), serde.binary as never);
      const bytes = (await ctx.get("a", serde.binary as never)) as Uint8Array;
      return Buffer.from(bytes).toString();
    });
    expect(await driver.until("end")).toEqual([
      'SetState (key "a") = raw',
      'GetState (key "a") #1 = raw',
      'end = "raw"',
    ]);
  });

  test("that can't be written fail the attempt, and name the key", async () => {
    const driver = attempt(async (ctx) => {
      ctx.set("big", 5n);
    });
    expect(await driver.until("failed")).toEqual([
      expect.stringMatching(/state "big" can't be serialised: .*PDR2002/),
    ]);
  });

  test("that can't be read fail the attempt", async () => {
    const broken = { $typeName: "perdure.protocol.v1.Value" as const };
    const value = { ...broken, content: { case: "inline" as const, value: Buffer.from("{") } };
    const eager = attempt(async (ctx) => ctx.get("a"), { state: [{ key: "a", value }] });
    expect((await eager.until("failed")).at(-1)).toMatch(/^failed ! 500 .*JSON/);
    const asked = attempt(async (ctx) => ctx.get("a"), lazy);
    asked.notify(2, completion(1, { case: "value", value }));
    expect((await asked.until("failed")).at(-1)).toMatch(/^failed ! 500 .*JSON/);
  });
});
