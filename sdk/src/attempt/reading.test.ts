// Values that can't be read: the input ends the invocation, everything else fails the attempt and is told of its command.

import { valueOf } from "@perdure/protocol/messages";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { attempt, type Code } from "../endpoint/session.fixture.js";
import {
  command,
  completedVoid,
  completedWith,
  completion,
  input,
  run,
  sleep,
} from "../replay/entries.fixture.js";
import { serde } from "../serde/serde.js";

const noJson = valueOf(Buffer.from("{"));

describe("an input that can't be read", () => {
  const order = serde.schema(v.object({ sku: v.string(), count: v.number() }));
  const code: Code = async (_, given) => given;

  test("ends the invocation with 400, the fields that do not fit named", async () => {
    const driver = attempt(code, { options: { input: order }, input: { sku: 1, count: "x" } });
    expect(await driver.until("end")).toEqual([
      'end ! 400 Failed to deserialize input: the value does not fit its schema: /sku: Invalid type: Expected string but received 1; /count: Invalid type: Expected number but received "x" (PDR2022)',
    ]);
  });

  test("ends it so, too, where it is no JSON", async () => {
    const entries = [command({ case: "input", value: { value: noJson } })];
    expect((await attempt(code, { entries }).until("end"))[0]).toMatch(
      /^end ! 400 Failed to deserialize input: .*JSON/,
    );
  });

  test("does not reach the handler, and one that fits does", async () => {
    const given = { sku: "a", count: 2, more: true };
    const driver = attempt(code, { options: { input: order }, input: given });
    expect(await driver.until("end")).toEqual(['end = {"sku":"a","count":2}']);
  });
});

describe("a value of the journal that can't be read", () => {
  test("fails the attempt, and is told of the command that it answers", async () => {
    const driver = attempt(
      async (ctx) => {
        const broken = ctx.run("first", () => 1);
        const second = ctx.run("second", () => 2);
        return [await second, await broken];
      },
      {
        entries: [
          input(),
          run(1, "first"),
          run(2, "second"),
          completion(1, { case: "value", value: noJson }),
          completedWith(2, 2),
        ],
      },
    );
    expect(await driver.until("failed")).toEqual([
      expect.stringMatching(
        /^failed ! 500 Failed to deserialize a value of the journal: .*JSON.* \(PDR2020\)$/,
      ),
    ]);
    expect(driver.frames.at(-1)?.frame.value).toMatchObject({
      relatedCommandIndex: 1,
      relatedCommandName: "first",
      relatedCommandType: "run",
    });
  });

  test("is state, too, whether it came along or was asked for", async () => {
    const code: Code = async (ctx) => ctx.get("k");
    const eager = attempt(code, { state: [{ key: "k", value: noJson }] });
    expect((await eager.until("failed")).at(-1)).toContain("(PDR2020)");
    const lazy = attempt(code, { partialState: true });
    await lazy.until("waiting");
    lazy.notify(2, completion(1, { case: "value", value: noJson }));
    expect((await lazy.until("failed")).at(-1)).toContain("(PDR2020)");
    expect(lazy.frames.at(-1)?.frame.value).toMatchObject({
      relatedCommandIndex: 1,
      relatedCommandType: "getState",
    });
  });
});

test("a failure of the handler itself is told of its last command, or of the input", async () => {
  const code: Code = async (ctx, given) => {
    if (given === "late") await ctx.sleep(1, "nap");
    throw new Error("x");
  };
  const early = attempt(code);
  await early.until("failed");
  expect(early.frames.at(-1)?.frame.value).toMatchObject({
    relatedCommandIndex: 0,
    relatedCommandName: "",
    relatedCommandType: "input",
  });
  const late = attempt(code, { entries: [input("late"), sleep(1, "nap"), completedVoid(1)] });
  await late.until("failed");
  expect(late.frames.at(-1)?.frame.value).toMatchObject({
    relatedCommandIndex: 1,
    relatedCommandName: "nap",
    relatedCommandType: "sleep",
  });
});
