// Named signals: those that a handler waits for, and those that it sends.

import { describe, expect, test } from "vitest";
import {
  attempt,
  invocationOfTests as other,
  latch,
  turns,
  type Code,
} from "../endpoint/session.fixture.js";
import { TerminalError } from "../errors.js";
import { DurablePromise } from "../futures/names.js";
import {
  completedVoid,
  completedWith,
  failure,
  jsonValue,
  namedSignal,
  run,
  sleep,
} from "../replay/entries.fixture.js";
import { serde } from "../serde/serde.js";

function value(of: unknown) {
  return { case: "value" as const, value: jsonValue(of) };
}

describe("a named signal", () => {
  test("settles what waits for its name", async () => {
    const driver = attempt(async (ctx) => ctx.signal<string>("go"));
    expect(await driver.until("waiting")).toEqual(["waiting for first(cancel, go), seen 0"]);
    driver.notify(1, namedSignal("stop", value("other")));
    expect(await driver.until("waiting")).toEqual(["waiting for first(cancel, go), seen 1"]);
    driver.notify(2, namedSignal("go", value("now")));
    expect(await driver.until("end")).toEqual(['end = "now"']);
  });

  test("may have a structured payload, one of an own serde, or none", async () => {
    const driver = attempt(async (ctx) => {
      const { ok } = await ctx.signal<{ ok: boolean }>("a");
      const bytes = await ctx.signal("b", serde.binary);
      const nothing = await ctx.signal<void>("c");
      const empty = await ctx.signal<void>("d");
      return [ok, Buffer.from(bytes).toString(), nothing === undefined, empty === undefined];
    });
    driver.notify(1, namedSignal("a", value({ ok: true })));
    driver.notify(2, namedSignal("b", value(5)));
    driver.notify(3, namedSignal("c"));
    driver.notify(4, namedSignal("d", value(undefined)));
    expect((await driver.until("end")).at(-1)).toBe('end = [true,"5",true,true]');
  });

  test("that is rejected throws a terminal error, with its code and metadata", async () => {
    const driver = attempt(async (ctx) => ctx.signal("go"));
    const { code, message } = failure("boom", 418);
    const metadata = [{ $typeName: "perdure.protocol.v1.Header" as const, name: "a", value: "b" }];
    const rejected = { ...failure(message, code), metadata };
    driver.notify(1, namedSignal("go", { case: "failure", value: rejected }));
    expect((await driver.until("end")).at(-1)).toBe("end ! 418 boom a=b");
  });

  test("is told to the server as a leaf of what is awaited", async () => {
    const all = attempt(async (ctx) => DurablePromise.all([ctx.signal("a"), ctx.signal("b")]));
    expect(await all.until("waiting")).toEqual(["waiting for first(cancel, all(a, b)), seen 0"]);
    all.notify(1, namedSignal("b", value(2)));
    expect(await all.until("waiting")).toEqual(["waiting for first(cancel, all(a)), seen 1"]);
    all.notify(2, namedSignal("a", value(1)));
    expect(await all.until("end")).toEqual(["end = [1,2]"]);
  });
});

describe("signals of one name", () => {
  const three: Code = async (ctx) => {
    const seen: unknown[] = [];
    for (let count = 0; count < 3; count++) seen.push(await ctx.signal("next"));
    return seen;
  };

  test("are a queue: each await gets the next", async () => {
    const driver = attempt(three);
    for (const count of [1, 2, 3]) {
      await driver.until("waiting");
      driver.notify(count, namedSignal("next", value(count)));
    }
    expect(await driver.until("end")).toEqual(["end = [1,2,3]"]);
  });

  test("that come before anybody waits are kept, in order", async () => {
    const driver = attempt(async (ctx) => {
      await ctx.sleep(1);
      return three(ctx, undefined);
    });
    await driver.until("waiting");
    driver.notify(2, namedSignal("next", value(1)));
    driver.notify(3, namedSignal("next", value(2)));
    driver.notify(4, completedVoid(1));
    expect(await driver.until("waiting")).toEqual(["waiting for first(cancel, next), seen 4"]);
    driver.notify(5, namedSignal("next", value(3)));
    expect(await driver.until("end")).toEqual(["end = [1,2,3]"]);
  });

  test("go to the first made of the promises that are awaited", async () => {
    const driver = attempt(async (ctx) => {
      const [first, second, third] = [ctx.signal("next"), ctx.signal("next"), ctx.signal("next")];
      return [await DurablePromise.all([third, second]), await first];
    });
    await driver.until("waiting");
    for (const count of [1, 2, 3]) driver.notify(count, namedSignal("next", value(count)));
    expect((await driver.until("end")).at(-1)).toBe("end = [[2,1],3]");
  });

  test("are not lost on a promise that nobody awaits any more", async () => {
    const driver = attempt(async (ctx) => {
      const next = async (): Promise<unknown> =>
        ctx
          .signal("next")
          .orTimeout(50)
          .catch(() => "timeout");
      return [await next(), await next(), await next()];
    });
    driver.notify(2, completedVoid(1));
    driver.notify(3, namedSignal("next", value(1)));
    driver.notify(4, namedSignal("next", value(2)));
    expect((await driver.until("end")).at(-1)).toBe('end = ["timeout",1,2]');
  });

  test("are the same on replay", async () => {
    const journal = [1, 2, 3].map((count) => namedSignal("next", value(count)));
    expect(await attempt(three, { journal }).until("end")).toEqual(["end = [1,2,3]"]);
  });

  test("that several promises wait for wake the attempt each: the server can't tell for which it is", async () => {
    const driver = attempt(async (ctx) =>
      DurablePromise.any([ctx.signal("next"), ctx.signal("next"), ctx.sleep(1)]),
    );
    expect((await driver.until("waiting")).at(-1)).toBe(
      "waiting for first(cancel, next, any(#1, next, next)), seen 0",
    );
    driver.notify(2, namedSignal("next", { case: "failure", value: failure("no") }));
    expect(await driver.until("waiting")).toEqual([
      "waiting for first(cancel, any(#1, next)), seen 2",
    ]);
    driver.notify(3, namedSignal("next", value("yes")));
    expect(await driver.until("end")).toEqual(['end = "yes"']);
  });

  test("in batches come with all of a name's promises", async () => {
    const driver = attempt(async (ctx) => {
      const batch = async (): Promise<unknown> =>
        DurablePromise.all([ctx.signal("next"), ctx.signal("next")]);
      return [await batch(), await batch()];
    });
    for (const count of [1, 2, 3, 4]) driver.notify(count, namedSignal("next", value(count)));
    expect((await driver.until("end")).at(-1)).toBe("end = [[1,2],[3,4]]");
  });

  test("race against a time-out, both ways, and one that comes too late is kept", async () => {
    const code: Code = async (ctx) => {
      try {
        return await ctx.signal("next").orTimeout(50);
      } catch (error) {
        const late = await ctx.signal("next");
        return [(error as Error).message, late];
      }
    };
    const inTime = attempt(code);
    expect((await inTime.until("waiting")).at(-1)).toBe(
      "waiting for first(cancel, first(#1, next)), seen 0",
    );
    inTime.notify(2, namedSignal("next", value("in time")));
    expect(await inTime.until("end")).toEqual(['end = "in time"']);

    const late = attempt(code);
    late.notify(2, completedVoid(1));
    late.notify(3, namedSignal("next", value("late")));
    expect((await late.until("end")).at(-1)).toBe('end = ["Timeout occurred","late"]');
  });

  test("mix with steps", async () => {
    const race = attempt(async (ctx) => DurablePromise.race([ctx.signal("a"), ctx.run(() => 1)]), {
      journal: [run(1), completedWith(1, "ran")],
    });
    expect(await race.until("end")).toEqual(['end = "ran"']);
    const gate = latch();
    const any = attempt(async (ctx) =>
      DurablePromise.any([
        ctx.run("fails", async () => {
          await gate.opened;
          throw new TerminalError("no");
        }),
        ctx.signal("a"),
      ]),
    );
    await any.until("command");
    gate.open();
    await any.until("proposeCompletion");
    any.accept(2, 1);
    expect((await any.until("waiting")).at(-1)).toBe("waiting for first(cancel, any(a)), seen 2");
    any.notify(3, namedSignal("a", value("signalled")));
    expect(await any.until("end")).toEqual(['end = "signalled"']);
  });
});

describe("a signal to another invocation", () => {
  test("is sent by a command, each time", async () => {
    const driver = attempt(async (ctx) => {
      const { signal } = ctx.invocation(other);
      const go = signal<{ ok: boolean }>("go");
      go.resolve({ ok: true });
      go.resolve({ ok: false });
      signal("none").resolve();
      signal("none", serde.binary).resolve();
      signal("raw", serde.binary).resolve(Buffer.from("raw"));
      signal("raw").resolve(Buffer.from("own"), serde.binary);
      signal("no").reject("boom");
      signal("no").reject(new TerminalError("gone", { errorCode: 410, metadata: { a: "b" } }));
    });
    const to = (name: string, what: string): string =>
      `SendSignal (signal "${name}" to ${other}) ${what}`;
    expect(await driver.until("end")).toEqual([
      to("go", '= {"ok":true}'),
      to("go", '= {"ok":false}'),
      to("none", "void"),
      to("none", "= empty"),
      to("raw", "= raw"),
      to("raw", "= own"),
      to("no", "! 500 boom"),
      to("no", "! 410 gone a=b"),
      "end = empty",
    ]);
  });

  test("needs a name, here and there", async () => {
    for (const code of [
      async (ctx) => ctx.signal(""),
      async (ctx) => ctx.invocation(other).signal(undefined as never),
    ] as Code[]) {
      expect((await attempt(code).until("failed")).at(-1)).toContain("a signal has a name");
    }
  });

  test("is compared on replay: by name and receiver, not by value", async () => {
    const sent =
      (name: string): Code =>
      async (ctx) => {
        ctx.invocation(other).signal(name).resolve(1);
        await ctx.sleep(1);
      };
    const first = attempt(sent("go"));
    await first.until("waiting");
    const { frame } = first.frames[0] ?? {};
    if (frame?.case !== "command") throw new Error("no command");
    const journal = [frame.value, sleep(1)];
    expect(await attempt(sent("go"), { journal }).until("waiting")).toHaveLength(1);
    expect(await attempt(sent("stop"), { journal }).until("failed")).toEqual([
      expect.stringContaining(`recorded was SendSignal (signal "go" to ${other})`),
    ]);
    await turns();
  });
});
