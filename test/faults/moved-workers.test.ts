// Under every workload the server is killed, and started with another number of workers, and killed again while it moves
// its partitions: at random instants, so that the next start, with yet another number, finds the move at any of its steps.
//
// A failing run prints its seed; PERDURE_TEST_SEED=<seed> makes the same choices again.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { pause } from "../crash/kills.js";
import { useBed } from "../harness/bed.js";
import { seededRandom, testSeed } from "../harness/seed.js";
import type { ServerProcess } from "../harness/server-process.js";
import { Disturbances } from "./disturbances.js";
import { MixedBook } from "./mixed-book.js";
import { MixedLoad } from "./mixed-load.js";
import { killFlags, mixedServices } from "./setting.js";

const bed = useBed("after each");
const rounds = Number(process.env["PERDURE_TEST_MOVES"] ?? "10");
/** About what a move of this little takes. */
const moveMs = 250;

/** How a move was left. */
type Left = "not begun" | "unfinished" | "decided" | "done";

function leftAt({ dataDir }: ServerProcess, wanted: number): Left {
  const found = JSON.parse(readFileSync(path.join(dataDir, "format.json"), "utf8")) as {
    readonly format: number;
    readonly shards?: number;
  };
  if (found.format === 3) return "decided";
  if (existsSync(path.join(dataDir, "shards.next"))) return "unfinished";
  return (found.shards ?? 1) === wanted ? "done" : "not begun";
}

test(
  "nothing is lost and nothing doubled when a server is killed in the middle of a move to other workers",
  { timeout: 600_000 },
  async () => {
    const seed = testSeed();
    console.log(`moved workers: PERDURE_TEST_SEED=${seed}`);
    const random = seededRandom(seed, "moved workers");
    const effectsFile = path.join(bed.directory(), "effects");
    const { server } = await bed.serve(mixedServices(effectsFile), { flags: killFlags });
    const book = new MixedBook(effectsFile);
    const disturbances = new Disturbances();
    const load = new MixedLoad({
      ingress: server.ingress,
      book,
      random: seededRandom(seed, "mixed load"),
      disturbances: () => disturbances.count,
      answerMs: 120_000,
    });
    let isOn = true;
    const running = load.run(2, () => isOn);
    running.catch(() => undefined);
    const left: Partial<Record<Left, number>> = {};
    let workers = 1;

    for (let round = 0; round < rounds; round++) {
      await pause(random.between(1, 1_000));
      await disturbances.during(async () => {
        await server.kill();
        const wanted = (workers % 3) + 1;
        const moving = server.spawn({ workers: String(wanted) });
        await moving.waitForOutput(/moving 64 partitions/);
        await pause(random.between(0, moveMs));
        await moving.kill();
        const how = leftAt(server, wanted);
        left[how] = (left[how] ?? 0) + 1;
        workers = random.between(1, 3);
        await server.start({ workers: String(workers) });
      });
      book.judge();
    }
    isOn = false;
    await running;
    await load.judgeCounters();
    book.judge(true);

    console.log(`moved workers: ${JSON.stringify(left)}, ${book.figures.judged} operations`);
    expect(book.offences).toEqual([]);
    expect(left["unfinished"]).toBeGreaterThan(0);
  },
);
