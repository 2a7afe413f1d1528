// Shards as servers leave them, some of it in their logs alone, moved as a start does.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { registryPartition } from "@perdure/protocol/ids";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { send } from "./core/commands.fixture.js";
import {
  appended,
  calleeOf,
  idOf,
  invoke,
  plain,
  reaching,
  received,
  runIdAt,
  submitted,
} from "./core/events.fixture.js";
import type { EventBody } from "./core/apply.js";
import { rulesChanged, rulesReplaced } from "./core/verbs.fixture.js";
import { loadConfig } from "./config/index.js";
import { lockShard, openDataDirectory } from "./data-directory.js";
import { moveShards } from "./move-shards.js";
import { createLog, type Log } from "./observe/log.js";
import { createClock } from "./shard/clock.js";
import { recordOf, recoverShard, type Recovered } from "./shard/recovery.js";
import type { Shard } from "./shard/shard.js";
import { temporaryDirectory } from "./store/store.fixture.js";
import { Member } from "./workers/member.js";
import type { PeerLink } from "./workers/peer.js";

const partitions = 8;
let directory: string;
let said: string[];
let log: Log;
beforeEach(() => {
  directory = join(temporaryDirectory(), "data");
  said = [];
  log = { ...createLog("error"), info: (message) => void said.push(message) };
});

type Happened = readonly [partition: number, event: EventBody];

function accepted(number: number): Happened {
  const partition = number % partitions;
  return [partition, submitted(runIdAt(number), plain(), { id: idOf(runIdAt(number), partition) })];
}

/** As a shard that was killed leaves it: all is in its log. */
async function logged(shard: string, happened: readonly Happened[]): Promise<void> {
  const recovered = await recover(shard);
  const positions = new Map<number, number>();
  const batch = happened.map(([partition, event]) => {
    const position = (positions.get(partition) ?? 0) + 1;
    positions.set(partition, position);
    return recordOf(partition, position, 0, 1_000, event);
  });
  await recovered.log.append(batch);
  await close(recovered);
}

function recover(shard: string): Promise<Recovered> {
  return recoverShard({ directory: shard, partitions, writer: "inline" });
}

async function close({ log: events, store }: Recovered): Promise<void> {
  await events.close();
  await store.close();
}

/** The digests of all partitions, wherever they are. */
async function digests(): Promise<readonly string[]> {
  const { shards, release } = openDataDirectory(directory);
  const found = await Promise.all(shards.map(recover));
  const all = [...Array(partitions).keys()].map((partition) => {
    return found[partition % shards.length]?.store.digest((each) => each === partition) ?? "";
  });
  for (const each of found) await close(each);
  release();
  return all;
}

async function moveTo(shards: number): Promise<void> {
  const { movesFrom: from, release } = openDataDirectory(directory, { shards });
  try {
    if (from === undefined) throw new Error("there is nothing to move");
    await moveShards({ directory, partitions, from, shards, log });
  } finally {
    release();
  }
}

/** A directory of so many shards, with work in each of its partitions. */
async function made(shards: number): Promise<readonly string[]> {
  const opened = openDataDirectory(directory, { partitions, shards });
  opened.release();
  const happened = [...Array(40).keys()].map((number) => accepted(number + 1));
  for (const [number, shard] of opened.shards.entries()) {
    await logged(
      shard,
      happened.filter(([partition]) => partition % shards === number),
    );
  }
  return opened.shards;
}

describe("moving the partitions of a data directory", () => {
  test("keeps every row, there and back, also of what is in the log alone", async () => {
    await made(1);
    const before = await digests();

    for (const shards of [2, 3, 8, 1]) {
      await moveTo(shards);
      expect(readdirSync(join(directory, "shards"))).toHaveLength(shards);
      expect(await digests()).toEqual(before);
    }

    expect(JSON.parse(readFileSync(join(directory, "format.json"), "utf8"))).toEqual({
      format: 1,
      partitions,
    });
    expect(new Set(before).size).toBe(partitions);
  });

  test("works for a directory that nothing was done in", async () => {
    openDataDirectory(directory, { partitions }).release();
    const before = await digests();

    await moveTo(3);

    expect(openedShards()).toBe(3);
    expect(await digests()).toEqual(before);
  });

  test("says what it did", async () => {
    await made(1);

    await moveTo(2);

    expect(said).toEqual([
      "moving 8 partitions from 1 to 2 workers",
      expect.stringMatching(
        /^moved 8 partitions from 1 to 2 workers: \d{2,} rows, \d{4,} bytes, \d+\.\d s$/,
      ),
    ]);
  });

  test("keeps what an operator gave up of a log, for inspection", async () => {
    const [shard = ""] = await made(1);
    writeFileSync(join(shard, "log", "set-aside-1-segment-0000000009.log"), "given up");

    await moveTo(2);
    await moveTo(1);

    const kept = join(directory, "shards", "0", "log", "set-aside-1-segment-0000000009.log");
    expect(readFileSync(kept, "utf8")).toBe("given up");
  });

  test("is refused where one of the shards is damaged, before anything is written", async () => {
    const [first = "", second = ""] = await made(2);
    const segment = join(second, "log", "segment-0000000001.log");
    const bytes = readFileSync(segment);
    bytes.fill(0, 64, 4_000);
    writeFileSync(segment, bytes);
    const store = readFileSync(join(first, "store", "data.mdb"));

    await expect(moveTo(3)).rejects.toMatchObject({ code: "PDR1101" });

    expect(existsSync(join(directory, "shards.next"))).toBe(false);
    expect(readFileSync(join(first, "store", "data.mdb")).equals(store)).toBe(true);
    expect(readFileSync(segment).equals(bytes)).toBe(true);
    expect(openedShards()).toBe(2);
  });

  test("that can't be written leaves the directory as it was", async () => {
    await made(1);
    const before = await digests();
    mkdirSync(join(directory, "format.json.new"));

    await expect(moveTo(2)).rejects.toMatchObject({ code: "PDR1001" });

    expect(openedShards()).toBe(1);
    expect(await digests()).toEqual(before);
  });

  test("waits for a process of an earlier server that still has one of the shards", async () => {
    await made(2);
    const release = await lockShard(join(directory, "shards", "1"), () => undefined);
    let isMoved = false;
    const moved = moveTo(1).then(() => (isMoved = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isMoved).toBe(false);

    release();

    await moved;
    expect(openedShards()).toBe(1);
  });
});

function openedShards(): number {
  const { shards, release } = openDataDirectory(directory);
  release();
  return shards.length;
}

/** The engine over one shard of the directory. */
async function startMember(
  worker: number,
  workers: number,
  links: ReadonlyMap<number, PeerLink> = new Map<number, PeerLink>(),
): Promise<{ readonly member: Member; readonly shard: Shard }> {
  const recovered = await recover(join(directory, "shards", String(worker)));
  const member = new Member({
    worker,
    layout: { partitions, workers },
    links,
    engine: {
      config: loadConfig({ flags: {}, env: {}, cwd: directory }),
      clock: createClock(),
      log,
      onFatal: (error) => {
        throw error;
      },
    },
  });
  const shard = await member.start(recovered, 1_000);
  onTestFinished(async () => {
    member.engine.invoker.close();
    await shard.close();
    await close(recovered);
  });
  return { member, shard };
}

describe("rules of scopes after a move", () => {
  test.each([
    ["an earlier release", [rulesReplaced({ tenant: 3 })]],
    ["this release", [rulesChanged(1, { tenant: 2 }), rulesChanged(2, { tenant: 3 })]],
  ])(
    "are those of the first shard everywhere, also where a crash of %s came between the shards",
    async (_, changes) => {
      const { shards, release } = openDataDirectory(directory, { partitions, shards: 2 });
      release();
      const changed = (partition: number): Happened[] => changes.map((event) => [partition, event]);
      // The second shard had not heard of the last one.
      await logged(shards[0] ?? "", [0, 2, 4, 6, registryPartition].flatMap(changed));
      await logged(shards[1] ?? "", [
        ...[1, 3].map(accepted),
        ...[1, 3, 5, 7].flatMap((partition) => changed(partition).slice(0, -1)),
      ]);
      await moveTo(1);

      const { member, shard } = await startMember(0, 1);
      await member.lead();

      for (const partition of shard.partitionNumbers) {
        expect(shard.tables(partition).rules.get("tenant")?.concurrency).toBe(3);
      }
    },
  );
});

describe("a message between partitions that a move finds on its way", () => {
  const [sender, receiver] = [runIdAt(8), runIdAt(9)];
  const sending: readonly Happened[] = [
    accepted(8),
    [
      0,
      appended(
        sender,
        [
          reaching(
            send(1),
            calleeOf(idOf(receiver, 1), { partition: 1, runId: receiver, target: plain() }),
          ),
        ],
        { epoch: 0 },
      ),
    ],
  ];

  test("comes to a partition that is run by the same worker now", async () => {
    const { shards, release } = openDataDirectory(directory, { partitions, shards: 2 });
    release();
    await logged(shards[0] ?? "", sending);
    await logged(shards[1] ?? "", [accepted(1)]);
    await moveTo(1);

    const { shard } = await startMember(0, 1);
    await shard.drained();

    expect(shard.tables(1).invocations.get(receiver)?.id).toBe(idOf(receiver, 1));
    expect(shard.tables(0).outbox.scan("", "\u00ff", 10)).toEqual([]);
  });

  test("is not taken a second time where it had come, and the sender did not know", async () => {
    const { shards, release } = openDataDirectory(directory, { partitions, shards: 2 });
    release();
    await logged(shards[0] ?? "", sending);
    const invoked = invoke(receiver, plain(), { id: idOf(receiver, 1) });
    await logged(shards[1] ?? "", [[1, received(0, 1, invoked)]]);
    await moveTo(1);

    const { shard } = await startMember(0, 1);
    await shard.drained();

    // That it was opened, and what was there before.
    expect(shard.tables(1).partitionState.appliedPosition).toBe(2);
    expect(shard.tables(0).outbox.scan("", "\u00ff", 10)).toEqual([]);
  });

  test("goes to another worker where the partition is run by that one now", async () => {
    const { shards, release } = openDataDirectory(directory, { partitions, shards: 1 });
    release();
    await logged(shards[0] ?? "", sending);
    await moveTo(2);
    const told: unknown[] = [];
    const tell = (name: string, what: unknown): void => void told.push([name, what]);

    const { shard } = await startMember(0, 2, new Map([[1, { tell } as unknown as PeerLink]]));
    await shard.drained();

    expect(told).toEqual([
      ["deliver", { to: 1, message: expect.objectContaining({ from: 0, sequence: 1 }) as unknown }],
    ]);
    expect(shard.tables(0).outbox.scan("", "\u00ff", 10)).toHaveLength(1);
  });
});
