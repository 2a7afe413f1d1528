// A crash may come between any two steps of a move. What it leaves is made here step by step, and opened.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { openDataDirectory } from "./data-directory.js";
import { beginMove, commitMove } from "./directory-move.js";
import { temporaryDirectory } from "./store/store.fixture.js";

let directory: string;
beforeEach(() => {
  directory = join(temporaryDirectory(), "data");
});

/** What stands for the content of a shard. */
function fill(shards: readonly string[], content: string): void {
  for (const [number, shard] of shards.entries()) {
    mkdirSync(shard, { recursive: true });
    writeFileSync(join(shard, "rows"), `${content} ${String(number)}`);
  }
}

function made(shards: number): void {
  const opened = openDataDirectory(directory, { shards });
  fill(opened.shards, "old");
  opened.release();
}

function format(): unknown {
  return JSON.parse(readFileSync(join(directory, "format.json"), "utf8"));
}

function writeFormat(format: object): void {
  writeFileSync(join(directory, "format.json"), JSON.stringify(format));
}

/** Opened as it is: what its shards have. */
function opened(): string[] {
  const found = openDataDirectory(directory);
  found.release();
  expect(found.movesFrom).toBeUndefined();
  expect(readdirSync(directory).sort()).toEqual(["format.json", "lock", "shards"]);
  expect(readdirSync(join(directory, "shards"))).toHaveLength(found.shards.length);
  return found.shards.map((shard) => readFileSync(join(shard, "rows"), "utf8"));
}

describe("a move that came to its end", () => {
  test("leaves a directory as if it had been made for as many", () => {
    made(1);
    fill(beginMove(directory, 3), "new");

    commitMove(directory, { partitions: 64, shards: 3 });

    expect(opened()).toEqual(["new 0", "new 1", "new 2"]);
    expect(format()).toEqual({ format: 2, partitions: 64, shards: 3 });
  });

  test("to one leaves a directory that releases which know only one can open", () => {
    made(3);
    fill(beginMove(directory, 1), "new");

    commitMove(directory, { partitions: 64, shards: 1 });

    expect(opened()).toEqual(["new 0"]);
    expect(format()).toEqual({ format: 1, partitions: 64 });
  });
});

describe("a crash during a move", () => {
  test("before it was decided leaves the old shards, and what was begun goes", () => {
    made(2);
    fill(beginMove(directory, 3).slice(0, 1), "half");

    expect(opened()).toEqual(["old 0", "old 1"]);
    expect(format()).toEqual({ format: 2, partitions: 64, shards: 2 });
  });

  test("of an earlier try is no part of the next one", () => {
    made(1);
    fill(beginMove(directory, 3), "half");

    const shards = beginMove(directory, 2);

    expect(shards.map((shard) => existsSync(join(shard, "rows")))).toEqual([false, false]);
    expect(readdirSync(join(directory, "shards.next"))).toEqual(["0", "1"]);
  });

  const decided = { format: 3, partitions: 64, shards: 2 };
  test.each([
    { when: "it was decided", lost: [] },
    { when: "some of the old shards were removed", lost: ["0"] },
    { when: "all of the old shards were removed", lost: [""] },
  ])("after $when leaves the new shards", ({ lost }) => {
    made(3);
    fill(beginMove(directory, 2), "new");
    writeFormat(decided);
    for (const path of lost) rmSync(join(directory, "shards", path), { recursive: true });

    expect(opened()).toEqual(["new 0", "new 1"]);
    expect(format()).toEqual({ format: 2, partitions: 64, shards: 2 });
  });

  test("after the new shards have got their place leaves them there", () => {
    made(3);
    fill(beginMove(directory, 2), "new");
    writeFormat(decided);
    rmSync(join(directory, "shards"), { recursive: true });
    renameSync(join(directory, "shards.next"), join(directory, "shards"));

    expect(opened()).toEqual(["new 0", "new 1"]);
    expect(format()).toEqual({ format: 2, partitions: 64, shards: 2 });
  });

  test("that took all shards along is damage, and nothing is made in their place", () => {
    made(3);
    writeFormat(decided);
    rmSync(join(directory, "shards"), { recursive: true });

    expect(() => openDataDirectory(directory)).toThrow(/^PDR1004: .+there are none/);

    expect(readdirSync(directory).sort()).toEqual(["format.json", "lock"]);
  });

  test("that took the format along is damage, and nothing is removed", () => {
    made(1);
    fill(beginMove(directory, 2), "new");
    rmSync(join(directory, "format.json"));

    expect(() => openDataDirectory(directory)).toThrow(/^PDR1004: /);

    expect(readdirSync(directory).sort()).toEqual(["lock", "shards", "shards.next"]);
  });
});
