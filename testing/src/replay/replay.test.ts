// Journals that a server recorded, replayed against the code that wrote them and against code that has changed.

import { clone, create, toJson, toJsonString } from "@bufbuild/protobuf";
import { JournalExportSchema, type JournalExport } from "@perdure/proto/admin/v1/journal_export";
import {
  object,
  service,
  TerminalError,
  workflow,
  type Context,
  type ObjectContext,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { TestEnvironment } from "../test-environment.js";
import { replay, type ReplayResult } from "./replay.js";

type Order = (ctx: Context, item: string) => Promise<string>;

/** Steps and other things outside, in the order in which they happened. */
let outside: string[] = [];

function orders(handle: Order, more: Record<string, Order> = {}) {
  return service({ name: "Orders", handlers: { handle, ...more } });
}

/** What was in production when the journals were recorded. */
const original = orders(async (ctx, item) => {
  const price = await ctx.run("price", () => {
    outside.push("price");
    return 12;
  });
  await ctx.sleep({ hours: 1 }, "think it over");
  await ctx.run("charge", () => {
    outside.push("charge");
  });
  return `${item} for ${String(price)} as ${String(Math.floor(ctx.rand.random() * 1e9))}`;
});

let env: TestEnvironment;
/** Of an order that is complete. */
let complete: JournalExport;

beforeAll(async () => {
  env = await TestEnvironment.start({ services: [original] });
  const sent = await env.client.serviceSendClient(original).handle("tea");
  await env.advance({ hours: 1 });
  complete = await env.journalOf(sent);
});

afterAll(() => env.stop());

beforeEach(() => {
  outside = [];
});

/** As it was when it had so many entries. */
function prefix(length: number): JournalExport {
  const journal = clone(JournalExportSchema, complete);
  journal.entries = journal.entries.slice(0, length);
  return journal;
}

function mismatchOf(result: ReplayResult): unknown {
  if (result.ok) throw new Error(`expected a mismatch, but the code ${result.status}`);
  const [{ index, recorded, asked } = {}] = result.mismatches as readonly Partial<
    (typeof result.mismatches)[0]
  >[];
  return { index, recorded, asked };
}

describe("replay", () => {
  test("leads the code that wrote a journal to the same end, without running a step", async () => {
    const types = complete.entries.map(({ body }) => body.case);
    expect(types).toEqual([
      "input",
      "run",
      "completion",
      "sleep",
      "completion",
      "run",
      "completion",
      "output",
    ]);

    expect(await replay(complete, original)).toEqual({ ok: true, status: "ended", position: 7 });
    expect(outside).toEqual([]);
  });

  test("takes a journal as text and as what JSON.parse makes of it", async () => {
    const ended = { ok: true, status: "ended", position: 7 };

    expect(await replay(toJsonString(JournalExportSchema, complete), original)).toEqual(ended);
    expect(await replay(toJson(JournalExportSchema, complete) as object, original)).toEqual(ended);
  });

  test("comes to rest where the invocation did, and runs the step there neither", async () => {
    // Its step is recorded, the result is not.
    expect(await replay(prefix(2), original)).toEqual({ ok: true, status: "waits", position: 1 });
    expect(await replay(prefix(4), original)).toEqual({ ok: true, status: "waits", position: 3 });
    expect(outside).toEqual([]);
  });

  test("says what the code goes on with where the journal ends", async () => {
    const after = (length: number): Promise<ReplayResult> => replay(prefix(length), original);

    expect(await after(1)).toMatchObject({ status: "continues", position: 0, next: 'Run "price"' });
    expect(await after(3)).toMatchObject({ next: 'Sleep "think it over"' });
    expect(await after(5)).toMatchObject({ next: 'Run "charge"', position: 3 });
    expect(await after(7)).toMatchObject({ next: "Output", position: 5 });
    expect(outside).toEqual([]);
  });

  test("accepts steps that come after what is recorded", async () => {
    const longer = orders(async (ctx) => {
      await ctx.run("price", () => 12);
      await ctx.sleep({ hours: 1 }, "think it over");
      await ctx.run("new here", () => outside.push("new here"));
      return "";
    });

    expect(await replay(prefix(4), longer)).toMatchObject({ ok: true, status: "waits" });
    expect(await replay(prefix(5), longer)).toMatchObject({ next: 'Run "new here"' });
    expect(mismatchOf(await replay(complete, longer))).toEqual({
      index: 5,
      recorded: 'Run "charge"',
      asked: 'asks for Run "new here"',
    });
    expect(outside).toEqual([]);
  });

  test("reports a step that has another name, with both sides", async () => {
    const renamed = orders(async (ctx) => {
      await ctx.run("costs", () => 12);
      return "";
    });

    const result = await replay(complete, renamed);

    expect(mismatchOf(result)).toEqual({
      index: 1,
      recorded: 'Run "price"',
      asked: 'asks for Run "costs"',
    });
    expect(result).toMatchObject({
      mismatches: [
        { message: expect.stringMatching(/entry 1.*"price".*"costs".*PDR2001/) as string },
      ],
    });
  });

  test("reports a command of another type, one that is missing, and one too many", async () => {
    const otherType = orders(async (ctx) => {
      await ctx.sleep(1, "price");
      return "";
    });
    const missing = orders(async (ctx) => {
      await ctx.run("price", () => 12);
      await ctx.run("charge", () => undefined);
      return "";
    });
    const returnsEarly = orders(async (ctx) => {
      await ctx.run("price", () => 12);
      return "";
    });

    expect(mismatchOf(await replay(complete, otherType))).toMatchObject({
      index: 1,
      asked: 'asks for Sleep "price"',
    });
    expect(mismatchOf(await replay(complete, missing))).toEqual({
      index: 3,
      recorded: 'Sleep "think it over"',
      asked: 'asks for Run "charge"',
    });
    expect(mismatchOf(await replay(complete, returnsEarly))).toEqual({
      index: 3,
      recorded: 'Sleep "think it over"',
      asked: "has returned",
    });
  });

  test("reports code that waits for what was not awaited then", async () => {
    const stuck = orders(async (ctx) => {
      const price = ctx.run("price", () => 12);
      const sleep = ctx.sleep({ hours: 1 }, "think it over");
      await Promise.all([price, sleep]);
      await ctx.run("charge", () => undefined);
      return "";
    });
    const withoutWaking = prefix(7);
    withoutWaking.entries.splice(4, 1);

    expect(await replay(complete, stuck)).toMatchObject({ ok: true });
    expect(mismatchOf(await replay(withoutWaking, stuck))).toEqual({
      index: 4,
      recorded: 'Run "charge"',
      asked: "waits for something that was not awaited then",
    });
  });

  test("reports code that fails where the journal goes on", async () => {
    const fails = orders(async (ctx) => {
      await ctx.run("price", () => 12);
      throw new Error("no thinking any more");
    });

    expect(mismatchOf(await replay(complete, fails))).toEqual({
      index: 3,
      recorded: 'Sleep "think it over"',
      asked: "fails with Error: no thinking any more",
    });
    expect(await replay(prefix(3), fails)).toMatchObject({
      ok: true,
      status: "fails",
      error: { message: "no thinking any more" },
    });
  });

  test("takes a terminal error for the end that it is", async () => {
    const refuses = orders(async (ctx) => {
      await ctx.run("price", () => 12);
      throw new TerminalError("sold out");
    });

    expect(mismatchOf(await replay(complete, refuses))).toMatchObject({ asked: "has returned" });
    expect(await replay(prefix(3), refuses)).toMatchObject({ status: "continues", next: "Output" });
  });

  test("reports a handler that is gone", async () => {
    const gone = service({ name: "Orders", handlers: { other: async () => 1 } });

    expect(mismatchOf(await replay(complete, gone))).toEqual({
      index: 1,
      recorded: 'Run "price"',
      asked: "has no handler Orders/handle",
    });
  });

  test("gives the code the same random numbers", async () => {
    const seen: number[] = [];
    const looks = orders(async (ctx) => {
      seen.push(ctx.rand.random());
      return "";
    });
    await replay(prefix(1), looks);
    await replay(prefix(1), looks);

    expect(seen).toHaveLength(2);
    expect(seen[0]).toBe(seen[1]);
    const output = complete.entries[7]?.body;
    const value = output?.case === "output" ? output.value.result : undefined;
    const bytes =
      value?.case === "value" && value.value.content.case === "inline"
        ? value.value.content.value
        : undefined;
    expect(new TextDecoder().decode(bytes)).toBe(
      JSON.stringify(`tea for 12 as ${String(Math.floor((seen[0] ?? 0) * 1e9))}`),
    );
  });

  test("lets nothing leave that the code does after a mismatch", async () => {
    const sends = orders(async (ctx) => {
      try {
        await ctx.run("costs", () => outside.push("costs"));
      } catch {
        outside.push("caught");
      } finally {
        outside.push("finally");
      }
      return "";
    });

    await replay(complete, sends);
    await new Promise((resolve) => setImmediate(resolve));

    expect(outside).toEqual([]);
  });

  test("refuses what is no journal, and says why", async () => {
    const empty = create(JournalExportSchema, { invocation: complete.invocation as never });
    const unknown = clone(JournalExportSchema, complete);
    unknown.entries.push({
      $typeName: "perdure.protocol.v1.Entry",
      name: "",
      body: { case: undefined },
    });

    await expect(replay("no json", original)).rejects.toThrow(/PDR5405.*no exported journal/);
    await expect(replay({ entries: 5 }, original)).rejects.toThrow(/PDR5405/);
    await expect(replay({}, original)).rejects.toThrow(/PDR5405.*whose/);
    await expect(replay(empty, original)).rejects.toThrow(/PDR5405.*purged/);
    await expect(replay(unknown, original)).rejects.toThrow(/PDR5405.*entry 8/);
  });

  test("refuses code that is another service, or none", async () => {
    const other = service({ name: "Other", handlers: { handle: async () => 1 } });

    await expect(replay(complete, other)).rejects.toThrow(/PDR5405.*Orders\/handle.*Other/);
    await expect(replay(complete, class Plain {})).rejects.toThrow(/PDR2004/);
  });

  test("gives up on code that awaits what is not durable, and says where", async () => {
    const hangs = orders(async (ctx) => {
      await ctx.run("price", () => 12);
      await new Promise(() => undefined);
      return "";
    });

    await expect(replay(complete, hangs, { timeout: 50 })).rejects.toThrow(
      /PDR5406.*50 ms.*before entry 3, Sleep "think it over"/,
    );
  });

  test("waits for what the code does between its steps", async () => {
    const slow = orders(async (ctx) => {
      await ctx.run("price", () => 12);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await ctx.sleep({ hours: 1 }, "think it over");
      await ctx.run("charge", () => undefined);
      return "";
    });

    expect(await replay(complete, slow)).toMatchObject({ ok: true, status: "ended" });
  });
});

describe("replay of", () => {
  test("state and promises gives what was read then", async () => {
    const seen: unknown[] = [];
    const counter = object({
      name: "Counter",
      handlers: {
        add: async (ctx: ObjectContext, n: number) => {
          const count = (await ctx.get<number>("count")) ?? 0;
          seen.push(count, await ctx.stateKeys());
          ctx.set("count", count + n);
          return count + n;
        },
      },
    });
    const asking = workflow({
      name: "Asking",
      handlers: {
        run: async (ctx: WorkflowContext) => {
          const answer = await ctx.promise<string>("answer");
          seen.push(answer);
          return answer;
        },
        answer: async (ctx: WorkflowSharedContext, answer: string) => {
          await ctx.promise<string>("answer").resolve(answer);
        },
      },
    });
    await using own = await TestEnvironment.start({ services: [counter, asking] });
    await own.client.objectClient(counter, "a").add(2);
    const added = await own.client.objectSendClient(counter, "a").add(3);
    const submitted = await own.client.workflowClient(asking, "w").workflowSubmit();
    await own.client.workflowClient(asking, "w").answer("yes");
    await own.time.settled();
    seen.length = 0;

    expect(await replay(await own.journalOf(added), counter)).toMatchObject({ status: "ended" });
    expect(seen).toEqual([2, ["count"]]);
    expect(await replay(await own.journalOf(submitted), asking)).toMatchObject({ status: "ended" });
    expect(seen).toEqual([2, ["count"], "yes"]);
  });

  test("encoded values goes through the endpoint's codec", async () => {
    const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0x55);
    const endpoint = {
      journalValueCodecProvider: () => ({
        encode: flip,
        decode: (bytes: Uint8Array) => Promise.resolve(flip(bytes)),
      }),
    };
    const seen: unknown[] = [];
    const secret = orders(async (ctx, item) => {
      seen.push(item, await ctx.run("price", () => 12));
      return item;
    });
    await using own = await TestEnvironment.start({ services: [secret], endpoint });
    const handle = await own.client.serviceSendClient(secret).handle("tea");
    await own.time.settled();
    const journal = await own.journalOf(handle);
    seen.length = 0;

    await replay(journal, secret, { endpoint });
    expect(seen).toEqual(["tea", 12]);
    const broken = {
      journalValueCodecProvider: () => ({
        encode: flip,
        decode: () => Promise.reject(new Error("key is gone")),
      }),
    };
    await expect(replay(journal, secret, { endpoint: broken })).rejects.toThrow(
      /PDR5405.*key is gone/,
    );
  });

  test("an invocation that does not exist can't be", async () => {
    await expect(env.journalOf("inv_1JjdjJ3yqmrK0VbbWV1000Dtt9VcsPs1ik")).rejects.toThrow(
      /PDR5405/,
    );
  });
});
