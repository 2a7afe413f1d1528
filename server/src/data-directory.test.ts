import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { lockShard, openDataDirectory } from "./data-directory.js";

let directory: string;
beforeEach(() => {
  const parent = mkdtempSync(join(tmpdir(), "perdure-data-"));
  directory = join(parent, "data");
  return () => {
    rmSync(parent, { recursive: true, force: true });
  };
});

function refusal(code: string, ...words: string[]): object {
  const message = expect.stringMatching(new RegExp(`^${code}: .*${words.join(".*")}`, "s"));
  return expect.objectContaining({ name: "DataDirectoryError", code, message }) as object;
}

/** Every file with its content. */
function contentOf(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((f) => join(f.parentPath, f.name));
  return Object.fromEntries(paths.map((file) => [file, readFileSync(file, "utf8")]));
}

function place(format: string): void {
  mkdirSync(join(directory, "shards", "0"), { recursive: true });
  writeFileSync(join(directory, "shards", "0", "data"), "precious");
  writeFileSync(join(directory, "format.json"), format);
}

describe("a data directory", () => {
  test("is made where there is none, with its format", () => {
    const opened = openDataDirectory(directory);

    expect(opened.shards).toEqual([join(directory, "shards", "0")]);
    expect(JSON.parse(readFileSync(join(directory, "format.json"), "utf8"))).toEqual({
      format: 1,
      partitions: 64,
    });
    opened.release();
  });

  test("is opened again as it was left", () => {
    openDataDirectory(directory).release();
    const before = contentOf(directory);

    openDataDirectory(directory).release();

    expect(contentOf(directory)).toEqual(before);
  });

  test("can't be made below a file", () => {
    writeFileSync(directory, "a file");

    expect(() => openDataDirectory(join(directory, "data"))).toThrow(
      refusal("PDR1001", "can't be created", "--data-dir"),
    );
  });

  test("can't be where its lock is a directory", () => {
    mkdirSync(join(directory, "lock"), { recursive: true });

    expect(() => openDataDirectory(directory)).toThrow(refusal("PDR1001", "can't be written to"));
  });
});

describe("the lock", () => {
  test("keeps a second server of the same process out, until the first lets go", () => {
    const first = openDataDirectory(directory);

    expect(() => openDataDirectory(directory)).toThrow(
      refusal("PDR1002", "another server is using", directory),
    );

    first.release();
    openDataDirectory(directory).release();
  });

  test("of another process holds while it lives, and dies with it, however it ends", async () => {
    openDataDirectory(directory).release();
    // The same call on the same file, in a process of its own.
    const script = `
      const { openSync } = require("node:fs");
      const lock = require("fs-native-extensions");
      if (!lock.tryLock(openSync(process.argv[1], "a+"))) process.exit(1);
      console.log("locked");
      setInterval(() => undefined, 1000);
    `;
    const child = spawn(process.execPath, ["-e", script, join(directory, "lock")], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stdout, "data");

    expect(() => openDataDirectory(directory)).toThrow(refusal("PDR1002"));

    child.kill("SIGKILL");
    await once(child, "exit");
    openDataDirectory(directory).release();
  });

  test("is let go when the directory is refused for its format", () => {
    place('{"format":4}');
    expect(() => openDataDirectory(directory)).toThrow(refusal("PDR1003"));

    writeFileSync(join(directory, "format.json"), '{"format":1}');

    openDataDirectory(directory).release();
  });
});

describe("the format", () => {
  test("of a newer release is refused, and nothing is changed", () => {
    place('{"format":4}');
    const before = contentOf(join(directory, "shards"));

    expect(() => openDataDirectory(directory)).toThrow(
      refusal("PDR1003", "has format 4", "up to 3", "newer release"),
    );

    expect(contentOf(join(directory, "shards"))).toEqual(before);
    expect(readFileSync(join(directory, "format.json"), "utf8")).toBe('{"format":4}');
  });

  test("that is missing where there is data is damage: it is not taken for new", () => {
    place("{}");
    rmSync(join(directory, "format.json"));

    expect(() => openDataDirectory(directory)).toThrow(
      refusal("PDR1004", "missing, but there is data", "backup"),
    );

    expect(existsSync(join(directory, "format.json"))).toBe(false);
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    "{}",
    '{"format":"1"}',
    '{"format":1.5}',
    '{"format":null}',
    '{"format":0}',
    '{"format":-1}',
  ])("of %o is damage, and nothing is changed", (format) => {
    place(format);
    const before = contentOf(join(directory, "shards"));

    expect(() => openDataDirectory(directory)).toThrow(refusal("PDR1004"));

    expect(contentOf(join(directory, "shards"))).toEqual(before);
    expect(readFileSync(join(directory, "format.json"), "utf8")).toBe(format);
  });

  test("that a crash cut short is written anew: it gets its name only when it is whole", () => {
    mkdirSync(directory);
    writeFileSync(join(directory, "format.json.new"), '{"for');

    openDataDirectory(directory).release();

    expect(JSON.parse(readFileSync(join(directory, "format.json"), "utf8"))).toEqual({
      format: 1,
      partitions: 64,
    });
    expect(existsSync(join(directory, "format.json.new"))).toBe(false);
  });
});

describe("a data directory for several workers", () => {
  test("has a shard for each, and a format that releases for one shard refuse", () => {
    const opened = openDataDirectory(directory, { shards: 3 });

    expect(opened.shards).toEqual(
      ["0", "1", "2"].map((number) => join(directory, "shards", number)),
    );
    expect(JSON.parse(readFileSync(join(directory, "format.json"), "utf8"))).toEqual({
      format: 2,
      partitions: 64,
      shards: 3,
    });
    opened.release();
  });

  test("is opened for as many where nobody says how many", () => {
    openDataDirectory(directory, { shards: 3 }).release();

    const opened = openDataDirectory(directory);

    expect(opened.shards).toHaveLength(3);
    opened.release();
  });

  test.each([
    { made: 2, asked: 3 },
    { made: 1, asked: 2 },
    { made: 2, asked: 1 },
  ])(
    "made for $made and asked for $asked says what is to be moved, and changes nothing",
    ({ made, asked }) => {
      const before = openDataDirectory(directory, { shards: made });
      before.release();
      const content = contentOf(directory);

      const opened = openDataDirectory(directory, { shards: asked });

      expect(opened.movesFrom).toEqual(before.shards);
      expect(opened.shards).toHaveLength(asked);
      expect(contentOf(directory)).toEqual(content);
      opened.release();
    },
  );

  test("has no more workers than partitions", () => {
    expect(() => openDataDirectory(directory, { partitions: 2, shards: 3 })).toThrow(
      refusal("PDR1005", "3 workers can't share 2 partitions"),
    );
    openDataDirectory(directory, { partitions: 2 }).release();
    expect(() => openDataDirectory(directory, { shards: 3 })).toThrow(
      refusal("PDR1005", "3 workers can't share 2 partitions"),
    );
  });

  test("lends a shard to one process at a time: the next waits for its end", async () => {
    const shard = join(directory, "shards", "1");
    const lock = join(shard, "lock");
    const code = `
      import { openSync } from "node:fs";
      import { createRequire } from "node:module";
      const { default: locks } = await import(createRequire(${JSON.stringify(import.meta.url)}).resolve("fs-native-extensions"));
      console.log(locks.tryLock(openSync(${JSON.stringify(lock)}, "a+")));
      setInterval(() => {}, 1000);`;
    mkdirSync(shard, { recursive: true });
    const child = spawn(process.execPath, ["--input-type=module", "--eval", code]);
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stdout, "data");
    let isTaken = false;
    const taken = lockShard(shard, () => undefined).then((release) => {
      isTaken = true;
      return release;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isTaken).toBe(false);

    child.kill("SIGKILL");

    const release = await taken;
    release();
  });

  test("lends a shard that took the place of another one by its own lock", async () => {
    const shard = join(directory, "shards", "1");
    const first = await lockShard(shard, () => undefined);
    const second = lockShard(shard, () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    rmSync(shard, { recursive: true });
    const third = await lockShard(shard, () => undefined);
    let isTaken = false;
    void second.then(() => (isTaken = true));

    first();

    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isTaken).toBe(false);
    third();
    (await second)();
  });
});
