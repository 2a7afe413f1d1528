import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { listFile } from "../list-file.js";
import { writeFiles } from "../write-files.js";
import { staleFiles, staleFindings } from "./stale.js";

let out: string;
const files = [
  { path: "a.ts", content: "one\ntwo\nthree\n" },
  { path: "m.binpb", content: new Uint8Array([1]) },
  { path: listFile, content: "a.ts\nm.binpb\n" },
];

beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "perdure-codegen-"));
  await writeFiles(out, files);
  return () => rm(out, { recursive: true, force: true });
});

test("what was just written is not stale", async () => {
  expect(await staleFiles(out, files)).toEqual([]);
});

test.each<readonly [string, (path: string) => Promise<void>, object]>([
  [
    "a line that differs",
    (path) => writeFile(path, "one\n2\nthree\n"),
    { why: "differs", line: 2 },
  ],
  ["lines that are missing", (path) => writeFile(path, "one\n"), { why: "differs", line: 2 }],
  [
    "lines that are too many",
    (path) => writeFile(path, "one\ntwo\nthree\nfour\n"),
    { why: "differs", line: 4 },
  ],
  [
    "other line ends",
    (path) => writeFile(path, "one\r\ntwo\r\nthree\r\n"),
    { why: "differs", line: 1 },
  ],
  ["a file that is missing", (path) => rm(path), { why: "missing" }],
])("%s", async (_what, change, stale) => {
  await change(join(out, "a.ts"));

  expect(await staleFiles(out, files)).toEqual([{ path: "a.ts", ...stale }]);
});

test("bytes have no lines", async () => {
  await writeFile(join(out, "m.binpb"), new Uint8Array([2]));

  expect(await staleFiles(out, files)).toEqual([{ path: "m.binpb", why: "differs" }]);
});

test("a file that is not made any more, and nothing that somebody else put there", async () => {
  await writeFile(join(out, "mine.ts"), "");
  const next = [files[0] ?? expect.unreachable(), { path: listFile, content: "a.ts\n" }];

  const stale = await staleFiles(out, next);

  expect(stale).toEqual([
    { path: listFile, why: "differs", line: 2 },
    { path: "m.binpb", why: "obsolete" },
  ]);
  expect(staleFindings("gen", stale).map(({ message }) => message)).toEqual([
    "gen/.perdure-codegen is not what the code gives, from line 2 on",
    "gen/m.binpb is not written any more, and still there",
  ]);
});
