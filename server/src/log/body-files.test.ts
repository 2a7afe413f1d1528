// Bodies that lie in files of their own, through the log that they belong to. What losses of power do to them is in
// log-power-loss.test.ts.

import { describe, expect, test } from "vitest";
import {
  bytesOn,
  directory,
  linesOf,
  open,
  recordsAfter,
  snapshotOf,
  withBodiesStored,
} from "./log.fixture.js";
import type { EventLog, LogRecord } from "./log.js";
import { SimulatedDisk } from "./simulated-disk.js";

const largeBytes = 3 * 1024 * 1024 + 5;

function bodiesIn(disk: SimulatedDisk): string[] {
  return disk
    .namesIn(directory)
    .filter((name) => name.startsWith("body-"))
    .sort();
}

async function appendStored(
  log: EventLog,
  previous: readonly LogRecord[],
  bodyBytes = 20_000,
): Promise<LogRecord[]> {
  const batch = recordsAfter(previous, 1, bodyBytes);
  await log.append(await withBodiesStored(log, batch));
  return [...previous, ...batch];
}

describe("a body that lies beside the log", () => {
  test("is delivered as if it were in it, whatever its size and however many parts it came in", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const records = recordsAfter([], 3, largeBytes);
    const [whole, parts, inside] = records as [LogRecord, LogRecord, LogRecord];
    const split = [parts.body.subarray(0, 7), parts.body.subarray(7, 7), parts.body.subarray(7)];

    await log.append([
      { ...whole, stored: await log.storeBody([whole.body]) },
      { ...parts, body: split[0]!, more: split.slice(1), stored: await log.storeBody(split) },
      inside,
    ]);

    const again = await open(disk.kill());
    expect(linesOf(again.records)).toEqual(linesOf(records));
    expect(bodiesIn(disk)).toHaveLength(2);
  });

  test("does not hold up what is appended meanwhile", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const small = recordsAfter([], 1);
    let release = (): void => undefined;
    const isHeld = new Promise<void>((go) => (release = go));
    disk.syncDelay = () => isHeld;

    const storing = log.storeBody([new Uint8Array(largeBytes)]);
    expect(log.appendSync(small)).toBe(1);
    release();
    await storing;

    expect(linesOf((await open(disk.kill())).records)).toEqual(linesOf(small));
  });

  test("has a file that is used again when its record is trimmed, and not before", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    let records = await appendStored(log, []);
    records = await appendStored(log, records);
    expect(bodiesIn(disk)).toEqual(["body-1.log", "body-2.log"]);

    await log.trim(2);
    records = await appendStored(log, records);

    expect(bodiesIn(disk)).toEqual(["body-1.log", "body-2.log"]);
    const again = await open(disk.kill(), { replayFrom: 2 });
    expect(linesOf(again.records)).toEqual(linesOf(records.slice(1)));
  });

  test("has a file that is used again when no record names it", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);

    log.dropBody(await log.storeBody([new Uint8Array(20_000)]));
    await appendStored(log, []);

    expect(bodiesIn(disk)).toEqual(["body-1.log"]);
  });

  test("has a file that the next start uses again, where the process ended before a record named it", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const records = await appendStored(log, []);
    await log.storeBody([new Uint8Array(20_000)]);

    const next = disk.kill();
    const { log: again } = await open(next);
    await appendStored(again, records);

    expect(bodiesIn(next)).toEqual(["body-1.log", "body-2.log"]);
    expect((await open(next.kill())).records).toHaveLength(2);
  });

  test("leaves nothing behind where the disk is full, and nothing is broken", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const records = await appendStored(log, []);
    disk.capacityBytes = bytesOn(disk) + largeBytes - 1;

    await expect(log.storeBody([new Uint8Array(largeBytes)])).rejects.toMatchObject({
      code: "PDR1105",
    });

    expect(bodiesIn(disk)).toEqual(["body-1.log"]);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    const all = await appendStored(log, records, largeBytes);
    expect(linesOf((await open(disk.kill())).records)).toEqual(linesOf(all));
  });

  test("ends the log where it can't be synced", async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    disk.failSync = (name) => name.startsWith("body-");

    await expect(log.storeBody([new Uint8Array(20_000)])).rejects.toMatchObject({
      code: "PDR1104",
    });
    await expect(log.append(recordsAfter([], 1))).rejects.toMatchObject({ code: "PDR1104" });
  });
});

describe("a body that can't be read", () => {
  const damages: [string, (disk: SimulatedDisk) => void][] = [
    ["is gone", (disk) => disk.place(directory, "body-1.log", undefined)],
    ["is cut", (disk) => disk.place(directory, "body-1.log", new Uint8Array(19_999))],
    [
      "has a turned bit",
      (disk) => {
        const content = Buffer.from(disk.contentOf(directory, "body-1.log"));
        content.writeUInt8(content.readUInt8(5) ^ 1, 5);
        disk.place(directory, "body-1.log", content);
      },
    ],
  ];

  test.each(damages)("because it %s is a refusal that changes nothing", async (_, damage) => {
    const { disk } = await twoRecords();
    damage(disk);
    const before = snapshotOf(disk);

    await expect(open(disk)).rejects.toMatchObject({ code: "PDR1101", position: 2 });
    expect(snapshotOf(disk)).toEqual(before);
  });

  test.each(damages)("because it %s can be given up", async (_, damage) => {
    const { disk, records } = await twoRecords();
    damage(disk);

    const { records: kept, log } = await open(disk, { damage: "cut" });
    const all = await appendStored(log, records.slice(0, 1));

    expect(linesOf(kept)).toEqual(linesOf(records.slice(0, 1)));
    expect(linesOf((await open(disk.kill())).records)).toEqual(linesOf(all));
    const aside = disk.namesIn(directory).filter((name) => name.startsWith("set-aside-"));
    expect(aside).toContain("set-aside-1-body-2.log");
  });

  test("is of no matter where the tables hold its record", async () => {
    const { disk, records } = await twoRecords();
    disk.place(directory, "body-1.log", undefined);

    const { records: kept } = await open(disk, { replayFrom: 3 });
    expect(linesOf(kept)).toEqual(linesOf(records.slice(2)));
  });

  /** The second and the third have bodies apart. */
  async function twoRecords(): Promise<{ disk: SimulatedDisk; records: LogRecord[] }> {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const first = recordsAfter([], 1);
    await log.append(first);
    const records = await appendStored(log, await appendStored(log, first));
    await log.close();
    return { disk: disk.kill(), records };
  }
});
