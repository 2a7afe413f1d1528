import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { perdure, startPerdure, isBuilt, temporaryDirectory } from "../cli.fixture.js";

// Each reads a program with the SDK in it.
vi.setConfig({ testTimeout: 120_000 });

const modules = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/** A project with the service Greeter. */
function createProject(config: object = {}): string {
  const cwd = temporaryDirectory();
  symlinkSync(modules, path.join(cwd, "node_modules"), "dir");
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    strict: true,
    skipLibCheck: true,
    customConditions: ["source"],
  };
  writeFileSync(path.join(cwd, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  writeFileSync(path.join(cwd, "package.json"), JSON.stringify({ type: "module", ...config }));
  mkdirSync(path.join(cwd, "src"));
  putGreeter(cwd, "string");
  return cwd;
}

function putGreeter(cwd: string, input: string): void {
  const source = [
    'import { service, type Context } from "@perdure/sdk";',
    "export const greeter = service({",
    '  name: "Greeter",',
    "  handlers: {",
    `    greet: async (_ctx: Context, who: ${input}): Promise<string> => String(who),`,
    "  },",
    "});",
    "",
  ];
  writeFileSync(path.join(cwd, "src/greeter.ts"), source.join("\n"));
}

const flags = ["src/**/*.ts", "--out", "gen", "--package", "tour.v1"];

test("writes, checks, and fails where what is written is stale", async () => {
  const cwd = createProject();

  const written = await perdure(["codegen", ...flags], {}, cwd);
  expect(written).toEqual({
    status: 0,
    out: "",
    err: expect.stringMatching(
      /^1 service, 1 handler, (\d+) files \(\1 written\) in \d+\.\d s$/,
    ) as string,
  });
  expect(readFileSync(path.join(cwd, "gen/proto/tour/v1/tour.proto"), "utf8")).toContain(
    "service Greeter",
  );

  putGreeter(cwd, "number");
  const check = ["codegen", ...flags, "--check", "--against", "gen/manifest.json"];
  const stale = await perdure(check, {}, cwd);
  expect(stale.status).toBe(1);
  expect(stale.out.split("\n")).toContain(
    "src/greeter.ts:5:5  error PDR6302  this breaks callers of gen/manifest.json: input of Greeter/greet was a string and is a number now",
  );
  expect(stale.out).toMatch(
    /^error PDR6301 {2}gen\/clients\.ts is not what the code gives, from line \d+ on\n {4}run/m,
  );
  expect(stale.err).toMatch(/^1 service, 1 handler: \d+ errors\. The check failed$/);
});

test("takes what flags don't say from package.json, and prints findings as JSON", async () => {
  const codegen = { sources: ["src/*.ts"], out: "out", package: "tour.v1" };
  const cwd = createProject({ perdure: { codegen } });
  putGreeter(cwd, "Map<string, string>");

  const { status, out } = await perdure(["codegen", "--json"], {}, cwd);

  expect(status).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    passed: false,
    written: [],
    diagnostics: [{ severity: "error", place: { file: "src/greeter.ts", line: 5 } }],
  });
});

test("errors are told at their place, with advice, and nothing is written", async () => {
  const cwd = createProject();
  putGreeter(cwd, "Map<string, string>");

  const { status, out, err } = await perdure(["codegen", ...flags], {}, cwd);

  expect(status).toBe(1);
  expect(out).toMatch(/^src\/greeter\.ts:5:\d+ {2}error PDR60\d\d {2}.+\n {4}\S/);
  expect(err).toMatch(/^\d+ errors?: nothing was written, in/);
});

describe("refuses with status 2", () => {
  test.each<readonly [string, readonly string[], object, RegExp]>([
    [
      "no sources",
      ["--out", "gen", "--package", "a.v1"],
      {},
      /PDR5212: source files must be named/,
    ],
    ["no output folder", ["src/*.ts", "--package", "a.v1"], {}, /PDR5212: the output folder/],
    ["no package", ["src/*.ts", "--out", "gen"], {}, /PDR5212: the protobuf package/],
    ["an output folder around all", [...flags, "--out", "."], {}, /PDR5212.*one of its own/],
    ["--watch with --check", [...flags, "--watch", "--check"], {}, /PDR5212.*one of them/],
    ["--against without --check", [...flags, "--against", "main"], {}, /PDR5212.*--check/],
    [
      "an unknown flag",
      [...flags, "--nope"],
      {},
      /PDR5201: unknown option '--nope'.*codegen --help/,
    ],
    ["a config that is none", flags, { codegen: 1 }, /PDR5212.*must be an object/],
    ["an unknown member", flags, { codegen: { output: "x" } }, /PDR5212.*"output"/],
    ["a member of another form", flags, { codegen: { sources: "x" } }, /PDR5212.*"sources".*list/],
    [
      "what --against names and is not there",
      [...flags, "--check", "--against", "none.json"],
      {},
      /PDR6305: there is no manifest at none\.json/,
    ],
  ])("%s", async (_what, args, config, told) => {
    const cwd = createProject({ perdure: config });

    const { status, out, err } = await perdure(["codegen", ...args], {}, cwd);

    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toMatch(told);
  });
});

test.runIf(isBuilt)("watches until Ctrl-C", async () => {
  const cwd = createProject();
  const command = startPerdure(["codegen", ...flags, "--watch", "--json"], cwd);
  await command.printed('"passed": true');

  putGreeter(cwd, "Map<string, string>");
  await command.printed('"passed": false');
  command.child.kill("SIGINT");

  expect((await command.ended).status).toBe(0);
});
