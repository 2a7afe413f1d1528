import { formatAwakeableId, parseAwakeableId } from "@perdure/protocol/awakeable-id";
import { describe, expect, test } from "vitest";
import { attempt, latch, turns } from "../endpoint/session.fixture.js";
import { TerminalError } from "../errors.js";
import { serde } from "../serde/serde.js";
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
    const id = formatAwakeableId({ invocationId, signalId: 17 });
    const driver = attempt(async (ctx) => {
      ctx.resolveAwakeable(id, { ok: true });
      ctx.rejectAwakeable(id, "no");
      ctx.rejectAwakeable(
        id,
        new TerminalError("gone", { errorCode: 410, metadata: { why: "late" } }),
      );
    });
    expect(await driver.until("end")).toEqual([
      `CompleteAwakeable (awakeable ${id}) = {"ok":true}`,
      `CompleteAwakeable (awakeable ${id}) ! 500 no`,
      `CompleteAwakeable (awakeable ${id}) ! 410 gone why=late`,
      "end = empty",
    ]);
  });

  test("that is resolved with nothing gets null, or no bytes where there is a serde", async () => {
    const id = formatAwakeableId({ invocationId, signalId: 17 });
    const driver = attempt(async (ctx) => {
      ctx.resolveAwakeable(id);
      ctx.resolveAwakeable(id, undefined, serde.binary);
      ctx.resolveAwakeable(id, undefined, serde.json);
    });
    expect(await driver.until("end")).toEqual([
      `CompleteAwakeable (awakeable ${id}) = null`,
      `CompleteAwakeable (awakeable ${id}) = empty`,
      `CompleteAwakeable (awakeable ${id}) = empty`,
      "end = empty",
    ]);
  });

  test("that is resolved with nothing gets no bytes by the serde of a service that has one", async () => {
    const id = formatAwakeableId({ invocationId, signalId: 17 });
    const driver = attempt(
      async (ctx) => {
        ctx.resolveAwakeable(id);
        return new Uint8Array();
      },
      { serviceOptions: { serde: serde.binary } },
    );
    expect((await driver.until("end"))[0]).toBe(`CompleteAwakeable (awakeable ${id}) = empty`);
  });

  test("is refused for good where its id is none, and the id is named", async () => {
    for (const id of ["sign_1x", "prom_1", "", undefined]) {
      for (const complete of ["resolveAwakeable", "rejectAwakeable"] as const) {
        const driver = attempt(async (ctx) => {
          ctx[complete](id as string, "x");
        });
        const [said] = await driver.until("end");
        expect(said).toMatch(/^end ! 400 .* is no awakeable id/);
        expect(said).toContain(String(JSON.stringify(id)));
      }
    }
  });

  test("of the older form is taken for one that is gone: nothing is sent", async () => {
    const older = `prom_1${"A".repeat(38)}`;
    const driver = attempt(async (ctx) => {
      ctx.resolveAwakeable(older, "x");
      ctx.rejectAwakeable(older, "no");
      return "done";
    });
    expect(await driver.until("end")).toEqual(['end = "done"']);
  });
});
