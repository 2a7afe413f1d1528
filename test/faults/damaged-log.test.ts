// The event log, damaged in every region. What was synced once is missed: the server refuses to start, with the code that
// says what is wrong, and changes nothing. The only thing that it can't tell from a crash is the end of a log that nothing
// vouches for.

import {
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { copyOf, count, counted, expectRefusal } from "./damage-kit.js";
import { batchesOf, flipBit, segmentsOf } from "./log-surgery.js";

const shared = useBed("after all");
const bed = useBed("after each");
/** Three segments: each start of a server begins one. It was killed. */
let killed = "";
/** The same, and it was stopped in good order in the end. */
let stopped = "";
const perLife = 15;

beforeAll(async () => {
  const { server } = await shared.serve({ modules: ["greeter"] });
  await count(server, perLife);
  for (let life = 0; life < 2; life++) {
    await server.kill();
    await server.start();
    await count(server, perLife);
  }
  await server.kill();
  killed = copyOf(shared, server.dataDir);
  await server.start();
  await count(server, 1);
  await server.terminate();
  stopped = server.dataDir;
}, 240_000);

interface Parts {
  readonly dataDir: string;
  readonly oldest: string;
  readonly middle: string;
  readonly newest: string;
}

function damaged(from: string, damage: (parts: Parts) => void): string {
  const dataDir = copyOf(bed, from);
  const segments = segmentsOf(dataDir);
  const [oldest = "", middle = ""] = segments;
  damage({ dataDir, oldest, middle, newest: segments.at(-1) ?? "" });
  return dataDir;
}

/** Turns a bit in the batch in the middle of a segment, which later ones name as synced. */
function flipInBatch(segment: string, where: (record: number, offset: number) => number): void {
  const batches = batchesOf(segment);
  const { offset, records } = batches[Math.floor(batches.length / 2)] ?? { offset: 0, records: [] };
  flipBit(segment, where(records[0] ?? 0, offset));
}

function flipInLastBatch(segment: string): void {
  // The last one with records: a log that was closed ends in one without.
  const last = batchesOf(segment).findLast(({ records }) => records.length > 0);
  flipBit(segment, (last?.records[0] ?? 0) + 65);
}

describe("a server refuses a log", () => {
  test.each<[what: string, code: string, (parts: Parts) => void]>([
    [
      "whose newest segment is cut in half",
      "PDR1101",
      ({ newest }) => truncateSync(newest, 300_000),
    ],
    ["whose newest segment has lost its last byte", "PDR1101", cutLastByte],
    ["whose newest segment is empty", "PDR1101", ({ newest }) => truncateSync(newest, 0)],
    ["with a bit turned in a segment's magic", "PDR1101", ({ newest }) => flipBit(newest, 3)],
    ["with a bit turned in a segment's id", "PDR1101", ({ middle }) => flipBit(middle, 17)],
    ["with a bit turned in a segment's checksum", "PDR1101", ({ oldest }) => flipBit(oldest, 65)],
    ["with a bit turned in the first batch", "PDR1101", ({ newest }) => flipBit(newest, 4096 + 20)],
    [
      "with a bit turned in the header of a batch",
      "PDR1101",
      ({ newest }) => flipInBatch(newest, (_, offset) => offset + 9),
    ],
    [
      "with a bit turned in the header of a record",
      "PDR1101",
      ({ newest }) => flipInBatch(newest, (record) => record + 24),
    ],
    [
      "with a bit turned in the body of a record",
      "PDR1101",
      ({ middle }) => flipInBatch(middle, (record) => record + 66),
    ],
    ["whose oldest segment is missing", "PDR1102", ({ oldest }) => rmSync(oldest)],
    ["whose segment in the middle is missing", "PDR1102", ({ middle }) => rmSync(middle)],
    [
      "with a segment under another number",
      "PDR1102",
      ({ newest }) => renameSync(newest, later(newest)),
    ],
    ["with two segments in each other's place", "PDR1101", swap],
    [
      "with a segment twice",
      "PDR1101",
      ({ middle, newest }) => copyFileSync(middle, later(newest, 1)),
    ],
    ["of a newer format", "PDR1103", ({ newest }) => setVersion(newest, 99)],
  ])("%s", async (_, code, damage) => {
    await expectRefusal(bed, damaged(killed, damage), code);
  });

  test.each<[what: string, code: string, (parts: Parts) => void]>([
    ["a bit turned in its last batch", "PDR1101", ({ newest }) => flipInLastBatch(newest)],
    ["its newest segment missing", "PDR1107", ({ newest }) => rmSync(newest)],
    [
      "its folder removed",
      "PDR1107",
      ({ newest }) => rmSync(path.dirname(newest), { recursive: true }),
    ],
  ])("of a server that was stopped in good order, with %s", async (_, code, damage) => {
    await expectRefusal(bed, damaged(stopped, damage), code);
  });
});

describe("a server starts, and nothing is lost", () => {
  test.each<[what: string, (parts: Parts) => void]>([
    ["a bit is turned in what a segment does not use", ({ newest }) => flipBit(newest, 2_000)],
    ["a bit is turned behind the end of the log", flipBehindEnd],
  ])("where %s", async (_, damage) => {
    const server = await bed.startServer({ dataDir: damaged(killed, damage) });

    expect(await counted(server)).toBe(3 * perLife);
  });
});

describe("what nothing vouches for", () => {
  test("is taken for what a crash left: the last batch of a killed server, and what it did is done again", async () => {
    const dataDir = damaged(killed, ({ newest }) => flipInLastBatch(newest));
    const server = await bed.startServer({ dataDir });

    // The addition had been accepted by an earlier batch.
    await expect.poll(() => counted(server), { timeout: 10_000 }).toBe(3 * perLife);
  });

  test("is not missed: the whole last segment of a killed server, removed by somebody", async () => {
    const server = await bed.startServer({
      dataDir: damaged(killed, ({ newest }) => rmSync(newest)),
    });

    expect(await counted(server)).toBe(2 * perLife);
  });
});

test("--damaged-log cut keeps what is before the damage, and the files", async () => {
  const dataDir = damaged(killed, ({ middle }) => flipBit(middle, 17));
  const server = await bed.startServer({ dataDir, flags: { "damaged-log": "cut" } });
  const found = await counted(server);
  await count(server, 1);
  await server.kill();
  const again = await bed.startServer({ dataDir });

  expect(found).toBe(perLife);
  expect(await counted(again)).toBe(perLife + 1);
});

function cutLastByte({ newest }: Parts): void {
  truncateSync(newest, readFileSync(newest).length - 1);
}

/** A name that is that much further on. */
function later(segment: string, by = 5): string {
  const number = Number(/(\d+)\.log$/.exec(segment)?.[1]) + by;
  return path.join(path.dirname(segment), `segment-${String(number).padStart(10, "0")}.log`);
}

function swap({ middle, newest }: Parts): void {
  const aside = `${middle}.aside`;
  renameSync(middle, aside);
  renameSync(newest, middle);
  renameSync(aside, newest);
}

function setVersion(segment: string, version: number): void {
  const bytes = readFileSync(segment);
  bytes.writeUInt32LE(version, 8);
  writeFileSync(segment, bytes);
}

function flipBehindEnd({ newest }: Parts): void {
  flipBit(newest, (batchesOf(newest).at(-1)?.end ?? 0) + 5_000);
}
