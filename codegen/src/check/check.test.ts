import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createProject, ordersSource, type ProjectFixture } from "../project.fixture.js";
import { checkText } from "../report.js";
import { runCodegen } from "../run.js";
import { check, type Checked } from "./check.js";

// Each reads a program with the SDK in it.
vi.setConfig({ testTimeout: 120_000 });

const charge = 'await ctx.run("charge", () => 1);';

/** Generated, committed as `main`. */
async function committedProject(): Promise<ProjectFixture> {
  const project = createProject();
  const { cwd } = project.settings;
  project.put("src/orders.ts", ordersSource("id: string; amount: number", charge));
  project.put(".gitignore", "node_modules\n");
  const { passed, generated } = await runCodegen(project.settings);
  expect(generated.diagnostics).toEqual([]);
  expect(passed).toBe(true);
  const git = (...args: string[]): void => {
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd,
      stdio: "ignore",
    });
  };
  git("-c", "init.defaultBranch=main", "init");
  git("add", ".");
  git("commit", "-m", "first");
  return project;
}

function told({ findings }: Checked): string[] {
  return findings.map(
    ({ code, severity, place, message }) =>
      `${place === undefined ? "" : `${place.file}:${place.line} `}${severity} ${code} ${message}`,
  );
}

test("what is committed and unchanged passes; what only adds passes when it is generated", async () => {
  const { settings, put } = await committedProject();
  const against = { ...settings, against: "main" };

  const unchanged = await check(against);
  expect(told(unchanged)).toEqual([]);
  expect([unchanged.passed, unchanged.changes]).toEqual([true, []]);

  put("src/orders.ts", ordersSource("id: string; amount: number; note?: string", charge));
  const stale = await check(against);
  expect(stale.passed).toBe(false);
  expect(told(stale)[0]).toMatch(/^error PDR6301 gen\/[\w./]+ is not what the code gives/);
  expect(new Set(stale.findings.map(({ code }) => code))).toEqual(new Set(["PDR6301"]));

  await runCodegen(settings);
  const added = await check(against);
  expect(added).toMatchObject({ passed: true, findings: [] });
  expect(added.changes.map(({ text }) => text)).toEqual(["input.note of Orders/place is new"]);
  expect(checkText(added)).toBe("1 service, 1 handler: all is as it should be, 1 harmless change");
});

test("what breaks callers and what runs is told at the handler that does it", async () => {
  const { settings, put } = await committedProject();
  const steps = `await ctx.sleep({ seconds: 1 }); ${charge}`;
  put("src/orders.ts", ordersSource("id: string; amount: string; more: boolean", steps));
  await runCodegen(settings);

  const checked = await check({ ...settings, against: "main" });

  expect(checked.passed).toBe(false);
  expect(told(checked)).toEqual([
    "src/orders.ts:6 error PDR6302 this breaks callers of main: input.amount of Orders/place was a number and is a string now",
    "src/orders.ts:6 error PDR6302 this breaks callers of main: input.more of Orders/place is new and must be there",
    'src/orders.ts:6 warning PDR6304 invocations in flight can\'t go on with this code: the steps of Orders/place changed: sleep comes before run "charge" now',
  ]);
  expect(checkText(checked)).toBe("1 service, 1 handler: 2 errors, 1 warning. The check failed");
});

test("steps that changed fail where it is strict alone", async () => {
  const { settings, put } = await committedProject();
  const order = "id: string; amount: number";
  put("src/orders.ts", ordersSource(order, `await ctx.sleep({ seconds: 1 }); ${charge}`));
  await runCodegen(settings);

  const lenient = await check({ ...settings, against: "main" });
  const strict = await check({ ...settings, against: "main", strict: true });

  expect([lenient.passed, strict.passed]).toEqual([true, false]);
  expect(strict.findings).toEqual(lenient.findings);
});

test("a damaged manifest stops it, so that no field number moves", async () => {
  const { settings } = await committedProject();
  const path = join(settings.cwd, "gen/manifest.json");
  writeFileSync(path, `<<<<<<< HEAD\n${readFileSync(path, "utf8")}`);

  await expect(check(settings)).rejects.toMatchObject({ code: "PDR6401" });
  await expect(runCodegen(settings)).rejects.toMatchObject({ code: "PDR6401" });
});

test("errors in the code are all that is told, and nothing is written", async () => {
  const { settings, put } = await committedProject();
  put("src/orders.ts", ordersSource("id: string; amount: Map<string, string>", charge));
  const before = readFileSync(join(settings.cwd, "gen/manifest.json"), "utf8");

  const run = await runCodegen(settings);
  const checked = await check({ ...settings, against: "main" });

  expect([run.passed, run.written, checked.passed]).toEqual([false, [], false]);
  expect(checked.findings).toEqual(run.generated.diagnostics);
  expect(checked.findings[0]?.place).toMatchObject({ file: "src/orders.ts" });
  expect(readFileSync(join(settings.cwd, "gen/manifest.json"), "utf8")).toBe(before);
});
