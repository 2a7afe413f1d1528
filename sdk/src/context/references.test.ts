// Other invocations: their results and their cancellation.

import type { AttachCommand } from "@perdure/proto/protocol/v1/journal";
import { describe, expect, test } from "vitest";
import { service, workflow } from "../definitions/define.js";
import {
  attempt,
  invocationOfTests as other,
  type AttemptDriver,
  type Code,
} from "../endpoint/session.fixture.js";
import { completedVoid, completedWith, failedWith } from "../replay/entries.fixture.js";
import { serde } from "../serde/serde.js";
import type { Context } from "./context.js";
import { InvocationIdParser } from "./invocation-id.js";

const signup = workflow({
  name: "Signup",
  handlers: { run: async (_: Context, name: string) => name },
});
const greeter = service({
  name: "Greeter",
  handlers: { greet: async (_: Context, name: string) => name },
});

function referenceOf(driver: AttemptDriver): AttachCommand["target"] {
  const { frame } = driver.frames[0] ?? {};
  if (frame?.case !== "command") throw new Error("no command");
  const { body } = frame.value;
  if (body.case !== "attach" && body.case !== "getOutput") throw new Error("no reference");
  return body.value.target;
}

describe("attaching to another invocation", () => {
  test("waits for its result", async () => {
    const driver = attempt(async (ctx) => ctx.invocation(other).attach<string>());
    expect(await driver.until("waiting")).toEqual([
      `Attach (${other}) #1`,
      "waiting for first(cancel, #1), seen 0",
    ]);
    driver.notify(2, completedWith(1, "result"));
    expect(await driver.until("end")).toEqual(['end = "result"']);
  });

  test("throws its failure", async () => {
    const driver = attempt(async (ctx) => ctx.invocation(other).attach());
    driver.notify(2, failedWith(1, "no", 404));
    expect((await driver.until("end")).at(-1)).toBe("end ! 404 no");
  });

  test("reads by a serde, and can be done the older way", async () => {
    const driver = attempt(async (ctx) => {
      const bytes = await ctx.invocation(other).attach(serde.binary);
      return [Buffer.from(bytes).toString(), await ctx.attach(other)];
    });
    driver.notify(2, completedWith(1, 5));
    await driver.until("waiting");
    driver.notify(4, completedWith(2, "older"));
    expect((await driver.until("end")).at(-1)).toBe('end = ["5","older"]');
  });

  test("is not cancelled along with this one: it is no call", async () => {
    const driver = attempt(async (ctx) => ctx.invocation(other).attach());
    await driver.until("waiting");
    const { cancelSignal } = await import("../replay/entries.fixture.js");
    driver.notify(2, cancelSignal);
    expect(await driver.until("end")).toEqual(["end ! 409 Cancelled"]);
  });
});

describe("the output of another invocation", () => {
  test("is there, or undefined while it is not", async () => {
    const driver = attempt(async (ctx) => {
      const reference = ctx.invocation(other);
      const early = await reference.output<string>();
      return [early === undefined, await reference.output<string>()];
    });
    expect((await driver.until("waiting"))[0]).toBe(`GetOutput (${other}) #1`);
    driver.notify(2, completedVoid(1));
    await driver.until("waiting");
    driver.notify(4, completedWith(2, "there"));
    expect(await driver.until("end")).toEqual(['end = [true,"there"]']);
  });
});

describe("an invocation", () => {
  test("can be named by the key of its workflow", async () => {
    for (const named of [signup, "Signup"]) {
      const driver = attempt(async (ctx) =>
        ctx.invocation({ workflow: named, key: "ada", scope: "s" }).attach(),
      );
      expect((await driver.until("waiting"))[0]).toBe('Attach (Signup/ada, scope "s") #1');
      expect(referenceOf(driver)).toMatchObject({
        reference: { case: "workflow", value: { workflow: "Signup", key: "ada", scope: "s" } },
      });
    }
  });

  test("can be named by an idempotency key", async () => {
    const target = { service: greeter, handler: "greet", idempotencyKey: "k" };
    const driver = attempt(async (ctx) => ctx.invocation(target).output());
    expect((await driver.until("waiting"))[0]).toBe("GetOutput (Greeter//greet/k) #1");
    expect(referenceOf(driver)?.reference.value).toMatchObject({
      service: "Greeter",
      handler: "greet",
      idempotencyKey: "k",
    });
    const ofObject = attempt(async (ctx) =>
      ctx.invocation({ ...target, service: "Counter", key: "a" }).attach(),
    );
    expect((await ofObject.until("waiting"))[0]).toBe("Attach (Counter/a/greet/k) #1");
  });

  test("can be cancelled, by either form", async () => {
    const driver = attempt(async (ctx) => {
      ctx.invocation(other).cancel();
      ctx.cancel(other);
    });
    expect(await driver.until("end")).toEqual([
      `Cancel (${other})`,
      `Cancel (${other})`,
      "end = empty",
    ]);
  });

  test("has an id: what is none fails for good, with 400, and is named", async () => {
    for (const id of ["inv_1x", "dp_1", "", undefined, null, 7]) {
      for (const code of [
        async (ctx) => ctx.invocation(id as never),
        async (ctx) => ctx.cancel(id as never),
        async (ctx) => ctx.attach(id as never),
      ] as Code[]) {
        const [said] = await attempt(code).until("end");
        expect(said).toMatch(/^end ! 400 .* is no invocation id/);
        expect(said).toContain(String(JSON.stringify(id)));
      }
    }
    expect(InvocationIdParser.fromString(other)).toBe(other);
  });
});
