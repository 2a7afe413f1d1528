// The data directory as a whole: two servers on it, its small files damaged, copies of it.

import { cpSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { ServerProcess } from "../harness/server-process.js";
import { until } from "../harness/until.js";
import { count, counted, expectRefusal } from "./damage-kit.js";

const bed = useBed("after each");
const timeout = 180_000;

async function startCounting(flags: Record<string, string> = {}): Promise<ServerProcess> {
  const { server } = await bed.serve({ modules: ["greeter"] }, { flags });
  return server;
}

test("of two servers on one directory the second is refused, and the first goes on", async () => {
  const server = await startCounting();
  await count(server, 1);

  const second = (await bed.newServer({ dataDir: server.dataDir })).spawn();
  const exit = await until("it ends", () => second.exit, 60_000);
  await count(server, 1);

  expect(exit.code).toBe(1);
  expect(second.output).toMatch(
    /^perdure: PDR1002: another server is using the data directory .+\n$/,
  );
  expect(await counted(server)).toBe(2);
});

test("a lock file that somebody left is no lock", async () => {
  const server = await startCounting();
  await count(server, 1);
  await server.kill();
  writeFileSync(path.join(server.dataDir, "lock"), "pid 1\n");
  await server.start();

  expect(await counted(server)).toBe(1);
});

describe("format.json", () => {
  test.each([
    ["of a newer release", "PDR1003", '{"format":99,"partitions":64}'],
    ["cut off", "PDR1004", '{"form'],
    ["empty", "PDR1004", ""],
    ["without a format", "PDR1004", "{}"],
    ["with a number of partitions that can't be", "PDR1004", '{"format":1,"partitions":65}'],
    ["gone", "PDR1004", undefined],
  ])("%s is refused", async (_, code, content) => {
    const server = await bed.startServer();
    await server.kill();
    const file = path.join(server.dataDir, "format.json");
    if (content === undefined) rmSync(file);
    else writeFileSync(file, content);

    await expectRefusal(bed, server.dataDir, code);
  });
});

describe("a copy", () => {
  test(
    "taken while the process is halted (SIGSTOP) is what a kill leaves: everything is there",
    { timeout },
    async () => {
      const server = await startCounting({ "checkpoint-bytes": "16KiB" });
      const counting = startCountingOn(server);
      for (let round = 0; round < 3; round++) {
        await counting.goesOn();
        const told = counting.answered();
        process.kill(server.process.pid, "SIGSTOP");
        const copy = path.join(bed.directory(), "data");
        cpSync(server.dataDir, copy, { recursive: true });
        process.kill(server.process.pid, "SIGCONT");
        const copied = await bed.startServer({ dataDir: copy });

        // One more may have been stored than was told when it was halted.
        expect([told, told + 1]).toContain(await counted(copied));
        await copied.kill();
      }
      await counting.end();
    },
  );

  test(
    "taken file by file from a running server is refused, or an older state: never a wild one",
    { timeout },
    async () => {
      const server = await startCounting({ "checkpoint-bytes": "16KiB" });
      const counting = startCountingOn(server);
      const outcomes: (string | number)[] = [];
      for (let round = 0; round < 4; round++) {
        await counting.goesOn();
        const copy = path.join(bed.directory(), "data");
        await copyWhileRunning(server.dataDir, copy);
        const told = counting.answered();
        const copied = await bed.newServer({ dataDir: copy });
        outcomes.push(await outcomeOf(copied, told));
        await copied.kill();
      }
      await counting.end();

      console.log(`copies of a running server: ${outcomes.join(", ")}`);
      for (const outcome of outcomes) expect(String(outcome)).toMatch(/^(PDR1[12]\d\d|served)$/);
    },
  );
});

interface Counting {
  answered(): number;
  /** Resolves when some more were answered. */
  goesOn(): Promise<void>;
  end(): Promise<void>;
}

/** Calls, one after the other, until it is ended. */
function startCountingOn(server: ServerProcess): Counting {
  let isOn = true;
  let answered = 0;
  const counting = (async () => {
    for (; isOn; answered++) await count(server, 1);
  })();
  counting.catch(() => undefined);
  return {
    answered: () => answered,
    goesOn: async () => {
      const before = answered;
      await until("it goes on", () => answered > before + 10, 60_000);
    },
    end: async () => {
      isOn = false;
      await counting;
    },
  };
}

/** In the order in which tools copy, with time between the files. */
async function copyWhileRunning(from: string, to: string): Promise<void> {
  for (const part of ["format.json", "lock", "shards/0/log", "shards/0/store"]) {
    cpSync(path.join(from, part), path.join(to, part), { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The code of its refusal, or "served". */
async function outcomeOf(server: ServerProcess, told: number): Promise<string> {
  try {
    await server.start();
  } catch {
    const { code, signal } = server.process.exit ?? {};
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    return /^perdure: (PDR\d{4}): /m.exec(server.process.output)?.[1] ?? server.process.output;
  }
  expect(await counted(server)).toBeLessThanOrEqual(told + 1);
  return "served";
}
