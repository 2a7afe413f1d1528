// The typed ingress in a real browser: typed-page.ts calls the tour with connect-web, across origins, over each
// protocol that a browser can speak.
//
// Needs a Chromium on this machine (see chromium.ts). Without one the test is skipped, and says so.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { startTour } from "../harness/tour-process.js";
import { findChromium } from "./chromium.js";
import { runPage, type Page } from "./run-page.js";

const bed = useBed("after all");
const program = findChromium();
const protocols = ["Connect with JSON", "Connect", "gRPC-Web"];

describe.skipIf(program === undefined)("in a browser, from another origin (needs Chromium)", () => {
  let page: Page | undefined;

  beforeAll(async () => {
    const [server, tour] = await Promise.all([bed.startServer(), startTour(bed)]);
    await server.register(tour.url);
    page = await runPage(program ?? "", "typed-page.ts", { ingress: server.ingress.url });
  });

  afterAll(() => page?.close());

  describe.each(protocols)("%s", (protocol) => {
    test.each<[string, unknown]>([
      ["workflow", { newlyAccepted: true, success: true, ready: true }],
      ["headers", [true, true, true]],
      ["failure", { code: "Internal", message: "Creation failed.", detail: 500 }],
      ["refusal", ["InvalidArgument", "PDR3007"]],
      ["deadline", "DeadlineExceeded"],
      ["watch", ["create", "activate", "welcome"]],
    ])("%s", (what, expected) => {
      expect(page?.found[`${what} over ${protocol}`]).toEqual(expected);
    });
  });

  test("every check of the page is expected here", () => {
    expect(Object.keys(page?.found ?? {})).toHaveLength(3 * 6);
  });
});
