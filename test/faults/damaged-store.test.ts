// The tables' file, damaged. It is looked at before it is used: what leads nowhere, is cut off, or does not fit the event
// log is refused with its code, and nothing is changed.

import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { ServerProcess } from "../harness/server-process.js";
import { copyOf, count, counted, expectRefusal, storeFileOf } from "./damage-kit.js";

const shared = useBed("after all");
const bed = useBed("after each");
const pageBytes = 4096;
const objects = 300;
/** Its tables were written three times, and its log was trimmed; it was killed. */
let killed = "";
/** As it was after the first life. */
let older = "";

beforeAll(async () => {
  const { server } = await shared.serve({ modules: ["greeter"] });
  await fillObjects(server);
  await server.terminate();
  older = copyOf(shared, server.dataDir);
  for (let life = 0; life < 2; life++) {
    await server.start();
    await count(server, 3);
    await fillObjects(server);
    await server.terminate();
  }
  await server.start();
  await count(server, 3);
  await server.kill();
  killed = server.dataDir;
}, 240_000);

async function fillObjects(server: ServerProcess): Promise<void> {
  for (let first = 0; first < objects; first += 25) {
    await Promise.all(
      Array.from({ length: 25 }, (_, at) =>
        server.ingress.post(`/restate/call/Counter/o${first + at}/add`, 1),
      ),
    );
  }
}

/** The number of the root page of the rows, or of the free pages, as the newer meta page says. */
function rootOf(content: Buffer, offset: 136 | 88): number {
  const isFirst = content.readBigUInt64LE(152) > content.readBigUInt64LE(pageBytes + 152);
  return Number(content.readBigUInt64LE((isFirst ? 0 : pageBytes) + offset));
}

/** The pages that rows lie in. Some of them are old versions that nothing leads to. */
function leavesOf(content: Buffer): number[] {
  const pages = Array.from({ length: content.length / pageBytes }, (_, page) => page);
  return pages.filter((page) => page > 1 && content.readUInt16LE(page * pageBytes + 18) === 2);
}

function noise(content: Buffer, page: number, from = 0): void {
  for (let at = from; at < pageBytes; at++) content[page * pageBytes + at] = (at * 7_919) & 0xff;
}

function damaged(damage: (content: Buffer) => void): string {
  const dataDir = copyOf(bed, killed);
  const content = readFileSync(storeFileOf(dataDir));
  damage(content);
  writeFileSync(storeFileOf(dataDir), content);
  return dataDir;
}

describe("a server refuses tables", () => {
  test.each<[what: string, code: string, (content: Buffer) => void]>([
    ["whose first meta page is damaged", "PDR1201", (content) => content.fill(0xab, 0, 64)],
    ["whose second meta page is zeros", "PDR1201", (content) => content.fill(0, 4096, 8192)],
    ["whose root is noise", "PDR1201", (content) => noise(content, rootOf(content, 136))],
    [
      "whose root is zeros",
      "PDR1201",
      (content) =>
        content.fill(0, rootOf(content, 136) * pageBytes, (rootOf(content, 136) + 1) * pageBytes),
    ],
    [
      "whose list of free pages is noise",
      "PDR1201",
      (content) => noise(content, rootOf(content, 88)),
    ],
    [
      "with pages of noise",
      "PDR1201",
      (content) => leavesOf(content).forEach((page) => noise(content, page)),
    ],
    [
      "with rows of noise",
      "PDR1(201|202|210)",
      (content) => leavesOf(content).forEach((page) => noise(content, page, 2_048)),
    ],
  ])("%s", async (_, code, damage) => {
    await expectRefusal(bed, damaged(damage), code);
  });

  test("that are cut off", async () => {
    const dataDir = copyOf(bed, killed);
    truncateSync(storeFileOf(dataDir), 10 * pageBytes);

    await expectRefusal(bed, dataDir, "PDR1201");
  });

  test("that are gone, where the log has been trimmed", async () => {
    const dataDir = copyOf(bed, killed);
    rmSync(path.join(dataDir, "shards/0/store"), { recursive: true });

    await expectRefusal(bed, dataDir, "PDR1102");
  });

  test("that are older than what the log has been trimmed to", async () => {
    const dataDir = copyOf(bed, killed);
    const store = path.join(dataDir, "shards/0/store");
    rmSync(store, { recursive: true });
    cpSync(path.join(older, "shards/0/store"), store, { recursive: true });

    await expectRefusal(bed, dataDir, "PDR1102");
  });
});

test("undamaged, all is there", async () => {
  const server = await bed.startServer({ dataDir: copyOf(bed, killed) });

  expect(await counted(server)).toBe(9);
});
