import { describe, expect, test } from "vitest";
import {
  appendBatches,
  directory,
  linesOf,
  open,
  recordsAfter,
  segmentsIn,
  snapshotOf,
} from "./log.fixture.js";
import type { LogRecord } from "./log.js";
import { SimulatedDisk } from "./simulated-disk.js";

/** A process was killed after these appends: no note says that the last batch was synced. */
async function killedAfter(
  sizes: readonly number[],
  bodyBytes = 20,
): Promise<{ disk: SimulatedDisk; records: LogRecord[] }> {
  const disk = new SimulatedDisk();
  const { log } = await open(disk);
  const records = await appendBatches(log, [], sizes, bodyBytes);
  return { disk: disk.kill(), records };
}

/** A disk with these files; opening it does not change the ones it was made from. */
function diskWith(files: ReadonlyMap<string, Buffer>): SimulatedDisk {
  const disk = new SimulatedDisk();
  disk.openDirectory(directory);
  for (const [name, content] of files) disk.place(directory, name, content);
  return disk;
}

function changed(
  files: ReadonlyMap<string, Buffer>,
  name: string,
  change: (content: Buffer) => Buffer,
): Map<string, Buffer> {
  return new Map(files).set(name, change(Buffer.from(files.get(name) ?? [])));
}

function without(files: ReadonlyMap<string, Buffer>, name: string): Map<string, Buffer> {
  return new Map([...files].filter(([other]) => other !== name));
}

/** Where the batches of a segment start. */
function batchOffsets(content: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = content.indexOf("Pbat"); at !== -1; at = content.indexOf("Pbat", at + 1)) {
    offsets.push(at);
  }
  return offsets;
}

function endOfBatch(content: Buffer, offset: number): number {
  return offset + 40 + content.readUInt32LE(offset + 12);
}

async function expectRefused(
  files: ReadonlyMap<string, Buffer>,
  expected: { readonly code: string; readonly position?: number; readonly name?: string },
  replayFrom = 1,
): Promise<void> {
  const disk = diskWith(files);
  await expect(open(disk, { replayFrom })).rejects.toMatchObject(expected);
  const after = snapshotOf(disk);
  expect([...after.keys()]).toEqual([...files.keys()]);
  for (const [name, content] of files) expect(after.get(name)?.equals(content)).toBe(true);
}

/** Opens, goes on, loses the power and opens again: what was read must stay, what follows must fit. */
async function expectGoesOn(disk: SimulatedDisk, expected: readonly LogRecord[]): Promise<void> {
  const opened = await open(disk);
  expect(linesOf(opened.records)).toEqual(linesOf(expected));
  const all = await appendBatches(opened.log, opened.records, [2, 1]);
  const again = await open(disk.powerLoss(1));
  expect(linesOf(again.records)).toEqual(linesOf(all));
  expect(again.positions).toEqual(all.map((_, index) => index + 1));
}

describe("a torn tail", () => {
  test("is cut wherever the last batch ends, and the log goes on after what is whole", async () => {
    const { disk, records } = await killedAfter([2, 1, 3], 21);
    const files = snapshotOf(disk);
    const [name] = segmentsIn(disk);
    const content = files.get(name!)!;
    const last = batchOffsets(content)[2]!;
    const end = endOfBatch(content, last);

    for (let cut = last; cut < end; cut++) {
      // Behind the cut is nothing, or what an earlier use of the blocks left.
      for (const rest of [0, 0xa5]) {
        const torn = changed(files, name!, (bytes) => bytes.fill(rest, cut));
        // Where the lost bytes were as the rest is, nothing is lost.
        const isWhole = torn.get(name!)!.subarray(last, end).equals(content.subarray(last, end));
        await expectGoesOn(diskWith(torn), isWhole ? records : records.slice(0, 3));
      }
    }
  });

  test("says how long the batch was, where its header is left", async () => {
    const { disk } = await killedAfter([2, 1], 20);
    const files = snapshotOf(disk);
    const [name] = segmentsIn(disk);
    const last = batchOffsets(files.get(name!)!)[1]!;

    const torn = changed(files, name!, (bytes) => bytes.fill(0, last + 60));

    expect((await open(diskWith(torn))).tornBytes).toBe(40 + 64 + 24);
    expect((await open(diskWith(files))).tornBytes).toBe(0);
  });

  test("can't be the first batch of a segment: that was durable before the segment had its name", async () => {
    const { disk, records } = await killedAfter([2, 1], 20);
    const { log } = await open(disk);
    await appendBatches(log, records, [2]);
    const files = snapshotOf(disk.kill());
    const torn = changed(files, "segment-0000000002.log", (bytes) => bytes.fill(0, 4096 + 50));

    await expectRefused(torn, { code: "PDR1101", position: 4 });
  });

  test("that was cut stays cut, and is no damage once the log has gone on", async () => {
    const { disk, records } = await killedAfter([2, 1, 1], 20);
    const files = snapshotOf(disk);
    const [name] = segmentsIn(disk);
    const last = batchOffsets(files.get(name!)!)[2]!;
    const torn = diskWith(changed(files, name!, (bytes) => bytes.fill(0, last + 60)));
    const { log, records: kept } = await open(torn);
    const all = await appendBatches(log, kept, [1, 1]);

    expect(kept).toEqual(records.slice(0, 3));
    expect((await open(torn.kill())).records).toEqual(all);
  });
});

describe("a flipped bit", () => {
  test("anywhere is refused where something vouches for the place, else cuts the last batch", async () => {
    const first = await killedAfter([1, 2], 21);
    const { log } = await open(first.disk);
    const records = await appendBatches(log, first.records, [2, 1, 2], 21);
    const files = snapshotOf(first.disk.kill());
    const [sealed, last] = [...files.keys()].filter((name) => name.startsWith("seg")).sort();
    const lastOffsets = batchOffsets(files.get(last!)!);
    const tail = lastOffsets.at(-1)!;

    for (const name of [sealed!, last!]) {
      const content = files.get(name)!;
      const end = endOfBatch(content, batchOffsets(content).at(-1)!);
      for (let byte = 0; byte < content.length; byte++) {
        if (byte >= end + 64 && byte % 97 !== 0) continue;
        if (byte >= 68 && byte < 4096 && byte % 97 !== 0) continue;
        const flipped = changed(files, name, (bytes) => {
          bytes[byte]! ^= 1 << (byte % 8);
          return bytes;
        });
        const isUnused = (byte >= 68 && byte < 4096) || byte >= end;
        if (isUnused) {
          const { records: read } = await open(diskWith(flipped));
          expect(linesOf(read)).toEqual(linesOf(records));
        } else if (name === last && byte >= tail) {
          await expectGoesOn(diskWith(flipped), records.slice(0, -2));
        } else {
          const code = expect.stringMatching(/^PDR110[13]$/) as string;
          await expectRefused(flipped, { code });
        }
      }
    }
  });

  test("names the file, the place, the position and the way out", async () => {
    const { disk } = await killedAfter([2, 1, 1]);
    const files = snapshotOf(disk);
    const [name] = segmentsIn(disk);
    const second = batchOffsets(files.get(name!)!)[1]!;
    const flipped = changed(files, name!, (bytes) => {
      bytes[second + 110]! ^= 4;
      return bytes;
    });

    const opening = open(diskWith(flipped));

    await expect(opening).rejects.toMatchObject({ name: "LogDamaged", position: 3 });
    await expect(opening).rejects.toThrow(
      `the event log in ${directory} can't be opened: ${name} is damaged: there is no valid batch ` +
        `at byte ${second}, but position 3 was synced. Records from position 3 on`,
    );
    await expect(opening).rejects.toThrow(/docs\/errors\.md describes under PDR1101$/);
  });
});

describe("what opening refuses, touching nothing", () => {
  test("a missing segment in the middle", async () => {
    const { disk } = await killedAfter(Array<number>(9).fill(1), 1500);
    const files = snapshotOf(disk);
    const names = segmentsIn(disk);
    expect(names.length).toBeGreaterThan(3);

    for (const name of names.slice(1, -1)) {
      await expectRefused(without(files, name), { code: "PDR1102" });
    }
  });

  test("a missing first segment, unless its records are not needed", async () => {
    const { disk, records } = await killedAfter(Array<number>(9).fill(1), 1500);
    const files = without(snapshotOf(disk), "segment-0000000001.log");

    await expectRefused(files, { code: "PDR1102", position: 1 });

    const opened = await open(diskWith(files), { replayFrom: 3 });
    expect(opened.records).toEqual(records.slice(2));
  });

  test("a log that ends before what the tables hold", async () => {
    const { disk } = await killedAfter(Array<number>(9).fill(1), 1500);
    const names = segmentsIn(disk);
    const files = without(snapshotOf(disk), names.at(-1)!);

    await expectRefused(files, { code: "PDR1107" }, 10);
    await expectRefused(new Map(), { code: "PDR1107", position: 1 }, 10);
  });

  test("a segment that is shorter than it was", async () => {
    const { disk } = await killedAfter([1, 1]);
    const files = snapshotOf(disk);
    const [name] = segmentsIn(disk);

    for (const bytes of [0, 10, 4095, 4096, 4200, 8191]) {
      await expectRefused(
        changed(files, name!, (content) => content.subarray(0, bytes)),
        { code: "PDR1101" },
      );
    }
  });

  test("a newer format, in any segment, even where others are damaged", async () => {
    const { disk } = await killedAfter(Array<number>(5).fill(1), 1500);
    const files = snapshotOf(disk);
    const names = segmentsIn(disk);

    for (const name of names) {
      const newer = changed(files, name, (bytes) => {
        bytes.writeUInt32LE(3, 8);
        return bytes;
      });
      const damaged = changed(newer, names[0]!, (bytes) => bytes.fill(0, 4096));
      await expectRefused(damaged, { code: "PDR1103", name: "LogFormatTooNew" });
    }
  });

  test("a segment in the place of another", async () => {
    const { disk } = await killedAfter(Array<number>(5).fill(1), 1500);
    const files = snapshotOf(disk);
    const [first, second] = segmentsIn(disk);
    const swapped = new Map(files)
      .set(first!, files.get(second!)!)
      .set(second!, files.get(first!)!);

    await expectRefused(swapped, { code: "PDR1101" });
  });

  test("a segment of another log that has the right positions", async () => {
    const one = await killedAfter(Array<number>(5).fill(1), 1500);
    const other = await killedAfter(Array<number>(5).fill(1), 1500);
    const name = segmentsIn(one.disk)[1]!;
    const foreign = Buffer.from(other.disk.contentOf(directory, name));

    await expectRefused(
      changed(snapshotOf(one.disk), name, () => foreign),
      { code: "PDR1106" },
    );
  });

  test("a disk that can't be read", async () => {
    const { disk } = await killedAfter([1]);
    const dead = disk.kill() && disk;

    await expect(open(dead)).rejects.toMatchObject({ code: "PDR1108" });
  });
});

describe("damage that an operator decides to cut", () => {
  test("loses what can't be read and all that follows; the files are kept aside", async () => {
    const { disk, records } = await killedAfter(Array<number>(9).fill(1), 1500);
    const names = segmentsIn(disk);
    const damaged = changed(snapshotOf(disk), names[1]!, (bytes) => {
      const second = batchOffsets(bytes)[1]!;
      bytes[second + 500]! ^= 1;
      return bytes;
    });
    const cutDisk = diskWith(damaged);

    const { log, records: kept } = await open(cutDisk, { damage: "cut" });
    const all = await appendBatches(log, kept, [1, 1]);

    expect(kept).toEqual(records.slice(0, 3));
    const aside = cutDisk.namesIn(directory).filter((name) => name.startsWith("set-aside-"));
    expect(aside.sort()).toEqual(names.slice(2).map((name) => `set-aside-1-${name}`));
    expect((await open(cutDisk.kill())).records).toEqual(all);
  });

  test("goes on after the tables where they hold more than can be read", async () => {
    const { disk, records } = await killedAfter(Array<number>(9).fill(1), 1500);
    const names = segmentsIn(disk);
    const damaged = diskWith(changed(snapshotOf(disk), names[1]!, (bytes) => bytes.fill(0, 0, 90)));

    const { log, records: kept } = await open(damaged, { damage: "cut", replayFrom: 8 });
    await log.append(recordsAfter(records, 1));

    expect(kept).toEqual([]);
    expect(log.lastPosition).toBe(8);
    const again = await open(damaged.kill(), { replayFrom: 8 });
    expect(again.positions).toEqual([8]);
    expect(segmentsIn(damaged)).toHaveLength(1);
  });

  test("is never a newer format", async () => {
    const { disk } = await killedAfter([1]);
    const newer = changed(snapshotOf(disk), segmentsIn(disk)[0]!, (bytes) => {
      bytes.writeUInt32LE(3, 8);
      return bytes;
    });

    await expect(open(diskWith(newer), { damage: "cut" })).rejects.toMatchObject({
      code: "PDR1103",
    });
  });

  test("changes nothing where there is none", async () => {
    const { disk, records } = await killedAfter([1, 2]);

    const { records: kept } = await open(disk, { damage: "cut" });

    expect(kept).toEqual(records);
  });
});
