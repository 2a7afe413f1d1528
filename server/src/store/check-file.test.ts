// Damage to LMDB's file: what can be seen before it is mapped is refused before it is mapped, since LMDB
// would take the process with it. Files in good order that look short are not refused.

import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { open } from "lmdb";
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
  interface Write {
    readonly key: number;
    /** undefined deletes. */
    readonly bytes: number | undefined;
  }
  const writes = fc.array(
    fc.record<Write>({
      key: fc.nat(300),
      bytes: fc.option(fc.oneof(fc.nat(1_500), fc.nat(20_000)), { nil: undefined, freq: 2 }),
    }),
    { minLength: 20, maxLength: 300 },
  );

  test("is in good order where only free pages are missing, and damaged where others are", async () => {
    let short = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(writes, { minLength: 5, maxLength: 25 }),
        fc.double({ min: 0.3, max: 1, noNaN: true }),
        async (transactions, share) => {
          const directory = temporaryDirectory();
          const path = join(directory, "data.mdb");
          const model = new Map<string, number>();
          // Without the filling up that Environment does.
          const database = openRaw(directory);
          for (const transaction of transactions) {
            database.transactionSync(() => {
              for (const write of transaction) put(database, model, write);
            });
            expect(findDamage(directory)).toBeUndefined();
          }
          await database.close();
          const bytes = readFileSync(path).length;
          fillUp(directory);
          if (readFileSync(path).length > bytes) short++;

          truncateSync(path, Math.floor(bytes * share));
          if (findDamage(directory) !== undefined) return;
          const again = openRaw(directory);
          const found = [...again.getRange()].map((row) => [row.key.toString(), row.value.length]);
          await again.close();
          expect(new Map(found as [string, number][])).toEqual(model);
        },
      ),
      { numRuns: 40 },
    );
    // Otherwise this test has seen nothing.
    expect(short).toBeGreaterThan(0);
  }, 30_000);

  function openRaw(directory: string): ReturnType<typeof open<Buffer, Buffer>> {
    const binary = { encoding: "binary", keyEncoding: "binary" } as const;
    return open<Buffer, Buffer>({ path: directory, noSubdir: false, ...binary });
  }

  function put(
    database: ReturnType<typeof openRaw>,
    model: Map<string, number>,
    { key, bytes }: Write,
  ): void {
    const name = `k${String(key).padStart(4, "0")}`;
    if (bytes === undefined) {
      database.removeSync(Buffer.from(name));
      model.delete(name);
    } else {
      database.putSync(Buffer.from(name), Buffer.alloc(bytes, 1));
      model.set(name, bytes);
    }
  }
});
