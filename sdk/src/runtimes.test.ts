// The entry points that promise to run anywhere: bundled as a worker's deployment would be, and run where there is
// nothing but what browsers and workers have: no Node, no Buffer, no process, no setImmediate.

import path from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Deployment, type InvokeResponse } from "@perdure/proto/protocol/v1/deployment";
import { build, type Rollup } from "vite";
import { describe, expect, test } from "vitest";
import { frameText } from "./endpoint/frame-text.fixture.js";
import { numberOf } from "./endpoint/session.fixture.js";
import { completedWith, input, run } from "./replay/entries.fixture.js";

const source = path.dirname(fileURLToPath(import.meta.url));
const { invoke } = Deployment.method;

/** What is promised to exist. */
const everywhere = {
  AbortController,
  AbortSignal,
  atob,
  console,
  crypto,
  DOMException,
  Headers,
  performance,
  queueMicrotask,
  ReadableStream,
  Request,
  Response,
  setTimeout,
  clearTimeout,
  TextDecoder,
  TextEncoder,
  Uint8Array,
  ArrayBuffer,
  URL,
};

interface Bundle {
  readonly code: string;
  readonly needs: readonly string[];
}

async function bundle(entry: string): Promise<Bundle> {
  const result = await build({
    configFile: false,
    logLevel: "silent",
    resolve: { conditions: ["source"] },
    build: {
      write: false,
      minify: false,
      target: "es2022",
      lib: { entry: path.join(source, entry), formats: ["iife"], name: "sdk" },
      rollupOptions: { external: /^node:/ },
    },
  });
  const { output } = (Array.isArray(result) ? result[0] : result) as Rollup.RollupOutput;
  const [{ code, imports }] = output;
  return { code, needs: imports };
}

const program = `
  const greeter = sdk.service({
    name: "Greeter",
    handlers: {
      greet: async (ctx, name) => {
        const id = await ctx.run("id", () => crypto.randomUUID().length);
        ctx.console.debug("greeted");
        return "Hello " + name + " " + id;
      },
    },
  });
  const made = sdk.createEndpointHandler({ services: [greeter], logger: () => undefined });
  made.fetch ?? made;
`;

describe.each(["fetch.ts", "cloudflare.ts"])("%s", (entry) => {
  test("needs nothing of Node, and runs attempts without it", async () => {
    const { code, needs } = await bundle(entry);
    expect(needs).toEqual([]);

    const context = createContext({ ...everywhere });
    runInContext(code, context);
    const handler = runInContext(program, context) as (request: Request) => Promise<Response>;
    const attempt = async (...journal: ReturnType<typeof input>[]): Promise<string[]> => {
      const entries = [input("Ada"), ...journal];
      const start = {
        invocationId: "inv_1",
        target: { service: "Greeter", handler: "greet" },
        knownEntries: entries.length,
        entries,
      };
      const frame = { case: "start" as const, value: start };
      const request = { frames: [{ streamId: 1, attempt: numberOf(1), frame }] };
      const response = await handler(
        new Request(`https://worker.example/any/${Deployment.typeName}/Invoke`, {
          method: "POST",
          headers: { "content-type": "application/proto", "connect-protocol-version": "1" },
          body: Buffer.from(toBinary(invoke.input, create(invoke.input, request))),
        }),
      );
      expect(response.status).toBe(200);
      const bytes = new Uint8Array(await response.arrayBuffer());
      const { frames }: InvokeResponse = fromBinary(invoke.output, bytes);
      return frames.map(frameText);
    };

    expect(await attempt()).toEqual([
      expect.stringContaining("Run"),
      expect.stringContaining("36"),
      expect.stringMatching(/^waiting /),
    ]);
    expect(await attempt(run(1, "id"), completedWith(1, 36))).toEqual(['end = "Hello Ada 36"']);
  }, 30_000);
});
