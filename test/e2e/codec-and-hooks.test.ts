// Values that only the services can read, and hooks around what they do, with a real server in between: nothing in
// plain text leaves the endpoint, every attempt reads what earlier ones wrote, and steps are seen once.

import {
  handlers,
  object,
  serve,
  service,
  workflow,
  type HooksProvider,
  type JournalValueCodec,
  type Listening,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { ServerProcess } from "../harness/server-process.js";

const bed = useBed("after all");
let server: ServerProcess;
let listening: Listening;

/** As text, since answers are read as such. */
const codec: JournalValueCodec = {
  encode: (bytes) => Buffer.from(`sealed:${Buffer.from(bytes).toString("base64")}`),
  decode: async (bytes) => {
    const text = Buffer.from(bytes).toString();
    if (!text.startsWith("sealed:")) throw new Error("not sealed");
    return Buffer.from(text.slice("sealed:".length), "base64");
  },
};

function sealed(value: unknown): Uint8Array {
  return codec.encode(Buffer.from(JSON.stringify(value)));
}

async function unsealed(text: string): Promise<unknown> {
  return JSON.parse(Buffer.from(await codec.decode(Buffer.from(text))).toString());
}

const events: string[] = [];
const hooks: HooksProvider[] = [
  ({ request }) => ({
    interceptor: {
      async handler(next) {
        events.push(`${request.target.handler} begins`);
        try {
          await next();
          events.push(`${request.target.handler} ends`);
        } catch (error) {
          events.push(`${request.target.handler} stops: ${(error as Error).name}`);
          throw error;
        }
      },
      async run(name, next) {
        events.push(`step ${name}`);
        await next();
      },
    },
  }),
];

const counter = object({
  name: "SealedCounter",
  handlers: {
    add: async (ctx, by: number) => {
      const sum = ((await ctx.get<number>("sum")) ?? 0) + by;
      ctx.set("sum", sum);
      return sum;
    },
  },
});

const approval = workflow({
  name: "SealedApproval",
  // It is suspended at each await: every step of the way is read from the journal by a new attempt.
  options: { inactivityTimeout: 0 },
  handlers: {
    run: handlers.workflow.workflow({ hooks }, async (ctx, who: string) => {
      const greeting = await ctx.run("greet", () => `secret ${who}`);
      const sum = await ctx.client(counter, "c").add(2);
      await ctx.sleep(1);
      const verdict = await ctx.promise<string>("verdict");
      return { greeting, sum, verdict };
    }),
    decide: async (ctx: WorkflowSharedContext, verdict: string) =>
      ctx.promise<string>("verdict").resolve(verdict),
  },
});

const plain = service({
  name: "SealedEcho",
  handlers: { echo: async (_, value: unknown) => value },
});

beforeAll(async () => {
  listening = await serve({
    services: [approval, counter, plain],
    port: 0,
    journalValueCodecProvider: async () => codec,
    logger: () => undefined,
  });
  server = await bed.startServer();
  await server.register(`http://127.0.0.1:${String(listening.port)}`);
});

afterAll(async () => {
  await listening.close();
});

const json = { "content-type": "application/json" };

describe("a journal value codec", () => {
  test("seals inputs, results, state, calls and promises, over suspensions", async () => {
    const at = "SealedApproval/k";
    const running = server.ingress.send(`/restate/call/${at}/run`, {
      body: sealed("Ada"),
      headers: json,
    });
    const decided = await server.ingress.send(`/restate/call/${at}/decide`, {
      body: sealed("yes"),
      headers: json,
    });
    const answer = await running;
    expect(decided.status).toBe(200);
    expect(answer.status).toBe(200);
    expect(await unsealed(answer.text)).toEqual({ greeting: "secret Ada", sum: 2, verdict: "yes" });

    const again = await server.ingress.send("/restate/call/SealedCounter/c/add", {
      body: sealed(3),
      headers: json,
    });
    expect(await unsealed(again.text)).toBe(5);
  });

  test("refuses what is not sealed: 400, nothing retried", async () => {
    const answer = await server.ingress.post("/restate/call/SealedEcho/echo", "plain");
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.json.message).toContain("Failed to decode input using journal value codec");
  });
});

test("hooks see every attempt, each step once, and suspensions as such", () => {
  const of = (event: string): number => events.filter((each) => each === event).length;
  expect(of("step greet")).toBe(1);
  expect(of("run ends")).toBe(1);
  expect(of("run begins")).toBeGreaterThan(1);
  expect(of("run stops: RestateError")).toBe(of("run begins") - 1);
});
