// Dates, bigints and bytes from a generated client through a real server to handlers, from handler to handler, and
// back; JSON in between. The manifest and the clients are as codegen writes them.

import { create } from "@bufbuild/protobuf";
import {
  defineObject,
  defineWorkflow,
  type AttachOptions,
  type CallOptions,
  type ObjectClient,
  type Output,
  type SendOptions,
  type Submission,
  type SubmitOptions,
  type WorkflowClient,
} from "@perdure/clients";
import {
  HandlerKind,
  ManifestSchema,
  ServiceKind,
  type HandlerSchema,
  type Manifest,
} from "@perdure/proto/manifest/v1/manifest";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  handlers,
  ManifestError,
  object,
  TerminalError,
  workflow,
  type ObjectContext,
  type WorkflowContext,
} from "@perdure/sdk";
import { replay, TestEnvironment } from "@perdure/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const dateSchema = { type: "string", format: "date-time", "x-perdure-type": "Date" };
const bigintSchema = { type: "string", "x-perdure-type": "bigint" };
const bytesSchema = { type: "string", contentEncoding: "base64", "x-perdure-type": "Uint8Array" };
const entrySchema = {
  type: "object",
  properties: {
    at: dateSchema,
    cents: bigintSchema,
    receipt: { anyOf: [bytesSchema, { type: "null" }] },
  },
  required: ["at", "cents", "receipt"],
};

interface LedgerEntry {
  at: Date;
  cents: bigint;
  receipt: Uint8Array | null;
}

const entry: LedgerEntry = {
  at: new Date("2026-01-31T12:00:00.000Z"),
  cents: 9_007_199_254_740_993n,
  receipt: new Uint8Array([0, 255, 128]),
};
const entryJson = { at: "2026-01-31T12:00:00.000Z", cents: "9007199254740993", receipt: "AP+A" };

// ---- what a user writes

const seen: unknown[] = [];
const ledger = object({
  name: "Ledger",
  handlers: {
    book: async (ctx: ObjectContext, given: LedgerEntry): Promise<bigint> => {
      seen.push(given);
      const before = BigInt((await ctx.get<string>("sum")) ?? "0");
      const sum = before + given.cents;
      ctx.set("sum", String(sum));
      return sum;
    },
    since: handlers.object.shared(async (): Promise<Date> => entry.at),
    fail: async (_: ObjectContext, given: LedgerEntry): Promise<void> => {
      throw new TerminalError(`no ${String(given.cents)}`, { errorCode: 409 });
    },
  },
});
const closing = workflow({
  name: "Closing",
  handlers: {
    run: async (ctx: WorkflowContext, given: LedgerEntry): Promise<LedgerEntry> => {
      const cents = await ctx.objectClient(ledger, ctx.key).book(given);
      const at = await ctx.objectClient<typeof ledger>({ name: "Ledger" }, ctx.key).since();
      seen.push(cents, at);
      return { at, cents, receipt: null };
    },
  },
});

// ---- what codegen makes of it

type Init = MessageInitShape<typeof HandlerSchema>;

function handlerOf(name: string, kind: HandlerKind, input?: object, output?: object): Init {
  const rule = (schema: object | undefined) =>
    schema === undefined
      ? { contentType: "", jsonSchema: "" }
      : { contentType: "application/json", jsonSchema: JSON.stringify(schema) };
  return { name, kind, input: rule(input), output: rule(output) };
}

const { EXCLUSIVE, SHARED, RUN } = HandlerKind;
const manifest: Manifest = create(ManifestSchema, {
  services: [
    {
      name: "Ledger",
      kind: ServiceKind.VIRTUAL_OBJECT,
      handlers: [
        handlerOf("book", EXCLUSIVE, entrySchema, bigintSchema),
        handlerOf("since", SHARED, undefined, dateSchema),
        handlerOf("fail", EXCLUSIVE, entrySchema),
      ],
    },
    {
      name: "Closing",
      kind: ServiceKind.WORKFLOW,
      handlers: [handlerOf("run", RUN, entrySchema, entrySchema)],
    },
  ],
});

interface LedgerClient {
  book(input: LedgerEntry, options?: CallOptions): Promise<bigint>;
  since(options?: CallOptions): Promise<Date>;
  fail(input: LedgerEntry, options?: CallOptions): Promise<void>;
}
interface LedgerSendClient {
  book(input: LedgerEntry, options?: SendOptions): Promise<Submission<bigint>>;
}
const ledgerClient: ObjectClient<LedgerClient, LedgerSendClient> = defineObject({
  name: "Ledger",
  handlers: {
    book: { input: entrySchema, output: bigintSchema },
    since: { input: false, output: dateSchema },
    fail: { input: entrySchema },
  },
});

interface ClosingClient {
  submit(input: LedgerEntry, options?: SubmitOptions): Promise<Submission<LedgerEntry>>;
  attach(options?: AttachOptions): Promise<LedgerEntry>;
  output(options?: AttachOptions): Promise<Output<LedgerEntry>>;
}
const closingClient: WorkflowClient<ClosingClient> = defineWorkflow({
  name: "Closing",
  handlers: { run: { input: entrySchema, output: entrySchema } },
});

describe.each([{ alwaysReplay: false }, { alwaysReplay: true }])("with %j", (options) => {
  let env: TestEnvironment;
  beforeAll(async () => {
    env = await TestEnvironment.start({ services: [ledger, closing], manifest, ...options });
  });
  afterAll(async () => {
    await env.stop();
  });

  test("a generated client sends and gets values of their types", async () => {
    seen.length = 0;
    const client = ledgerClient(env.client, "calls");
    expect(await client.book(entry)).toBe(entry.cents);
    expect(await client.book({ ...entry, cents: -1n, receipt: null })).toBe(entry.cents - 1n);
    expect(await client.since()).toEqual(entry.at);
    expect(seen[0]).toEqual(entry);
    expect(seen.at(-1)).toEqual({ ...entry, cents: -1n, receipt: null });
  });

  test("a caller without one sends and gets JSON", async () => {
    const response = await fetch(`${env.baseUrl()}/restate/call/Ledger/json/book`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(entryJson),
    });
    expect([response.status, await response.json()]).toEqual([200, entryJson.cents]);
  });

  test("a workflow passes them on, and its result is found again", async () => {
    seen.length = 0;
    const client = closingClient(env.client, "w1");
    const submission = await client.submit(entry);
    const result = { at: entry.at, cents: entry.cents, receipt: null };
    expect(submission).toMatchObject({ status: "Accepted", attachable: true });
    expect(await submission.attach()).toEqual(result);
    expect(await client.attach()).toEqual(result);
    expect(await client.output()).toEqual({ ready: true, result });
    expect(await submission.output()).toEqual({ ready: true, result });
    expect((await client.submit(entry)).status).toBe("PreviouslyAccepted");
    expect(seen).toContainEqual(entry);
    expect(seen.slice(-2)).toEqual([entry.cents, entry.at]);
  });

  test("a send with an idempotency key is attached to", async () => {
    const sends = ledgerClient.send(env.client, "sends");
    const first = await sends.book(entry, { idempotencyKey: "once" });
    const second = await sends.book(entry, { idempotencyKey: "once" });
    expect(second.invocationId).toBe(first.invocationId);
    expect(await second.attach()).toBe(entry.cents);
  });

  test("failures come as with any other client", async () => {
    const failing = ledgerClient(env.client, "fails").fail(entry);
    await expect(failing).rejects.toMatchObject({
      name: "HttpCallError",
      status: 409,
      source: "invocation",
      message: expect.stringContaining("no 9007199254740993") as string,
    });
    const bad = fetch(`${env.baseUrl()}/restate/call/Ledger/fails/book`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...entryJson, at: "yesterday" }),
    });
    expect((await bad).status).toBe(400);
    expect(await (await bad).text()).toContain('at: \\"yesterday\\" is no date');
  });

  test("a journal replays with the manifest, and the handler gets what it got", async () => {
    const sent = await closingClient(env.client, "w2").submit(entry);
    await sent.attach();
    const journal = await env.journalOf(sent);
    seen.length = 0;
    expect(await replay(journal, closing, { endpoint: { manifest } })).toMatchObject({
      ok: true,
      status: "ended",
    });
    expect(seen).toEqual([entry.cents, entry.at]);
    // What is recorded is JSON: to code without the manifest it is text.
    seen.length = 0;
    expect(await replay(journal, closing)).toMatchObject({ ok: true, status: "ended" });
    expect(seen).toEqual([entryJson.cents, entryJson.at]);
  });
});

test("services whose manifest is not theirs are not served", async () => {
  const started = TestEnvironment.start({
    services: [ledger, closing],
    manifest: { services: [] },
  });
  await expect(started).rejects.toMatchObject({ code: "PDR2028" });
  const [only] = manifest.services;
  const partial = create(ManifestSchema, { services: only === undefined ? [] : [only] });
  const stale = TestEnvironment.start({ services: [ledger, closing], manifest: partial });
  await expect(stale).rejects.toThrow(ManifestError);
  await expect(stale).rejects.toThrow(/- service Closing is not in the manifest/);
});
