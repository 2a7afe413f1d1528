// Under Vite 8 itself: a project of its own, with its own Vite, that does what docs/vitest-decorators.md says. A
// second Vite is nothing that every checkout should carry, so it is installed here, where it is not there yet.
// Where that can't be (no registry), the tests are skipped; in CI they fail.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeEach, describe, expect, test } from "vitest";

const run = promisify(execFile);
const fixture = fileURLToPath(new URL("../fixtures/vite-8/", import.meta.url));
const vitest = `${fixture}node_modules/vitest/vitest.mjs`;

/** @returns why it can't be; undefined where it is there */
async function install(): Promise<string | undefined> {
  if (existsSync(vitest)) return undefined;
  const options = ["--no-package-lock", "--no-audit", "--no-fund", "--no-workspaces"];
  try {
    await run("npm", ["install", ...options], { cwd: fixture, timeout: 50_000 });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Everything that the other Vitest says. */
async function runVitest(plugin: "on" | "off"): Promise<{ code: number; said: string }> {
  // Variables of the runner that runs this would make the other one believe that it is part of it.
  const own = Object.entries(process.env).filter(
    ([name]) => !/^VITEST|^NODE_ENV$|^TEST$|^CI$/.test(name),
  );
  const env = {
    ...Object.fromEntries(own),
    NO_COLOR: "1",
    FIXTURE_PLUGIN: plugin,
    // The packages of this repository, from their sources.
    NODE_OPTIONS: "--conditions=source --import tsx",
  };
  try {
    const { stdout, stderr } = await run(process.execPath, [vitest, "run"], { cwd: fixture, env });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: stdout + stderr };
  }
}

const missing = await install();

describe("under Vite 8", () => {
  beforeEach(({ skip }) => {
    if (missing === undefined) return;
    if (process.env["CI"] !== undefined) throw new Error(`Vite 8 can't be installed: ${missing}`);
    skip(`Vite 8 can't be installed: ${missing}`);
  });

  test("a decorated class can't be parsed without the plugin", async () => {
    const { code, said } = await runVitest("off");

    expect(said).toContain("SyntaxError: Invalid or unexpected token");
    expect(code).toBe(1);
  });

  test("a decorated class works with it", async () => {
    const { code, said } = await runVitest("on");

    expect(said).toContain("1 passed");
    expect(code).toBe(0);
  });
});
