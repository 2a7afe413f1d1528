import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryDirectory } from "./data-directory.js";

test.each(["memory", "disk"] as const)(
  "a directory in %s is new, and gone once removed",
  (storage) => {
    const one = temporaryDirectory(storage);
    const other = temporaryDirectory(storage);
    expect(statSync(one.path).isDirectory()).toBe(true);
    expect(one.path).not.toBe(other.path);

    one.remove();
    one.remove();

    expect(existsSync(one.path)).toBe(false);
    expect(existsSync(other.path)).toBe(true);
    other.remove();
  },
);

test("a directory on disk is where the system has its temporary files", () => {
  const { path, remove } = temporaryDirectory("disk");

  expect(path.startsWith(tmpdir())).toBe(true);
  remove();
});

test("a directory that nobody removed goes with the process", () => {
  const module = fileURLToPath(new URL("./data-directory.ts", import.meta.url));
  const program = `
    import { temporaryDirectory } from ${JSON.stringify(module)};
    process.stdout.write(temporaryDirectory("disk").path);
    process.exit(3);
  `;
  const run = (): string =>
    execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program], {
      encoding: "utf8",
    });

  let path = "";
  try {
    run();
  } catch (error) {
    path = (error as { stdout: string }).stdout;
  }

  expect(path).toContain("perdure-test-");
  expect(existsSync(path)).toBe(false);
});
