// Damage to LMDB's file: what can be seen before it is mapped is refused before it is mapped, since LMDB
// would take the process with it. Files in good order that look short are not refused.

import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { describe, expect, test } from "vitest";
import { fillUp, findDamage } from "./check-file.js";
import { temporaryDirectory, stateRow } from "./store.fixture.js";
import { Store } from "./store.js";

interface StoreFile {
  readonly directory: string;
  readonly path: string;
}

async function closedStore(): Promise<StoreFile> {
  const directory = temporaryDirectory();
  const store = new Store({ directory, writer: "inline" });
  const tables = store.partition(1);
  for (let n = 0; n < 500; n++) tables.state.put(`k${n}`, stateRow("x".repeat(n * 10)));
  tables.undo.commit();
  tables.partitionState.appliedPosition = 1;
  await store.checkpoint(7);
  await store.close();
  return { directory, path: join(directory, "data.mdb") };
}

function fill(byte: number, from: number, to: number | undefined): (content: Buffer) => Buffer {
  return (content) => Buffer.from(content).fill(byte, from, to);
}

function cut(share: number): (content: Buffer) => Buffer {
  return (content) => content.subarray(0, Math.floor(content.length * share));
}

/** Changes the page that the newer meta page names there. */
function rootPage(offset: number, change: (page: Buffer) => Buffer): (content: Buffer) => Buffer {
  return (content) => {
    const newer = content.readBigUInt64LE(152) > content.readBigUInt64LE(4096 + 152) ? 0 : 4096;
    const at = Number(content.readBigUInt64LE(newer + offset)) * 4096;
    const changed = Buffer.from(content);
    change(content.subarray(at, at + 4096)).copy(changed, at);
    return changed;
  };
}

function anotherNumber(page: Buffer): Buffer {
  const changed = Buffer.from(page);
  changed.writeBigUInt64LE(page.readBigUInt64LE() + 1n);
  return changed;
}

describe("a damaged store", () => {
  test.each([
    ["is text", (): Buffer => Buffer.from("this is no database\n".repeat(1000))],
    ["is nothing but zeros", fill(0, 0, undefined)],
    ["is noise", fill(0xab, 0, undefined)],
    ["has lost its first page", fill(0, 0, 4096)],
    ["has lost its second page", fill(0xab, 4096, 8192)],
    ["has headers of no meta pages", fill(0, 16, 24)],
    ["is of another format version", fill(9, 28, 32)],
    ["has a page size that can't be", fill(0xff, 48, 52)],
    ["has a hundred bytes", (content: Buffer) => content.subarray(0, 100)],
    ["has its meta pages only", (content: Buffer) => content.subarray(0, 8192)],
    ["has lost its second half", cut(0.5)],
    ["has lost the page that its rows begin with", rootPage(136, fill(0, 0, undefined))],
    ["has noise for the page that its rows begin with", rootPage(136, fill(0xab, 0, undefined))],
    ["has noise for its list of free pages", rootPage(88, fill(0xab, 0, undefined))],
    ["has another page for the one that its rows begin with", rootPage(136, anotherNumber)],
    ["has rows of noise", fill(0xab, 8192, undefined)],
    ["has rows of zeros", fill(0, 8192, undefined)],
  ])("is refused with PDR1201, and nothing in it is changed: it %s", async (_, damage) => {
    const { directory, path } = await closedStore();
    const damaged = damage(readFileSync(path));
    writeFileSync(path, damaged);

    expect(() => new Store({ directory, writer: "inline" })).toThrow(
      expect.objectContaining({
        name: "StoreDamaged",
        code: "PDR1201",
        message: expect.stringContaining(directory),
      }),
    );
    expect(readFileSync(path).equals(damaged)).toBe(true);
  });
});

describe("a file that is not there, or empty", () => {
  test.each(["absent", "empty"])("is a new store: %s", (kind) => {
    const directory = temporaryDirectory();
    if (kind === "empty") writeFileSync(join(directory, "data.mdb"), "");

    expect(findDamage(directory)).toBeUndefined();
    fillUp(directory);
  });
});

describe("a file that is shorter than it says", () => {
  const seeds = [3, 27, 30, 31, 35, 39, 40, 41, 43, 47];

  test("is in good order where only free pages are missing, and damaged where others are", async () => {
    let short = 0;
    for (const seed of seeds) {
      const { directory, path, model, random } = await churned(seed, (bytesMissing) => {
        if (bytesMissing > 0) short++;
      });
      const whole = readFileSync(path);
      for (const share of [0.3, 0.8, 0.95, 0.99, 0.5 + random(500) / 1000]) {
        truncateSync(path, Math.floor(whole.length * share));
        // What it lets through can be read to the end, and nothing is missing.
        if (findDamage(directory) === undefined) expect(await contentOf(directory)).toEqual(model);
        writeFileSync(path, whole);
      }
    }
    // Otherwise this test has seen nothing.
    expect(short).toBeGreaterThan(0);
  }, 60_000);

  interface Churned extends StoreFile {
    readonly model: ReadonlyMap<string, number>;
    readonly random: (below: number) => number;
  }

  /** A store that had many rows come and go, in transactions of any size. */
  async function churned(seed: number, look: (bytesMissing: number) => void): Promise<Churned> {
    const directory = temporaryDirectory();
    const path = join(directory, "data.mdb");
    const model = new Map<string, number>();
    const random = randomNumbers(seed);
    const database = openRaw(directory);
    for (let transaction = 0; transaction < 60; transaction++) {
      database.transactionSync(() => {
        for (let n = 1 + random(400); n > 0; n--) change(database, model, random);
      });
      expect(findDamage(directory)).toBeUndefined();
      const { size } = statSync(path);
      fillUp(directory);
      look(statSync(path).size - size);
      truncateSync(path, size);
    }
    await database.close();
    return { directory, path, model, random };
  }

  function change(
    database: ReturnType<typeof openRaw>,
    model: Map<string, number>,
    random: (below: number) => number,
  ): void {
    const key = `k${String(random(500)).padStart(4, "0")}`;
    if (random(10) < 6) {
      const bytes = random(4) === 0 ? random(20_000) : random(1_500);
      database.putSync(Buffer.from(key), Buffer.alloc(bytes, 1));
      model.set(key, bytes);
    } else {
      database.removeSync(Buffer.from(key));
      model.delete(key);
    }
  }

  async function contentOf(directory: string): Promise<Map<string, number>> {
    const database = openRaw(directory);
    const rows = [...database.getRange()].map((row): [string, number] => {
      return [row.key.toString(), row.value.length];
    });
    await database.close();
    return new Map(rows);
  }

  /** Without the filling up that Environment does. */
  function openRaw(directory: string): RootDatabase<Buffer, Buffer> {
    return open<Buffer, Buffer>({
      path: directory,
      noSubdir: false,
      encoding: "binary",
      keyEncoding: "binary",
      overlappingSync: false,
      eventTurnBatching: false,
      noSync: true,
    });
  }

  function randomNumbers(seed: number): (below: number) => number {
    let state = seed * 7919;
    return (below) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state % below;
    };
  }
});
