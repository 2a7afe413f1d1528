import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { CodegenError } from "./codegen-error.js";
import { listFile } from "./list-file.js";
import type { GeneratedFile } from "./model/files.js";
import { writeFiles } from "./write-files.js";

let out: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "perdure-codegen-"));
  out = join(folder, "gen");
  return () => rm(folder, { recursive: true, force: true });
});

function text(path: string): Promise<string> {
  return readFile(join(out, path), "utf8");
}

/** With the list that a run leaves. */
function files(content: Readonly<Record<string, string>>): GeneratedFile[] {
  const paths = Object.keys(content);
  return [
    ...paths.map((path) => ({ path, content: content[path] ?? "" })),
    { path: listFile, content: ["# head", ...paths].join("\n") },
  ];
}

test("the folder is created, with everything in it", async () => {
  const bytes = new Uint8Array([0, 255]);

  const done = await writeFiles(out, [
    { path: "a.ts", content: "a" },
    { path: "proto/t/v1/t.proto", content: "b" },
    { path: "manifest.binpb", content: bytes },
  ]);

  expect(done).toEqual({ written: ["a.ts", "proto/t/v1/t.proto", "manifest.binpb"], removed: [] });
  expect(await text("proto/t/v1/t.proto")).toBe("b");
  expect(new Uint8Array(await readFile(join(out, "manifest.binpb")))).toEqual(bytes);
  expect((await readdir(out)).toSorted()).toEqual(["a.ts", "manifest.binpb", "proto"]);
});

test("only what differs is written: the rest keeps its time", async () => {
  await writeFiles(out, files({ "a.ts": "a", "b.ts": "b" }));
  const before = await stat(join(out, "a.ts"), { bigint: true });

  const done = await writeFiles(out, files({ "a.ts": "a", "b.ts": "B" }));

  const after = await stat(join(out, "a.ts"), { bigint: true });
  expect(done).toEqual({ written: ["b.ts"], removed: [] });
  expect([after.mtimeNs, after.ino]).toEqual([before.mtimeNs, before.ino]);
  expect(await text("b.ts")).toBe("B");
});

test("what an earlier run made and this one does not is removed, with folders that are empty then", async () => {
  await writeFiles(out, files({ "a.ts": "a", "old/deep/b.ts": "b", "kept/c.ts": "c" }));
  await writeFile(join(out, "kept/mine.ts"), "mine");

  const done = await writeFiles(out, files({ "a.ts": "a" }));

  expect(done).toEqual({ written: [listFile], removed: ["old/deep/b.ts", "kept/c.ts"] });
  expect(existsSync(join(out, "old"))).toBe(false);
  expect(await text("kept/mine.ts")).toBe("mine");
});

test("a list that leads out of the folder removes nothing there", async () => {
  await mkdir(out, { recursive: true });
  const outside = join(out, "../precious.txt");
  await writeFile(outside, "x");
  await writeFile(join(out, listFile), `../precious.txt\na/../../precious.txt\n${outside}\n`);

  const { removed } = await writeFiles(out, files({ "a.ts": "a" }));

  expect(removed).toEqual([]);
  expect(existsSync(outside)).toBe(true);
});

test("a folder that can't be written is told with its reason, and no draft stays", async () => {
  await mkdir(join(out, "a.ts/in-the-way"), { recursive: true });

  const [result] = await Promise.allSettled([writeFiles(out, files({ "a.ts": "a" }))]);

  expect(result.status === "rejected" && (result.reason as CodegenError)).toMatchObject({
    code: "PDR6402",
    message: expect.stringContaining(out) as string,
  });
  expect(await readdir(out)).toEqual(["a.ts"]);
});
