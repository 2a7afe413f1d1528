import { formatAwakeableId, parseAwakeableId } from "@perdure/protocol/awakeable-id";
import { describe, expect, test } from "vitest";
import { attempt, latch, turns } from "../endpoint/session.fixture.js";
import { TerminalError } from "../errors.js";
import { completedVoid, failure, jsonValue, signal, sleep } from "../replay/entries.fixture.js";
import { invocationIdOf } from "@perdure/protocol/ids";

const invocationId = invocationIdOf("0".repeat(11), "0".repeat(22));

describe("an awakeable", () => {
  test("has an id that names the invocation and counts from 17", async () => {
    const driver = attempt(async (ctx) => [ctx.awakeable().id, ctx.awakeable().id], {
      invocationId,
    });
    const ids = [17, 18].map((signalId) => formatAwakeableId({ invocationId, signalId }));
    expect(await driver.until("end")).toEqual([`end = ${JSON.stringify(ids)}`]);
    expect(parseAwakeableId(ids[0] ?? "")).toEqual({ invocationId, signalId: 17 });
  });

  test("settles when its signal comes", async () => {
    const driver = attempt(async (ctx) => ctx.awakeable<string>().promise, { invocationId });
    expect(await driver.until("waiting")).toEqual(["waiting for first(cancel, signal 17), seen 0"]);
    driver.notify(1, signal(17, { case: "value", value: jsonValue("x") }));
    expect(await driver.until("end")).toEqual(['end = "x"']);
  });

  test("rejects when its signal is a failure", async () => {
    const driver = attempt(async (ctx) => ctx.awakeable().promise, { invocationId });
    driver.notify(1, signal(17, { case: "failure", value: failure("no", 418) }));
    expect((await driver.until("end")).at(-1)).toBe("end ! 418 no");
  });

  test("keeps a signal that came before it was made", async () => {
    const gate = latch();
    const driver = attempt(
      async (ctx) => {
        const late = gate.opened.then(async () => ctx.awakeable().promise);
        await ctx.sleep(1);
        gate.open();
        return late;
      },
      { invocationId },
    );
    await driver.until("waiting");
    driver.notify(2, signal(17, { case: "value", value: jsonValue("early") }));
    await turns();
    driver.notify(3, completedVoid(1));
    expect((await driver.until("end")).at(-1)).toBe('end = "early"');
  });

  test("gives the same on replay", async () => {
    const driver = attempt(
      async (ctx) => {
        const { promise } = ctx.awakeable();
        await ctx.sleep(1);
        return promise;
      },
      {
        invocationId,
        journal: [sleep(1), signal(17, { case: "value", value: jsonValue("x") }), completedVoid(1)],
      },
    );
    expect(await driver.until("end")).toEqual(['end = "x"']);
  });

  test("of others is completed by a command, with a value or a failure", async () => {
    const driver = attempt(async (ctx) => {
      ctx.resolveAwakeable("sign_1x", { ok: true });
      ctx.resolveAwakeable("sign_1x");
      ctx.rejectAwakeable("sign_1y", "no");
      ctx.rejectAwakeable("sign_1z", new TerminalError("gone", { errorCode: 410 }));
    });
    await driver.until("end");
    const results = driver.frames.flatMap(({ frame }) =>
      frame.case === "command" && frame.value.body.case === "completeAwakeable"
        ? [frame.value.body.value]
        : [],
    );
    expect(results.map(({ awakeableId, result }) => [awakeableId, result.case])).toEqual([
      ["sign_1x", "value"],
      ["sign_1x", "value"],
      ["sign_1y", "failure"],
      ["sign_1z", "failure"],
    ]);
    expect(results[3]?.result.value).toMatchObject({ message: "gone", code: 410 });
  });
});
