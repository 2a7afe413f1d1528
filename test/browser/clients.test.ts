// The clients in a real browser: page.ts, bundled as a web application would bundle it, in a page whose origin is not
// the ingress's, so that every request and every header that is read crosses origins.
//
// Needs a Chromium on this machine (see chromium.ts). Without one the test is skipped, and says so.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { freePort } from "../harness/ports.js";
import { within } from "../harness/until.js";
import { findChromium, openPage, type Browser } from "./chromium.js";

const bed = useBed("after all");
const program = findChromium();

const html = '<!doctype html><title>clients</title><script type="module" src="/page.js"></script>';
const loadTimeoutMs = 40_000;

/** One file without imports, from what the packages publish. Anything of Node in it is an error. */
async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "silent",
    root: fileURLToPath(new URL(".", import.meta.url)),
    build: {
      write: false,
      minify: false,
      target: "es2022",
      rollupOptions: {
        input: fileURLToPath(new URL("page.ts", import.meta.url)),
        onwarn(warning) {
          throw new Error(warning.message);
        },
      },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !("output" in output)) throw new Error("nothing was built");
  const [chunk, ...others] = output.output;
  if (others.length > 0) throw new Error("the page is more than one file");
  return chunk.code;
}

describe.skipIf(program === undefined)("in a browser, from another origin (needs Chromium)", () => {
  let page: Server;
  let browser: Browser | undefined;
  let script = "";
  let found: Record<string, unknown> = {};

  beforeAll(async () => {
    const [server, services, code] = await Promise.all([
      bed.startServer(),
      bed.startServices({ modules: ["greeter", "formats"] }),
      bundle(),
    ]);
    await server.register(services.url);
    script = code;
    let report: (text: string) => void;
    const reported = new Promise<string>((resolve) => (report = resolve));
    page = createServer((request, response) => {
      if (request.method === "POST") {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          response.end();
          report(Buffer.concat(chunks).toString());
        });
      } else if (request.url === "/page.js") {
        response.writeHead(200, { "content-type": "text/javascript" }).end(script);
      } else {
        response.writeHead(200, { "content-type": "text/html" }).end(html);
      }
    });
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    const query = new URLSearchParams({
      ingress: server.ingress.url,
      nowhere: `http://127.0.0.1:${await freePort()}`,
    });
    const address = `http://127.0.0.1:${(page.address() as AddressInfo).port}/?${query.toString()}`;
    const opened = openPage(program ?? "", address);
    browser = opened;
    const text = await within(
      loadTimeoutMs,
      () => `the page reports. The browser said:\n${opened.said()}`,
      reported,
    );
    found = JSON.parse(text) as Record<string, unknown>;
  });

  afterAll(async () => {
    await browser?.close();
    page?.closeAllConnections();
    await new Promise((resolve) => (page === undefined ? resolve(0) : page.close(resolve)));
  });

  test("nothing of Node is in the bundle", () => {
    expect(script).not.toMatch(/node:|require\(|\bprocess\.|\bBuffer\b/);
  });

  const done = { name: "Ada", key: "browser", secret: "s3" };
  test.each<[string, unknown]>([
    ["call", "Hi Ada"],
    ["nothing", true],
    ["key", { key: "a/b é?", said: "x" }],
    ["emptyKey", { key: "", said: "x" }],
    ["bytes", [2, 0, 255]],
    [
      "headers",
      expect.objectContaining({
        "x-team": "blue",
        "x-run": "1",
        "x-restateclient-retry-attempt": "1",
      }),
    ],
    ["get", expect.objectContaining({ "x-team": "blue" })],
    ["scope", 1],
    ["awaitedProxy", true],
    [
      "send",
      {
        status: "Accepted",
        attachable: true,
        isDated: true,
        again: "PreviouslyAccepted",
        isSame: true,
        result: 3,
      },
    ],
    [
      "workflow",
      {
        status: "Accepted",
        early: { ready: false },
        result: done,
        late: { ready: true, result: done },
      },
    ],
    ["awakeable", { value: { ok: true } }],
    [
      "failure",
      {
        status: 422,
        code: 422,
        source: "invocation",
        errorCode: "PDR3030",
        metadata: { plan: "gold" },
        hasId: true,
      },
    ],
    ["refused", { status: 404, source: "ingress" }],
    ["retryHeaders", ["invocation"]],
    ["noAnswer", { code: "PDR5301", attempts: 2 }],
    ["timeout", "TimeoutError"],
    ["abort", "AbortError"],
  ])("%s", (name, expected) => {
    expect(found[name]).toEqual(expected);
  });

  test("every check of the page is expected here", () => {
    expect(Object.keys(found)).toHaveLength(18);
  });
});
