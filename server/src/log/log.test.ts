import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  appendBatches,
  directory,
  open,
  recordsAfter,
  segmentsIn,
  smallSegmentBytes,
} from "./log.fixture.js";
import { registryPartition } from "@perdure/protocol/ids";
import { openLog, type LogRecord, type OpenedLog } from "./log.js";
import { SimulatedDisk } from "./simulated-disk.js";

describe("an event log", () => {
  test("starts empty, at position 0", async () => {
    const { log, records } = await open(new SimulatedDisk());

    expect(log.lastPosition).toBe(0);
    expect(log.syncedPosition).toBe(0);
    expect(records).toEqual([]);
  });

  test("delivers what was appended, in order, field by field", async () => {
    const disk = new SimulatedDisk();
    const first = await open(disk);
    const extremes: LogRecord = {
      partition: registryPartition,
      partitionPosition: Number.MAX_SAFE_INTEGER - 1,
      epoch: 0xffff_ffff,
      timeMs: -0.125,
      kind: 0xffff,
      behavior: 0xffff,
      producerKind: 0xff,
      producerId: Number.MAX_SAFE_INTEGER,
      producerSequence: Number.MAX_SAFE_INTEGER,
      flags: 0xfd,
      body: new Uint8Array(),
    };

    const appended = await appendBatches(first.log, [], [1, 4, 2]);
    await first.log.append([extremes]);
    await first.log.close();
    const second = await open(disk);

    expect(second.records).toEqual([...appended, extremes]);
    expect(second.positions).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(second.log.lastPosition).toBe(8);
    expect(second.log.syncedPosition).toBe(8);
  });

  test("resolves an append with its last position, when that is durable", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);

    const appending = log.append(recordsAfter([], 3));
    const syncedBefore = log.syncedPosition;
    const position = await appending;

    expect(syncedBefore).toBe(0);
    expect(position).toBe(3);
    expect(log.syncedPosition).toBe(3);
    expect((await open(disk.powerLoss(1))).records).toHaveLength(3);
  });

  test("appends on the spot as well, in one log with the other way", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const records = recordsAfter([], 30, 700);

    for (const [index, record] of records.entries()) {
      const position = index % 2 === 0 ? log.appendSync([record]) : await log.append([record]);
      expect(position).toBe(index + 1);
    }

    expect((await open(disk.powerLoss(1))).records).toEqual(records);
  });

  test("writes nothing for an empty batch", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    await appendBatches(log, [], [2]);
    const operations = disk.operations;

    expect(await log.append([])).toBe(2);
    expect(disk.operations).toBe(operations);
  });

  test("takes one write and one sync for a batch", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk, { segmentBytes: 1024 * 1024 });
    const first = await appendBatches(log, [], [1]);
    const operations = disk.operations;

    log.appendSync(recordsAfter(first, 100, 300));

    expect(disk.operations - operations).toBe(2);
  });

  test("replays from the position that is asked for", async () => {
    const disk = new SimulatedDisk();
    const first = await open(disk);
    const appended = await appendBatches(first.log, [], [3, 3]);
    await first.log.close();

    const second = await open(disk, { replayFrom: 5 });

    expect(second.positions).toEqual([5, 6]);
    expect(second.records).toEqual(appended.slice(4));
  });

  test("opens again and again with contiguous positions", async () => {
    const disk = new SimulatedDisk();
    let all: LogRecord[] = [];
    for (let start = 0; start < 5; start++) {
      const { log, records } = await open(disk);
      expect(records).toEqual(all);
      if (start !== 2) all = await appendBatches(log, all, [2, 1]);
      await log.close();
    }

    const last = await open(disk);

    expect(last.positions).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  });

  test("passes an error of the reader on, and can be opened after it", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    await appendBatches(log, [], [2]);
    await log.close();
    const failing = (): never => {
      throw new Error("no such kind");
    };

    await expect(open(disk, { onRecord: failing })).rejects.toThrow("no such kind");

    expect((await open(disk)).records).toHaveLength(2);
  });
});

describe("misuse of an event log", () => {
  test("a second append while one is under way is refused, the first is not harmed", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const batch = recordsAfter([], 2);

    const first = log.append(batch);
    const second = log.append(recordsAfter(batch, 1));
    expect(() => log.appendSync(recordsAfter(batch, 1))).toThrow("one append at a time");
    await expect(second).rejects.toThrow("one append at a time");

    expect(await first).toBe(2);
    expect(await log.append(recordsAfter(batch, 1))).toBe(3);
  });

  test.each([
    ["a gap in a partition", { partitionPosition: 3 }, /is number 3 of partition 1, expected 2/],
    ["a position again", { partitionPosition: 1 }, /is number 1 of partition 1, expected 2/],
    ["a partition above 16 bits", { partition: 0x1_0000 }, /out of its range/],
    ["a fraction of an epoch", { epoch: 1.5 }, /out of its range/],
    ["a time that is no number", { timeMs: Number.NaN }, /out of its range/],
    ["an unsafe sequence", { producerSequence: 2 ** 53 }, /out of its range/],
    ["a negative producer", { producerId: -1 }, /out of its range/],
  ])("a batch with %s is refused whole; the log goes on", async (_what, wrong, message) => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const first = await appendBatches(log, [], [1]);
    const [next] = recordsAfter(first, 1);
    const bad: LogRecord = { ...first[0]!, partitionPosition: 2, ...wrong };

    await expect(log.append([next!, bad])).rejects.toThrow(message);
    await log.append([next!]);

    expect((await open(disk.kill())).records).toEqual([...first, next]);
  });

  test("nothing is appended or trimmed after close, and close may be called twice", async () => {
    const { log } = await open(new SimulatedDisk());
    await log.append(recordsAfter([], 1));

    await Promise.all([log.close(), log.close()]);

    await expect(log.append([])).rejects.toMatchObject({ code: "PDR1109" });
    expect(() => log.appendSync([])).toThrow("is closed");
    await expect(log.trim(1)).rejects.toMatchObject({ code: "PDR1109" });
  });

  test("close waits for the append that is under way", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);

    const appending = log.append(recordsAfter([], 2));
    await log.close();

    expect(await appending).toBe(2);
    expect((await open(disk)).records).toHaveLength(2);
  });
});

describe("segments", () => {
  test("a full segment is followed by another, and reading crosses them", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);

    const appended = await appendBatches(log, [], Array<number>(30).fill(2), 300);

    expect(segmentsIn(disk).length).toBeGreaterThan(4);
    expect((await open(disk.kill())).records).toEqual(appended);
  });

  test("each start opens a segment of its own, at its first append", async () => {
    const disk = new SimulatedDisk();
    for (let start = 1; start <= 3; start++) {
      const { log, records } = await open(disk);
      expect(segmentsIn(disk)).toHaveLength(start - 1);
      await log.append(recordsAfter(records, 1));
      await log.close();
      expect(segmentsIn(disk)).toHaveLength(start);
    }
  });

  test("a batch larger than a segment gets a segment of its own", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);

    const appended = await appendBatches(log, [], [1, 1, 1], 10 * smallSegmentBytes);
    const all = await appendBatches(log, appended, [1, 1]);

    const sizes = segmentsIn(disk).map((name) => disk.contentOf(directory, name).length);
    expect(sizes.filter((bytes) => bytes > 10 * smallSegmentBytes)).toHaveLength(3);
    const reopened = await open(disk.kill());
    expect(reopened.records).toEqual(all);
    await reopened.log.trim(5);
    expect(disk.namesIn(directory).filter((name) => name.startsWith("spare"))).toHaveLength(1);
  });

  test("trim lets go of whole segments, and only of those that hold nothing newer", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const appended = await appendBatches(log, [], Array<number>(12).fill(2), 700);
    const before = segmentsIn(disk);

    await log.trim(8);

    const left = segmentsIn(disk);
    expect(left.length).toBeLessThan(before.length);
    expect(before.slice(-left.length)).toEqual(left);
    const reopened = await open(disk.powerLoss(3), { replayFrom: 8 });
    expect(reopened.records).toEqual(appended.slice(7));
  });

  test("trim keeps the last segment, whatever is asked for", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const appended = await appendBatches(log, [], Array<number>(12).fill(2), 700);

    await Promise.all([log.trim(1000), log.trim(1000)]);
    expect(segmentsIn(disk)).toHaveLength(1);
    await appendBatches(log, appended, [1]);

    const reopened = await open(disk.kill(), { replayFrom: 25 });
    expect(reopened.positions).toEqual([25]);
  });

  test("trimmed segments are used again, and what they held before is never read", async () => {
    let disk = new SimulatedDisk();
    let all: LogRecord[] = [];

    for (let round = 0; round < 12; round++) {
      const replayFrom = Math.max(1, all.length - 3);
      const { log, records } = await open(disk, { replayFrom });
      expect(records).toEqual(all.slice(-4));
      all = await appendBatches(log, all, [2, 2, 2, 2], 500);
      await log.trim(all.length - 3);
      disk = disk.kill();
    }

    // 96 records of 560 bytes went through; more than 12 segments would have been made for them.
    expect(disk.namesIn(directory).length).toBeLessThan(8);
  });
});

test("spares of another size are not used when segments are to be larger", async () => {
  const disk = new SimulatedDisk();
  const first = await open(disk);
  const appended = await appendBatches(first.log, [], [1, 1, 1, 1], 3000);
  await first.log.trim(4);
  await first.log.close();

  const second = await open(disk, { segmentBytes: 4 * smallSegmentBytes, replayFrom: 4 });
  const all = await appendBatches(second.log, appended, [1, 1, 1, 1], 6000);
  await second.log.close();

  const sizes = segmentsIn(disk).map((name) => disk.contentOf(directory, name).length);
  expect(new Set(sizes.slice(1))).toEqual(new Set([4 * smallSegmentBytes]));
  expect((await open(disk, { replayFrom: 4 })).records).toEqual(all.slice(3));
});

describe("an event log that is closed", () => {
  test("leaves a note that its last batch was synced, so that damage to it is no torn tail", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    await appendBatches(log, [], [1, 1]);
    await log.close();
    const [name] = segmentsIn(disk);
    const content = Buffer.from(disk.contentOf(directory, name!));
    const note = content.lastIndexOf("Pbat");
    const lastBatch = content.lastIndexOf("Pbat", note - 1);

    content[lastBatch + 100]! ^= 1;
    disk.place(directory, name!, content);

    await expect(open(disk)).rejects.toMatchObject({ code: "PDR1101", position: 2 });
  });
});

describe("an event log on a real disk", () => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "perdure-log-"));
  });
  afterEach(async () => {
    await rm(path, { recursive: true });
  });

  async function openReal(replayFrom = 1): Promise<OpenedLog & { records: LogRecord[] }> {
    const records: LogRecord[] = [];
    const opened = await openLog({
      directory: join(path, "shards/0/log"),
      replayFrom,
      onRecord: ({ position: _, ...record }) => records.push(record),
    });
    return { ...opened, records };
  }

  test("keeps its records from one opening to the next", async () => {
    const first = await openReal();
    const appended = await appendBatches(first.log, [], [3, 1, 50], 1000);
    first.log.appendSync(recordsAfter(appended, 2));
    await first.log.close();

    const second = await openReal();
    await second.log.close();

    expect(second.records.slice(0, 54)).toEqual(appended);
    expect(second.replayed).toBe(56);
  });

  test("rolls over, trims, uses segments again and leaves no other files", async () => {
    let { log } = await openReal();
    let all: LogRecord[] = [];
    for (let round = 0; round < 3; round++) {
      all = await appendBatches(log, all, Array<number>(20).fill(4), 50_000);
      await log.trim(all.length);
      await log.close();
      const reopened = await openReal(all.length);
      expect(reopened.records).toEqual(all.slice(-1));
      log = reopened.log;
    }
    await log.close();

    const names = await readdir(join(path, "shards/0/log"));
    expect(names.filter((name) => !/^(segment|spare)-\d+\.log$/.test(name))).toEqual([]);
  });

  test("refuses a directory that can't be made, with what to do", async () => {
    await writeFile(join(path, "a-file"), "");

    const opening = openLog({
      directory: join(path, "a-file/log"),
      replayFrom: 1,
      onRecord: () => undefined,
    });

    await expect(opening).rejects.toMatchObject({ code: "PDR1108" });
  });
});
