// Damaged files of the log: opening it gives a prefix of what was written, or refuses with a code. It never gives what was
// not written, and never falls over.

import fc from "fast-check";
import { expect } from "vitest";
import { damagedBytes, fuzz, isCoded } from "@perdure/protocol/fuzz.fixture";
import { appendBatches, directory, linesOf, open, snapshotOf } from "./log.fixture.js";
import type { LogRecord } from "./log.js";
import { SimulatedDisk } from "./simulated-disk.js";

async function written(): Promise<{ files: Map<string, Buffer>; records: LogRecord[] }> {
  const disk = new SimulatedDisk();
  const { log } = await open(disk);
  const records = await appendBatches(log, [], [1, 3, 2, 5, 1, 4, 8, 1], 150);
  return { files: new Map(snapshotOf(disk.kill())), records };
}

const { files, records } = await written();
const names = [...files.keys()];
const lines = linesOf(records);
const contents = fc
  .constantFrom(...names)
  .chain((name) =>
    damagedBytes(files.get(name) ?? Buffer.alloc(0)).map((content) => ({ name, content })),
  );

fuzz("segments of the log", {
  input: fc.tuple(contents, fc.constantFrom<"refuse" | "cut">("refuse", "cut")),
  share: 2,
  caseMsMax: 3_000,
  run: async ([{ name, content }, damagedLog]) => {
    const disk = new SimulatedDisk();
    disk.openDirectory(directory);
    for (const [file, bytes] of files) disk.place(directory, file, file === name ? content : bytes);
    const opened = await open(disk, { damage: damagedLog } as never);
    const found = linesOf(opened.records);
    expect(found).toEqual(lines.slice(0, found.length));
  },
  refusals: isCoded,
});
