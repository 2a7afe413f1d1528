// Attempts as requests: what one answer brings, and what the next request makes of it.

import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  InvokeRequestSchema,
  ServerFrameSchema,
  StartSchema,
  type InvokeRequest,
} from "@perdure/proto/protocol/v1/deployment";
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import { valueOf } from "@perdure/protocol/messages";
import { describe, expect, test } from "vitest";
import type { WorkflowContext } from "../context/context.js";
import { workflow } from "../definitions/define.js";
import { completedVoid, completedWith, input, run, sleep } from "../replay/entries.fixture.js";
import { frameText } from "./frame-text.fixture.js";
import type { EndpointOptions } from "./endpoint-options.js";
import { helloOf } from "./hello.js";
import { invoke } from "./invoke.js";
import { resolveEndpoint } from "./resolve-endpoint.js";
import { invocationOfTests, latch, numberOf, turns } from "./session.fixture.js";

type Program = (ctx: WorkflowContext) => Promise<unknown>;

const hello = helloOf({ instanceId: "instance", buildId: "build" });

function requestOf(entries: readonly Entry[], handler = "run"): InvokeRequest {
  const start = create(StartSchema, {
    invocationId: invocationOfTests,
    target: { service: "W", handler, key: "k" },
    knownEntries: entries.length,
    entries: [...entries],
  });
  const frame = create(ServerFrameSchema, {
    streamId: 7,
    attempt: numberOf(3, 2),
    frame: { case: "start", value: start },
  });
  return create(InvokeRequestSchema, { frames: [frame] });
}

function serving(code: Program, options: Partial<EndpointOptions> = {}) {
  const endpoint = resolveEndpoint({
    services: [workflow({ name: "W", handlers: { run: code } })],
    logger: () => undefined,
    ...options,
  });
  return (request: InvokeRequest, signal = new AbortController().signal) =>
    invoke(request, endpoint, hello, signal);
}

/** What the code says to a journal, by one request. */
async function said(code: Program, ...journal: Entry[]): Promise<string[]> {
  const { frames } = await serving(code)(requestOf([input(), ...journal]));
  return frames.map(frameText);
}

describe("the answer to a request", () => {
  test("ends with the output of a handler that has returned", async () => {
    expect(await said(async () => "done")).toEqual(['end = "done"']);
  });

  test("ends with the failure of the attempt", async () => {
    const frames = await said(async () => {
      throw new Error("broken");
    });
    expect(frames).toEqual([expect.stringContaining("broken")]);
  });

  test("ends with what the code waits for, and all that it did before", async () => {
    const code: Program = async (ctx) => {
      ctx.set("a", 1);
      await ctx.sleep(10);
      return "slept";
    };
    const frames = await said(code);
    expect(frames).toHaveLength(3);
    expect(frames.at(-1)).toMatch(/^waiting /);
    const { frames: raw } = await serving(code)(requestOf([input()]));
    expect(
      raw.map(({ streamId, attempt }) => [streamId, attempt?.counter, attempt?.epoch]),
    ).toEqual([
      [7, 3, 2],
      [7, 3, 2],
      [7, 3, 2],
    ]);
  });

  test("carries Hello", async () => {
    const response = await serving(async () => 1)(requestOf([input()]));
    expect(response.hello).toMatchObject({ instanceId: "instance", buildId: "build" });
  });

  test("names the handler that this deployment does not have", async () => {
    const { frames } = await serving(async () => 1)(requestOf([input()], "other"));
    expect(frames.map(frameText)).toEqual([expect.stringContaining("no handler W/other any more")]);
  });
});

describe("a step in a request", () => {
  test("ends it with its result: the code does not go on before that is recorded", async () => {
    const after: unknown[] = [];
    const code: Program = async (ctx) => {
      after.push(await ctx.run("a", () => "A"));
      return after;
    };
    const first = await said(code);
    expect(first).toHaveLength(3);
    expect(first[1]).toContain("propose");
    expect(first[2]).toMatch(/^waiting /);
    await turns();
    expect(after).toEqual([]);

    expect(await said(code, run(1, "a"), completedWith(1, "A"))).toEqual(['end = ["A"]']);
  });

  test("that others run beside waits for them, so that all are recorded at once", async () => {
    const gate = latch();
    const code: Program = async (ctx) =>
      Promise.all([
        ctx.run("fast", () => 1),
        ctx.run("slow", async () => gate.opened.then(() => 2)),
      ]);
    const answer = said(code);
    let answered = false;
    void answer.then(() => (answered = true));
    await turns();
    expect(answered).toBe(false);
    gate.open();
    const frames = await answer;
    expect(frames.filter((text) => text.includes("propose"))).toHaveLength(2);
    expect(frames.at(-1)).toMatch(/^waiting /);
  });

  test("that fails fails the attempt, without a result", async () => {
    const frames = await said(async (ctx) =>
      ctx.run("a", () => {
        throw new Error("not now");
      }),
    );
    expect(frames).toHaveLength(2);
    expect(frames.at(-1)).toContain("not now");
  });

  test("whose result is recorded is not executed again", async () => {
    let executed = 0;
    const code: Program = async (ctx) => {
      const a = await ctx.run("a", () => ++executed);
      await ctx.sleep(1);
      return a;
    };
    const journal = [run(1, "a"), completedWith(1, 5), sleep(2), completedVoid(2)];
    expect(await said(code, ...journal)).toEqual(["end = 5"]);
    expect(executed).toBe(0);
  });
});

describe("a request", () => {
  test("that is given up tells the code, and is answered with nothing", async () => {
    const controller = new AbortController();
    const gate = latch();
    let signal: AbortSignal | undefined;
    const answer = serving(async (ctx) => {
      signal = ctx.request().attemptCompletedSignal;
      await gate.opened;
    })(requestOf([input()]), controller.signal);
    await turns();
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: Code.Canceled });
    expect(signal?.aborted).toBe(true);
  });

  test("without Start, or with less of the journal than it says, is refused", async () => {
    const ask = serving(async () => 1);
    const none = create(InvokeRequestSchema, { frames: [] });
    await expect(ask(none)).rejects.toMatchObject({ code: Code.InvalidArgument });
    const short = requestOf([input()]);
    const { frame } = short.frames[0] ?? { frame: undefined };
    if (frame?.case === "start") frame.value.knownEntries = 2;
    await expect(ask(short)).rejects.toThrow("2 entries, and 1 came");
  });

  test("of a server with which it has no version in common is refused", async () => {
    const request = requestOf([input()]);
    const future = { ...hello, minProtocolVersion: 1_000, maxProtocolVersion: 1_001 };
    await expect(serving(async () => 1)({ ...request, hello: future })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
    });
  });

  test("tells the attempt that it is over when it only waits", async () => {
    let signal: AbortSignal | undefined;
    await said(async (ctx) => {
      signal = ctx.request().attemptCompletedSignal;
      await ctx.sleep(1);
    });
    expect(signal?.aborted).toBe(true);
  });
});

test("with a journal value codec, values are decoded before the code runs, and encoded in the answer", async () => {
  const flip = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (byte) => byte ^ 0xff);
  const ask = serving(async (ctx) => ctx.run("a", () => "secret"), {
    journalValueCodecProvider: () => ({ encode: flip, decode: async (bytes) => flip(bytes) }),
  });
  const coded = (value: unknown) => flip(new TextEncoder().encode(JSON.stringify(value)));
  const entry = input();
  if (entry.body.case === "input") entry.body.value.value = valueOf(coded(null));

  const { frames } = await ask(requestOf([entry]));
  expect(frames.map(({ frame }) => frame.case)).toEqual([
    "command",
    "proposeCompletion",
    "waiting",
  ]);
  const result =
    frames[1]?.frame.case === "proposeCompletion" ? frames[1].frame.value.result : undefined;
  expect(result).toMatchObject({ case: "value", value: { content: { value: coded("secret") } } });
});
