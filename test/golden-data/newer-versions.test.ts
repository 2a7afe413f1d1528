// A data directory that a newer release has written, given to this one: it is refused with a code that says so, and
// not a byte of it is changed. Made from golden data, with numbers that no release has yet.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openEpoch, recoverShard, recordOf, type LogRecord } from "@perdure/server/shard/recovery";
import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { unpack } from "./archives.js";

const bed = useBed("after each");
const partitions = 8;

function opened(name: string): string {
  const dataDir = `${bed.directory()}/data`;
  unpack(name, dataDir);
  return dataDir;
}

const shardOf = (dataDir: string): string => path.join(dataDir, "shards", "0");

/** The file that has the newest segment of the log. */
function lastSegment(dataDir: string): string {
  const log = path.join(shardOf(dataDir), "log");
  const segments = readdirSync(log).filter((file) => file.startsWith("segment-"));
  return path.join(log, segments.sort().at(-1) ?? "");
}

async function append(dataDir: string, change: Partial<LogRecord>): Promise<void> {
  const recovered = await recoverShard({
    directory: shardOf(dataDir),
    writer: "inline",
    partitions,
  });
  await openEpoch(recovered, Date.now());
  const { epoch, appliedPosition } = recovered.store.partition(0).partitionState;
  const event = {
    case: "opened",
    value: { $typeName: "perdure.storage.v1.Opened", epoch },
  } as const;
  const record = recordOf(0, appliedPosition + 1, epoch, Date.now(), event);
  await recovered.log.append([{ ...record, ...change }]);
  await recovered.log.close();
  await recovered.store.close();
}

/** What newer releases might leave, and the code of the refusal. */
const newer: Readonly<
  Record<string, readonly [code: string, make: (dataDir: string) => Promise<void> | void]>
> = {
  "the layout of the directory": [
    "PDR1003",
    (dataDir) => {
      writeFileSync(`${dataDir}/format.json`, JSON.stringify({ format: 4, partitions }));
    },
  ],
  "the format of the log's segments": [
    "PDR1103",
    (dataDir) => {
      const file = lastSegment(dataDir);
      const bytes = readFileSync(file);
      bytes.writeUInt32LE(3, 8);
      writeFileSync(file, bytes);
    },
  ],
  "an event that this release does not know": [
    "PDR1302",
    (dataDir) => append(dataDir, { kind: 60_000 }),
  ],
  "an event of newer rules": ["PDR1302", (dataDir) => append(dataDir, { behavior: 60_000 })],
  "tables of newer rules": [
    "PDR1220",
    async (dataDir) => {
      const directory = shardOf(dataDir);
      const { log, store } = await recoverShard({ directory, writer: "inline", partitions });
      const { partitionState } = store.partition(3);
      partitionState.behavior = 60_000;
      // Without a record of its own: what counts is what the row says.
      partitionState.appliedPosition++;
      await store.checkpoint(log.lastPosition);
      await log.close();
      await store.close();
    },
  ],
};

test.each(Object.entries(newer))("%s is refused, and untouched", async (_, [code, make]) => {
  const dataDir = opened("0.1.0/mixed");
  await make(dataDir);
  const before = contentOf(dataDir);

  const server = await bed.newServer({ dataDir });
  const exit = await server.spawn().waitForExit();

  expect(exit.code).toBe(1);
  expect(server.process.output).toContain(`${code}: `);
  expect(server.process.output).toMatch(/newer release/);
  expect(server.process.output).toMatch(/Nothing was changed/);
  expect(contentOf(dataDir)).toEqual(before);
});

test("what is refused is opened again by the release that wrote it", async () => {
  const dataDir = opened("0.1.0/mixed");
  const format = readFileSync(`${dataDir}/format.json`);
  writeFileSync(`${dataDir}/format.json`, JSON.stringify({ format: 4, partitions }));
  const server = await bed.newServer({ dataDir });
  await server.spawn().waitForExit();

  writeFileSync(`${dataDir}/format.json`, format);
  await server.start();

  expect((await server.admin.get("/deployments")).json.deployments).toHaveLength(2);
});

/** Every file by its digest, but for what only says who has it open. */
function contentOf(dataDir: string): Readonly<Record<string, string>> {
  rmSync(`${dataDir}/lock`, { force: true });
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== "lock.mdb",
  );
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
      return [path.relative(dataDir, file), digest];
    }),
  );
}
