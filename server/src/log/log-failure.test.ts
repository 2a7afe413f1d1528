import { describe, expect, test } from "vitest";
import {
  appendBatches,
  bytesOn,
  directory,
  linesOf,
  open,
  recordsAfter,
  smallSegmentBytes,
} from "./log.fixture.js";
import type { LogRecord } from "./log.js";
import { SimulatedDisk } from "./simulated-disk.js";

async function spareIsReady(disk: SimulatedDisk): Promise<void> {
  await expect.poll(() => disk.namesIn(directory).some((n) => n.startsWith("spare"))).toBe(true);
}

describe("a full disk", () => {
  test("refuses a batch that needs a new segment, and takes it when there is room", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    disk.capacityBytes = 3 * smallSegmentBytes;
    let all = await appendBatches(log, [], [1, 1], 1500);
    let refused = 0;
    for (let attempt = 0; attempt < 20; attempt++) {
      const next = recordsAfter(all, 1, 1500);
      try {
        await log.append(next);
        all = [...all, ...next];
      } catch (error) {
        expect(error).toMatchObject({ name: "DiskFull", code: "PDR1105" });
        refused += 1;
      }
    }
    const next = recordsAfter(all, 1, 1500);
    expect(() => log.appendSync(next)).toThrow(/has no room for 8192 bytes more/);
    expect(log.lastPosition).toBe(all.length);
    expect(log.syncedPosition).toBe(all.length);
    expect(refused).toBeGreaterThan(0);

    disk.capacityBytes = 20 * smallSegmentBytes;
    log.appendSync(next);
    all = await appendBatches(log, [...all, ...next], [1, 1, 1], 1500);

    expect((await open(disk.powerLoss(4))).records).toEqual(all);
  });

  test("that finds files which are only kept to be used again takes their room instead", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    let all = await appendBatches(log, [], [1, 1, 1, 1, 1], 1500);
    for (const body of await Promise.all(
      [1, 2].map(() => log.storeBody([new Uint8Array(9_000)])),
    )) {
      log.dropBody(body);
    }
    await spareIsReady(disk);
    disk.capacityBytes = bytesOn(disk);
    const large = recordsAfter(all, 1, 20_000);

    await expect(log.append(large)).rejects.toMatchObject({ code: "PDR1105" });
    expect(disk.namesIn(directory).filter((n) => /^(spare|body)/.test(n))).toEqual([]);
    await log.append(large);

    all = await appendBatches(log, [...all, ...large], [1, 1]);
    expect((await open(disk.powerLoss(4))).records).toEqual(all);
  });

  test("has their room for a body, too", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const all = await appendBatches(log, [], [1, 1, 1, 1, 1], 1500);
    await spareIsReady(disk);
    disk.capacityBytes = bytesOn(disk);
    const [record] = recordsAfter(all, 1, smallSegmentBytes) as [LogRecord];

    await expect(log.storeBody([record.body])).rejects.toMatchObject({ code: "PDR1105" });
    const stored = await log.storeBody([record.body]);
    await log.append([{ ...record, stored }]);

    const { records } = await open(disk.powerLoss(4));
    expect(linesOf(records)).toEqual(linesOf([...all, record]));
  });

  test("still takes what fits into the current segment", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const first = await appendBatches(log, [], [1]);
    disk.capacityBytes = 0;

    await expect(log.append(recordsAfter(first, 1, 30_000))).rejects.toThrow(/has no room for/);
    const all = await appendBatches(log, first, [1, 2]);

    expect((await open(disk.kill())).records).toEqual(all);
  });

  test("goes on when trim has made room", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const first = await appendBatches(log, [], [1, 1, 1, 1, 1], 1500);
    await spareIsReady(disk);
    disk.capacityBytes = 0;
    const filled = await appendBatches(log, first, [1, 1], 1500);
    await expect(log.append(recordsAfter(filled, 2, 1500))).rejects.toMatchObject({
      code: "PDR1105",
    });

    await log.trim(5);
    const all = await appendBatches(log, filled, [2], 1500);

    expect((await open(disk.kill(), { replayFrom: 5 })).records).toEqual(all.slice(4));
  });

  test("leaves no half-made files and does not keep a log from opening", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const all = await appendBatches(log, [], [1, 1]);
    await log.close();
    for (const name of disk.namesIn(directory)) {
      if (name.startsWith("spare")) disk.place(directory, name, undefined);
    }
    disk.capacityBytes = smallSegmentBytes;

    const reopened = await open(disk);
    await expect(reopened.log.append(recordsAfter(all, 1))).rejects.toMatchObject({
      code: "PDR1105",
    });
    await reopened.log.close();

    expect(reopened.records).toEqual(all);
    expect(disk.namesIn(directory)).toEqual(["segment-0000000001.log"]);
  });
});

describe("a file system that finds only in a sync that it has no room", () => {
  const notSegments = (name: string): boolean => name !== "" && !name.startsWith("segment");

  test.each([
    ["larger than a segment", 30_000],
    ["for which there is a spare", 4_000],
  ])("refuses a first batch %s, and takes it when there is room", async (_, bodyBytes) => {
    for (const way of ["append", "appendSync"] as const) {
      const disk = new SimulatedDisk();
      const { log } = await open(disk);
      const first = await appendBatches(log, [], [1], 4_000);
      await spareIsReady(disk);
      const next = recordsAfter(first, 1, bodyBytes);
      disk.fullAtSync = notSegments;

      for (let tries = 0; tries < 3; tries++) {
        await expect((async () => log[way](next))()).rejects.toMatchObject({
          name: "DiskFull",
          code: "PDR1105",
        });
        expect(log.lastPosition).toBe(1);
        expect(log.syncedPosition).toBe(1);
      }
      disk.fullAtSync = () => false;
      await log[way](next);
      const all = await appendBatches(log, [...first, ...next], [1, 2], 4_000);

      expect((await open(disk.powerLoss(7))).records).toEqual(all);
    }
  });

  test("keeps what was there through a loss of power in between", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const disk = new SimulatedDisk();
      const { log } = await open(disk);
      const first = await appendBatches(log, [], [2]);
      disk.fullAtSync = notSegments;
      await expect(log.append(recordsAfter(first, 1, 30_000))).rejects.toMatchObject({
        code: "PDR1105",
      });

      const found = await open(disk.powerLoss(seed));

      expect(found.records).toEqual(first);
    }
  });

  test.each([1_000, 600_000])(
    "refuses a batch of %i bytes in a segment that is a part of the log already, and takes it when there is room",
    async (bodyBytes) => {
      for (const way of ["append", "appendSync"] as const) {
        const disk = new SimulatedDisk();
        const { log } = await open(disk, { segmentBytes: 1024 * 1024 });
        const first = await appendBatches(log, [], [1, 2]);
        const next = recordsAfter(first, 1, bodyBytes);
        disk.fullAtSync = () => true;

        for (let tries = 0; tries < 3; tries++) {
          await expect((async () => log[way](next))()).rejects.toMatchObject({ code: "PDR1105" });
          expect(log.lastPosition).toBe(3);
          expect(log.syncedPosition).toBe(3);
        }
        disk.fullAtSync = () => false;
        await log[way](next);
        const all = await appendBatches(log, [...first, ...next], [1, 2]);

        expect((await open(disk.powerLoss(7))).records).toEqual(all);
      }
    },
  );

  test("keeps what was there through a loss of power while a batch waits in a segment, and nothing but that batch", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const disk = new SimulatedDisk();
      const { log } = await open(disk);
      const first = await appendBatches(log, [], [2, 1]);
      const next = recordsAfter(first, 2);
      disk.fullAtSync = () => true;
      for (let tries = 0; tries < 2; tries++) {
        await expect(log.append(next)).rejects.toMatchObject({ code: "PDR1105" });
      }

      const restarted = disk.powerLoss(seed);
      const found = await open(restarted);
      expect([first, [...first, ...next]]).toContainEqual(found.records);
      const all = await appendBatches(found.log, found.records, [1]);
      expect((await open(restarted.kill())).records).toEqual(all);
    }
  });

  test.each([false, true])(
    "lets a log be closed while a batch waits in a segment, still full: %s",
    async (isFull) => {
      const disk = new SimulatedDisk();
      const { log } = await open(disk);
      const first = await appendBatches(log, [], [2]);
      disk.fullAtSync = () => true;
      await expect(log.append(recordsAfter(first, 1, 1_000))).rejects.toMatchObject({
        code: "PDR1105",
      });

      disk.fullAtSync = () => isFull;
      await log.close();

      const found = await open(disk.kill());
      expect(found.records).toEqual(first);
      const all = await appendBatches(found.log, first, [1]);
      expect((await open(disk.kill())).records).toEqual(all);
    },
  );
});

describe("too many open files", () => {
  test.each(["with a spare at hand", "without one"])(
    "keep a new segment from being opened, %s: the batch is taken when there are fewer",
    async (which) => {
      const disk = new SimulatedDisk();
      const { log } = await open(disk);
      const first = await appendBatches(log, [], [1], 4_000);
      await spareIsReady(disk);
      const next = recordsAfter(first, 1, which === "without one" ? 30_000 : 4_000);
      disk.filesMax = 0;

      for (let tries = 0; tries < 3; tries++) {
        await expect(log.append(next)).rejects.toMatchObject({
          name: "TooManyFiles",
          code: "PDR1110",
        });
        expect(() => log.appendSync(next)).toThrow(/limit of open files/);
      }
      expect(log.lastPosition).toBe(1);
      disk.filesMax = Infinity;
      await log.append(next);
      const all = await appendBatches(log, [...first, ...next], [1, 2], 4_000);

      expect((await open(disk.kill())).records).toEqual(all);
    },
  );

  test("are not counted twice: the log closes what it no longer needs", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    await spareIsReady(disk);
    // The segment that is left, the one that is entered, and the spare that is made meanwhile.
    disk.filesMax = 3;

    const all = await appendBatches(
      log,
      [],
      Array.from({ length: 20 }, () => 1),
      4_000,
    );

    expect((await open(disk.kill())).records).toEqual(all);
  });
});

describe("a failed sync", () => {
  test("is fatal: the append rejects, and everything after it too", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const first = await appendBatches(log, [], [2]);
    const failed = { name: "LogFailure", code: "PDR1104" };

    disk.failSync = () => true;
    await expect(log.append(recordsAfter(first, 1))).rejects.toMatchObject(failed);
    disk.failSync = () => false;
    const operations = disk.operations;

    await expect(log.append(recordsAfter(first, 1))).rejects.toMatchObject(failed);
    expect(() => log.appendSync(recordsAfter(first, 1))).toThrow("Nothing more is written");
    await expect(log.trim(2)).rejects.toMatchObject(failed);
    expect(log.syncedPosition).toBe(2);
    await log.close();
    expect(disk.operations).toBe(operations);
  });

  test.each(["file", "directory"])("of a new segment's %s is fatal as well", async (what) => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    await spareIsReady(disk);
    disk.failSync = (name) => (name === "") === (what === "directory");

    expect(() => log.appendSync(recordsAfter([], 1))).toThrow(/EIO: sync of/);
    disk.failSync = () => false;

    expect(() => log.appendSync(recordsAfter([], 1))).toThrow(/EIO: sync of/);
  });

  test("does not harm what a later start builds on the unsynced batch", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const disk = new SimulatedDisk();
      const { log } = await open(disk);
      const first = await appendBatches(log, [], [2, 1]);
      disk.failSync = () => true;
      await expect(log.append(recordsAfter(first, 2))).rejects.toMatchObject({ code: "PDR1104" });

      // The cache still has the batch and takes it for clean; the disk may not have it.
      const restarted = disk.kill();
      const second = await open(restarted);
      const all = await appendBatches(second.log, second.records, [1]);

      expect(second.records).toHaveLength(5);
      expect((await open(restarted.powerLoss(seed))).records).toEqual(all);
    }
  });
});
