import { describe, expect, test } from "vitest";
import { attempt } from "../endpoint/session.fixture.js";
import { command, completedVoid, completedWith, failedWith } from "../replay/entries.fixture.js";
import { DurablePromise } from "../futures/names.js";
import { serde } from "../serde/serde.js";

describe("a promise of a workflow", () => {
  test("is awaited by name", async () => {
    const driver = attempt(async (ctx) => ctx.promise<string>("verified"));
    expect(await driver.until("waiting")).toEqual([
      'GetPromise (promise "verified") #1',
      "waiting for first(cancel, #1), seen 0",
    ]);
    driver.notify(2, completedWith(1, "yes"));
    expect(await driver.until("end")).toEqual(['end = "yes"']);
  });

  test("rejects with the failure that it was rejected with", async () => {
    const driver = attempt(async (ctx) => ctx.promise("verified"));
    driver.notify(2, failedWith(1, "spam", 403));
    expect((await driver.until("end")).at(-1)).toBe("end ! 403 spam");
  });

  test("is one command for each handle, awaited or got, however often", async () => {
    const driver = attempt(async (ctx) => {
      const promise = ctx.promise<string>("p");
      return Promise.all([promise, promise, promise.get(), promise.then((x) => x)]);
    });
    expect(await driver.until("waiting")).toEqual([
      'GetPromise (promise "p") #1',
      "waiting for first(cancel, #1), seen 0",
    ]);
    driver.notify(2, completedWith(1, 7));
    expect(await driver.until("end")).toEqual(["end = [7,7,7,7]"]);
  });

  test("that is only named asks for nothing", async () => {
    const driver = attempt(async (ctx) => {
      const unused = ctx.promise("p");
      return unused === undefined ? 0 : 1;
    });
    expect(await driver.until("end")).toEqual(["end = 1"]);
  });

  test("can be peeked at, before and after it is completed", async () => {
    const driver = attempt(async (ctx) => {
      const before = await ctx.promise("p").peek();
      const after = await ctx.promise("p").peek();
      return { before: before === undefined, after };
    });
    expect(await driver.until("waiting")).toContain('PeekPromise (promise "p") #1');
    driver.notify(2, completedVoid(1));
    await driver.until("waiting");
    driver.notify(4, completedWith(2, "v"));
    expect(await driver.until("end")).toEqual(['end = {"before":true,"after":"v"}']);
  });

  test("is resolved with a value", async () => {
    const driver = attempt(async (ctx) => {
      await ctx.promise<object>("p").resolve({ ok: true });
      return "done";
    });
    expect(await driver.until("waiting")).toContain(
      'CompletePromise (promise "p") #1 = {"ok":true}',
    );
    driver.notify(2, completedVoid(1));
    expect(await driver.until("end")).toEqual(['end = "done"']);
  });

  test("is rejected with a message", async () => {
    const driver = attempt(async (ctx) => ctx.promise("p").reject("spam"));
    expect(await driver.until("waiting")).toContain('CompletePromise (promise "p") #1 ! 500 spam');
    driver.notify(2, completedVoid(1));
    expect(await driver.until("end")).toEqual(["end = empty"]);
  });

  test("that was completed before refuses: 409", async () => {
    const driver = attempt(async (ctx) => ctx.promise("p").resolve(1));
    driver.notify(2, failedWith(1, "promise was already completed", 409));
    expect((await driver.until("end")).at(-1)).toBe("end ! 409 promise was already completed");
  });

  test("takes part in combinations by `get`", async () => {
    const driver = attempt(async (ctx) =>
      DurablePromise.race([ctx.promise("a").get(), ctx.promise("b").get().orTimeout(5)]),
    );
    expect((await driver.until("waiting")).at(-1)).toContain("first(#1, first(#2, #3))");
    driver.notify(4, completedWith(2, "b"));
    expect(await driver.until("end")).toEqual(['end = "b"']);
  });

  test("has a serde of its own where one is given", async () => {
    const driver = attempt(async (ctx) => {
      const promise = ctx.promise("p", serde.binary);
      await promise.resolve(Buffer.from("raw"));
      return Buffer.from(await promise).toString();
    });
    expect(await driver.until("waiting")).toContain('CompletePromise (promise "p") #1 = raw');
    driver.notify(2, completedVoid(1));
    await driver.until("waiting");
    driver.notify(4, completedWith(2, 1));
    expect(await driver.until("end")).toEqual(['end = "1"']);
  });

  test("refuses a value that can't be written, by name", async () => {
    const driver = attempt(async (ctx) => ctx.promise("p").resolve(5n));
    expect(await driver.until("failed")).toEqual([
      expect.stringMatching(/the value of promise "p" can't be serialised.*PDR2002/),
    ]);
  });

  test("of another name is a mismatch on replay", async () => {
    const recorded = command({ case: "getPromise", value: { completionId: 1, promise: "old" } });
    const driver = attempt(async (ctx) => ctx.promise("new"), { journal: [recorded] });
    expect((await driver.until("failed")).at(-1)).toContain('GetPromise (promise "old")');
  });
});
