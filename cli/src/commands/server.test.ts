// The server command: as a process with the real server in it, and what it refuses before there is one.

import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import {
  isBuilt,
  perdure,
  startPerdure,
  temporaryDirectory,
  type PerdureProcess,
} from "../cli.fixture.js";

const anyPorts = ["--ingress", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

async function adminOf(server: PerdureProcess): Promise<string> {
  let out = "";
  server.child.stdout?.on("data", (text: string) => (out += text));
  await server.printed("Next, register");
  const [, url = ""] = /admin (http:\S+)/.exec(out) ?? [];
  return url;
}

describe.skipIf(!isBuilt)("a process of perdure server", { timeout: 30_000 }, () => {
  test("runs, answers the other commands, and ends with 0 after SIGTERM", async () => {
    const cwd = temporaryDirectory();
    const server = startPerdure(["server", ...anyPorts], cwd);
    const admin = await adminOf(server);

    const list = await perdure(["deployments", "list", "--admin-url", admin, "--json"]);
    server.child.kill("SIGTERM");

    expect(list).toEqual({ status: 0, out: "[]", err: "" });
    expect(await server.ended).toMatchObject({
      status: 0,
      out: expect.stringContaining(`Data is in ${path.join(cwd, "perdure-data")}`),
    });
  });

  test("starts again at once after a kill -9, and refuses a directory that is in use", async () => {
    const cwd = temporaryDirectory();
    const killed = startPerdure(["server", ...anyPorts], cwd);
    await killed.printed("is ready");
    killed.child.kill("SIGKILL");
    await killed.ended;

    const server = startPerdure(["server", ...anyPorts], cwd);
    await server.printed("is ready");
    const second = await startPerdure(["server", ...anyPorts], cwd).ended;

    expect(second).toMatchObject({ status: 1, out: "" });
    expect(second.err).toMatch(/^perdure: PDR1002: [^\n]+\n$/);
  });

  test("tells a wrong configuration in one line", async () => {
    const cwd = temporaryDirectory();
    writeFileSync(path.join(cwd, "perdure.config.json"), '{"ingres": "127.0.0.1:0"}');

    const result = await startPerdure(["server"], cwd).ended;

    expect(result).toMatchObject({ status: 1, out: "" });
    expect(result.err).toMatch(
      /^perdure: PDR5103: unknown key "ingres" in [^\n]+"ingress"[^\n]*\n$/,
    );
  });
});

describe("perdure server", () => {
  test.each([
    [["--data-dri", "x"], "PDR5103: unknown flag --data-dri; the nearest known flag is --data-dir"],
    [["--data-dri=x"], "PDR5103: unknown flag --data-dri;"],
    [["--config", "missing.json"], "PDR5101: "],
    [["--concurrency", "many"], 'PDR5104: concurrency is "many" in the flag --concurrency'],
  ])("refuses %j", async (flags, told) => {
    const { status, out, err } = await perdure(["server", ...flags]);

    expect({ status, out }).toEqual({ status: 1, out: "" });
    expect(err).toContain(`perdure: ${told}`);
  });

  test("reads the environment that the command has", async () => {
    const { status, err } = await perdure(["server"], { PERDURE_INGRES: "x" });

    expect(status).toBe(1);
    expect(err).toContain("PDR5103: unknown environment variable PERDURE_INGRES");
  });
});
