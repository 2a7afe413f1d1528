// The journal value codec: everything that a user wrote is encoded in the journal, and nobody but the codec knows.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import { valueOf } from "@perdure/protocol/messages";
import { describe, expect, test } from "vitest";
import {
  attempt,
  invocationOfTests,
  latch,
  sessionOf,
  startOf,
  turns,
  type CodeOptions,
} from "../endpoint/session.fixture.js";
import {
  command,
  completedVoid,
  completedWith,
  completion,
  failedWith,
  input,
  run,
  signal,
  sleep,
} from "../replay/entries.fixture.js";
import type { JournalValueCodec } from "../serde/journal-value-codec.js";

/** Text in angle brackets: readable in tests, and refused where it is missing. */
const brackets: JournalValueCodec = {
  encode: (bytes) => Buffer.from(`<${Buffer.from(bytes).toString()}>`),
  decode: async (bytes) => {
    const text = Buffer.from(bytes).toString();
    if (!/^<.*>$/s.test(text)) throw new Error(`"${text}" is not in brackets`);
    return Buffer.from(text.slice(1, -1));
  },
};

function withCodec(
  options: CodeOptions = {},
  provider: () => JournalValueCodec | Promise<JournalValueCodec> = () => brackets,
): CodeOptions {
  return {
    entries: [coded("input", undefined)],
    ...options,
    endpoint: { journalValueCodecProvider: provider },
  };
}

const inBrackets = (text: string): ReturnType<typeof valueOf> => valueOf(Buffer.from(`<${text}>`));

function coded(type: "input", value: unknown): Entry {
  const text = value === undefined ? "" : JSON.stringify(value);
  return command({ case: type, value: { value: inBrackets(text) } });
}

function codedCompletion(completionId: number, text: string): Entry {
  return completion(completionId, { case: "value", value: inBrackets(text) });
}

describe("with a codec", () => {
  test("the input is decoded and the output encoded, whole", async () => {
    const driver = attempt(async (ctx, given) => [given, ctx.request().body.length], {
      ...withCodec(),
      entries: [coded("input", "Ada")],
    });
    expect(await driver.until("end")).toEqual(['end = <["Ada",5]>']);
  });

  test("nothing is something, too", async () => {
    const driver = attempt(async (_, given) => given, withCodec());
    expect(await driver.until("end")).toEqual(["end = <>"]);
    const absent = attempt(async (_, given) => String(given), {
      ...withCodec({}, () => ({ encode: (bytes) => bytes, decode: async (bytes) => bytes })),
      entries: [command({ case: "input", value: {} })],
    });
    expect(await absent.until("end")).toEqual(['end = "undefined"']);
  });

  test("all that is written is encoded; names, keys and failures are not", async () => {
    const driver = attempt(async (ctx) => {
      ctx.set("k", "v");
      void ctx.get("k");
      ctx.clear("k");
      void ctx.promise("p").resolve(1);
      void ctx.promise("q").reject("no");
      void ctx.genericCall({ service: "S", method: "m", parameter: Buffer.from("in") });
      ctx.genericSend({ service: "S", method: "m", parameter: Buffer.from("sent") });
      return ctx.run("a", () => 5);
    }, withCodec());
    expect(await driver.until("proposeCompletion")).toEqual([
      'SetState (key "k") = <"v">',
      'GetState (key "k") #1 = <"v">',
      'ClearState (key "k")',
      'CompletePromise (promise "p") #2 = <1>',
      'CompletePromise (promise "q") #3 ! 500 no',
      "Call (S/m) #4 #5 with <in>",
      "Send (S/m) #6 with <sent>",
      'Run "a" #7',
      "propose #7 = <5>",
    ]);
  });

  test("values for others are encoded: of awakeables, of signals", async () => {
    const driver = attempt(
      async (ctx) => {
        ctx.resolveAwakeable(ctx.awakeable().id, "x");
        ctx.invocation(invocationOfTests).signal("s").resolve("y");
        await ctx.sleep(1);
      },
      { ...withCodec(), invocationId: invocationOfTests },
    );
    await driver.until("waiting");
    const bodies = driver.frames.flatMap(({ frame }) =>
      frame.case === "command" ? [frame.value.body] : [],
    );
    expect(bodies).toMatchObject([
      { case: "completeAwakeable", value: { result: { case: "value", value: inBrackets('"x"') } } },
      { case: "sendSignal", value: { result: { case: "value", value: inBrackets('"y"') } } },
      { case: "sleep" },
    ]);
  });

  test("what is in the journal is decoded: results, state that was read, state that was written", async () => {
    const journal = [
      run(1, "a"),
      codedCompletion(1, "5"),
      command({
        case: "getState",
        value: { completionId: 2, key: "k", eager: { case: "value", value: inBrackets('"then"') } },
      }),
      command({ case: "setState", value: { key: "k", value: inBrackets('"stored"') } }),
    ];
    const driver = attempt(
      async (ctx) => {
        const a = await ctx.run("a", () => 0);
        const then = await ctx.get("k");
        ctx.set("k", "other");
        return [a, then, await ctx.get("k")];
      },
      { ...withCodec(), entries: [coded("input", 1), ...journal] },
    );
    expect((await driver.until("end")).at(-1)).toBe('end = <[5,"then","stored"]>');
  });

  test("state that comes with the attempt is decoded, and so is what is asked for", async () => {
    const driver = attempt(async (ctx) => [await ctx.get("a"), await ctx.get("b")], {
      ...withCodec(),
      state: [{ key: "a", value: inBrackets("1") }],
      partialState: true,
    });
    await driver.until("waiting");
    driver.notify(3, codedCompletion(2, "2"));
    expect(await driver.until("end")).toEqual(["end = <[1,2]>"]);
  });

  test("signals and failures come through", async () => {
    const driver = attempt(
      async (ctx) => {
        const value = await ctx.awakeable().promise;
        const failed = await ctx.run("a", () => 1).map((_, error) => error?.message);
        return [value, failed];
      },
      { ...withCodec(), invocationId: "inv_1test" },
    );
    await driver.until("waiting");
    driver.notify(1, signal(17, { case: "value", value: inBrackets('"x"') }));
    await driver.until("proposeCompletion");
    driver.notify(3, failedWith(1, "no"));
    expect(await driver.until("end")).toEqual(['end = <["x","no"]>']);
  });

  test("the result of a step is what the attempt proposed, once it is recorded", async () => {
    const driver = attempt(async (ctx) => ctx.run("a", () => ({ n: 1 })), withCodec());
    expect(await driver.until("proposeCompletion")).toContain('propose #1 = <{"n":1}>');
    driver.accept(2, 1);
    expect(await driver.until("end")).toEqual(['end = <{"n":1}>']);
  });

  test("recorded values are not compared with those of the code", async () => {
    const journal = [command({ case: "setState", value: { key: "k", value: inBrackets("1") } })];
    const driver = attempt(
      async (ctx) => {
        ctx.set("k", 2);
      },
      { ...withCodec(), entries: [coded("input", 1), ...journal] },
    );
    expect(await driver.until("end")).toEqual(["end = <>"]);
  });

  test("entries that were given stay as they are: they may be given again", async () => {
    const entries = [coded("input", "Ada"), run(1, "a"), codedCompletion(1, "5")];
    const options = { ...withCodec(), entries };
    const session = sessionOf(async (ctx, given) => [given, await ctx.run("a", () => 0)], options);
    for (let time = 0; time < 2; time++) {
      expect(await session.start(startOf(options)).until("end")).toEqual(['end = <["Ada",5]>']);
    }
  });
});

describe("decoding that takes time", () => {
  test("keeps notifications, and what is accepted, in order", async () => {
    const slow = latch();
    const codec: JournalValueCodec = {
      ...brackets,
      decode: async (bytes) => {
        if (Buffer.from(bytes).toString() === '<"slow">') await slow.opened;
        return brackets.decode(bytes);
      },
    };
    const order: string[] = [];
    const driver = attempt(
      async (ctx) => {
        const note = (name: string) => (value: unknown) =>
          void order.push(`${name} ${String(value)}`);
        const calls = ["x", "y"].map((method) =>
          ctx.genericCall({ service: "S", method, parameter: new Uint8Array() }),
        );
        const step = ctx.run("a", () => "step");
        await Promise.all([
          calls[0]?.then((bytes) => note("x")(Buffer.from(bytes))),
          calls[1]?.then((bytes) => note("y")(Buffer.from(bytes))),
          step.then(note("a")),
        ]);
      },
      withCodec({}, () => codec),
    );
    await driver.until("proposeCompletion");
    driver.notify(4, codedCompletion(2, '"slow"'));
    driver.notify(5, codedCompletion(4, '"fast"'));
    driver.accept(6, 5);
    await turns();
    expect(order).toEqual([]);
    slow.open();
    await driver.until("end");
    expect(order).toEqual(['x "slow"', 'y "fast"', "a step"]);
  });

  test("holds back the code until the journal is decoded; one that is let go meanwhile never runs", async () => {
    const gate = latch();
    const codec = { ...brackets, decode: async () => gate.opened.then(() => new Uint8Array()) };
    let runs = 0;
    const session = sessionOf(
      async () => ++runs,
      withCodec({}, () => codec),
    );
    const kept = session.start({ entries: [coded("input", 1)] });
    const dropped = session.start({ entries: [coded("input", 1)] });
    await turns();
    dropped.drop();
    await turns();
    expect(runs).toBe(0);
    gate.open();
    await kept.until("end");
    await turns();
    expect(runs).toBe(1);
    expect(dropped.said).toEqual([]);
    expect(session.session.running).toBe(0);
  });

  test("takes what comes while the journal is being decoded", async () => {
    const gate = latch();
    const codec: JournalValueCodec = {
      ...brackets,
      decode: async (bytes) => gate.opened.then(() => brackets.decode(bytes)),
    };
    const driver = attempt(async (ctx) => ctx.awakeable().promise, {
      ...withCodec({}, () => codec),
      invocationId: "inv_1test",
    });
    driver.notify(1, signal(17, { case: "value", value: inBrackets("7") }));
    await turns();
    gate.open();
    expect((await driver.until("end")).at(-1)).toBe("end = <7>");
  });
});

describe("a value that can't be decoded", () => {
  test("as the input ends the invocation with 400", async () => {
    const driver = attempt(async () => "unreached", { ...withCodec(), entries: [input("plain")] });
    expect(await driver.until("end")).toEqual([
      'end ! 400 Failed to decode input using journal value codec: the journal value codec could not decode a value: ""plain"" is not in brackets (PDR2021)',
    ]);
  });

  test("fails the attempt when the code reads it, and is told of its command", async () => {
    const code = async (ctx: Parameters<Parameters<typeof attempt>[0]>[0]): Promise<unknown> => {
      const first = ctx.genericCall({ service: "S", method: "m", parameter: new Uint8Array() });
      await ctx.sleep(1);
      return first;
    };
    const driver = attempt(code, withCodec());
    await driver.until("waiting");
    driver.notify(3, completedWith(2, "plain"));
    driver.notify(4, completedVoid(3));
    expect(await driver.until("failed")).toEqual([expect.stringContaining("(PDR2021)")]);
    expect(driver.frames.at(-1)?.frame.value).toMatchObject({
      relatedCommandIndex: 1,
      relatedCommandType: "call",
    });
  });

  test("does no harm where nobody reads it", async () => {
    const driver = attempt(async (ctx) => ctx.sleep(1).map(() => "fine"), {
      ...withCodec(),
      entries: [coded("input", 1), sleep(1), completedVoid(1)],
      state: [{ key: "k", value: valueOf(Buffer.from("plain")) }],
    });
    expect(await driver.until("end")).toEqual(['end = <"fine">']);
  });
});

describe("a codec that fails", () => {
  test("to encode fails the attempt, and the code rests", async () => {
    let caught: unknown;
    const codec: JournalValueCodec = {
      ...brackets,
      encode: () => {
        throw new Error("no key");
      },
    };
    const driver = attempt(
      async (ctx) => {
        try {
          ctx.set("k", 1);
          await ctx.sleep(1);
        } catch (error) {
          caught = error;
        }
      },
      withCodec({}, () => codec),
    );
    expect(await driver.until("failed")).toEqual([
      "failed ! 500 the journal value codec could not encode a value: no key (PDR2021)",
    ]);
    await turns();
    expect(caught).toBeUndefined();
  });

  test("by making no bytes is told so", async () => {
    const codec = { ...brackets, encode: () => "text" as never };
    const driver = attempt(
      async () => 1,
      withCodec({}, () => codec),
    );
    expect(await driver.until("failed")).toEqual([
      expect.stringContaining("it made no bytes but string (PDR2021)"),
    ]);
  });

  test("to be made fails the attempt; the next one asks the provider again, once for all", async () => {
    let asked = 0;
    const provider = async (): Promise<JournalValueCodec> => {
      if (++asked === 1) throw new Error("no keys yet");
      return brackets;
    };
    const session = sessionOf(async () => 1, withCodec({}, provider));
    const start = { entries: [coded("input", 1)] };
    expect(await session.start(start).until("failed")).toEqual([
      "failed ! 500 the journal value codec could not be made: no keys yet (PDR2021)",
    ]);
    expect(await session.start(start).until("end")).toEqual(["end = <1>"]);
    expect(await session.start(start).until("end")).toEqual(["end = <1>"]);
    expect(asked).toBe(2);
  });
});
