// Decorated classes in one file that esbuild made, as people ship them to functions and containers: plain Node runs it
// with no package beside it, and a real server calls it. (tsx and tsc: sdk/src/definitions/decorators.test.ts; vitest: all tests;
// Vite 8: vite-8.test.ts.)

import path from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { HandlerKind, ManifestSchema, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { service } from "@perdure/sdk";
import { TestEnvironment } from "@perdure/testing";
import { build, type BuildOptions } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { NodeProcess } from "../harness/node-process.js";
import { testFolder } from "../harness/paths.js";

const bed = useBed("after all");

const json = { contentType: "application/json" };
const dateSchema = { type: "string", format: "date-time", "x-perdure-type": "Date" };
const manifest = base64Encode(
  toBinary(
    ManifestSchema,
    create(ManifestSchema, {
      services: [
        {
          name: "Greeter",
          kind: ServiceKind.SERVICE,
          handlers: [
            { name: "greet", kind: HandlerKind.SHARED, input: json, output: json },
            {
              name: "tomorrow",
              kind: HandlerKind.SHARED,
              input: { ...json, jsonSchema: JSON.stringify(dateSchema) },
              output: { ...json, jsonSchema: JSON.stringify(dateSchema) },
            },
          ],
        },
        {
          name: "count-er",
          kind: ServiceKind.VIRTUAL_OBJECT,
          handlers: [
            { name: "add", kind: HandlerKind.EXCLUSIVE, input: json, output: json },
            { name: "get", kind: HandlerKind.SHARED, output: json },
          ],
        },
      ],
    }),
  ),
);

const source = `
import {
  exclusive, handler, object, serve, service, shared,
  type Context, type ObjectContext, type ObjectSharedContext,
} from "@perdure/sdk";

class Polite {
  readonly #greeting: string = "Hello";

  @handler()
  async greet(_: Context, name: string): Promise<string> {
    return this.#greeting + " " + name;
  }
}

@service()
class Greeter extends Polite {
  @handler({ journalRetention: { days: 1 } })
  async tomorrow(ctx: Context, today: Date): Promise<Date> {
    return ctx.run("next day", () => today.getTime() + 86_400_000).then((at) => new Date(at));
  }
}

@object({ name: "count-er" })
class Counter {
  @exclusive()
  async add(ctx: ObjectContext, by: number): Promise<number> {
    const sum = ((await ctx.get<number>("sum")) ?? 0) + by;
    ctx.set("sum", sum);
    return sum;
  }

  @shared()
  async get(ctx: ObjectSharedContext): Promise<number | null> {
    return ctx.get<number>("sum");
  }
}

const { port } = await serve({
  services: [Greeter, Counter],
  manifest: ${JSON.stringify(manifest)},
  port: 0,
});
console.log("serving on " + String(port));
`;

/** One file, in a directory with nothing else in it, and the process that runs it. */
async function start(options: BuildOptions): Promise<NodeProcess> {
  const directory = bed.directory();
  const outfile = path.join(directory, "main.mjs");
  const { warnings } = await build({
    stdin: { contents: source, resolveDir: testFolder, sourcefile: "main.ts", loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    // The SDK from its sources: no build is needed.
    conditions: ["source"],
    // Some packages of the SDK ask for Node's own modules as CommonJS does.
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    logLevel: "silent",
    ...options,
  });
  expect(warnings).toEqual([]);
  return bed.startProcess({ name: "bundled services", args: [outfile], cwd: directory });
}

describe("decorated classes in a bundle of esbuild", () => {
  let env: TestEnvironment;
  beforeAll(async () => {
    const other = service({ name: "Other", handlers: { ping: async () => undefined } });
    env = await TestEnvironment.start({ services: [other] });
  });
  afterAll(async () => {
    await env.stop();
  });

  test.each<[string, BuildOptions]>([
    ["as it is", {}],
    // The names of decorated classes stay: they are the names of services.
    ["minified", { minify: true }],
    ["minified, for the newest Node", { minify: true, target: "node24" }],
  ])("%s, are served and called", async (_, options) => {
    const services = await start(options);
    const [, port] = await services.waitForOutput(/serving on (\d+)/);
    const registered = await fetch(`${env.adminAPIBaseUrl()}/deployments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ uri: `http://127.0.0.1:${String(port)}` }),
    });
    expect(await registered.text()).toContain("count-er");
    expect(registered.status).toBe(201);

    const call = { service: "Greeter", handler: "greet", parameter: "Ada" };
    expect(await env.client.call(call)).toBe("Hello Ada");
    const today = { service: "Greeter", handler: "tomorrow", parameter: "2026-01-31T12:00:00Z" };
    expect(await env.client.call(today)).toBe("2026-02-01T12:00:00.000Z");
    const key = path.basename(services.name) + String(port);
    const counter = { service: "count-er", key };
    expect(await env.client.call({ ...counter, handler: "add", parameter: 5 })).toBe(5);
    expect(await env.client.call({ ...counter, handler: "get" })).toBe(5);
  });
});
