import { copyFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isBuilt, perdure, startPerdure, startProcess, temporaryDirectory } from "./cli.fixture.js";

const bin = fileURLToPath(new URL("../bin/perdure.js", import.meta.url));
const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
const { version } = JSON.parse(manifest) as { version: string };

describe("perdure", () => {
  test("prints its version", async () => {
    expect(await perdure(["--version"])).toEqual({ status: 0, out: version, err: "" });
  });

  test.each([[["--help"]], [["server", "--help"]], [["deployments", "register", "--help"]]])(
    "prints help for %j to stdout",
    async (args) => {
      const { status, out, err } = await perdure(args);

      expect({ status, err }).toEqual({ status: 0, err: "" });
      expect(out).toMatch(/^Usage: perdure /);
    },
  );

  test.each([[[]], [["deployments"]]])(
    "alone (%j) prints help to stderr and fails",
    async (args) => {
      const { status, out, err } = await perdure(args);

      expect({ status, out }).toEqual({ status: 1, out: "" });
      expect(err).toMatch(/^Usage: perdure /);
    },
  );

  test.each([
    [["foo"], "unknown command 'foo'"],
    [["deployments", "lst"], "unknown command 'lst' (Did you mean one of list, ls?)"],
    [["deployments", "register"], "missing required argument 'url'"],
    [["deployments", "list", "x"], "too many arguments for 'list'. Expected 0 arguments but got 1"],
    [["deployments", "list", "--jsn"], "unknown option '--jsn' (Did you mean --json?)"],
    [["server", "--ingress"], "option '--ingress <host:port>' argument missing"],
    [["server", "-x"], "unknown option '-x'"],
  ])("%j is told in one line, and fails", async (args, told) => {
    expect(await perdure(args)).toEqual({
      status: 1,
      out: "",
      err: `perdure: PDR5201: ${told}. See perdure --help`,
    });
  });
});

describe.skipIf(!isBuilt)("the process", () => {
  test("ends with the command's status and output", async () => {
    const { status, out, err } = await startPerdure(["--version"]).ended;

    expect({ status, out, err }).toEqual({ status: 0, out: `${version}\n`, err: "" });
  });

  test("ends with status 1 and one line after an error", async () => {
    const { status, out, err } = await startPerdure(["foo"]).ended;

    expect({ status, out }).toEqual({ status: 1, out: "" });
    expect(err).toBe("perdure: PDR5201: unknown command 'foo'. See perdure --help\n");
  });
});

describe("bin/perdure.js", () => {
  test("says in one line that it is not built yet", async () => {
    const directory = temporaryDirectory();
    const unbuilt = path.join(directory, "perdure.mjs");
    copyFileSync(bin, unbuilt);

    const { status, out, err } = await startProcess([unbuilt, "--version"], directory).ended;

    expect({ status, out }).toEqual({ status: 1, out: "" });
    expect(err).toBe(
      "perdure: not built yet: run `npm run build` in the workspace root, then try again\n",
    );
  });
});
