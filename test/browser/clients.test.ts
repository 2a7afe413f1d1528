// The clients in a real browser: page.ts, bundled as a web application would bundle it, in a page whose origin is not
// the ingress's, so that every request and every header that is read crosses origins.
//
// Needs a Chromium on this machine (see chromium.ts). Without one the test is skipped, and says so.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { freePort } from "../harness/ports.js";
import { findChromium } from "./chromium.js";
import { runPage, type Page } from "./run-page.js";

const bed = useBed("after all");
const program = findChromium();

describe.skipIf(program === undefined)("in a browser, from another origin (needs Chromium)", () => {
  let page: Page | undefined;
  let found: Record<string, unknown> = {};

  beforeAll(async () => {
    const { server } = await bed.serve({ modules: ["greeter", "formats"] });
    page = await runPage(program ?? "", "page.ts", {
      ingress: server.ingress.url,
      nowhere: `http://127.0.0.1:${await freePort()}`,
    });
    found = page.found;
  });

  afterAll(() => page?.close());

  test("nothing of Node is in the bundle", () => {
    expect(page?.script).not.toMatch(/node:|require\(|\bprocess\.|\bBuffer\b/);
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
