// The server's process is halted (SIGSTOP) under every workload, and goes on later: a machine that sleeps, a hypervisor that
// has no time. PERDURE_TEST_HALT_SECONDS=30 halts it for longer than any keep-alive waits.

import path from "node:path";
import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { seededRandom, testSeed } from "../harness/seed.js";
import { Disturbances } from "./disturbances.js";
import { MixedBook } from "./mixed-book.js";
import { MixedLoad } from "./mixed-load.js";
import { killFlags, mixedServices } from "./setting.js";

const bed = useBed("after each");
const haltSeconds = Number(process.env["PERDURE_TEST_HALT_SECONDS"] ?? 4);

test(
  "a server that was halted goes on where it was: nothing is lost, doubled, or early",
  { timeout: 240_000 },
  async () => {
    const effectsFile = path.join(bed.directory(), "effects");
    const [server, services] = await Promise.all([
      bed.startServer({ flags: killFlags }),
      bed.startServices(mixedServices(effectsFile)),
    ]);
    await server.register(services.url);
    const book = new MixedBook(effectsFile);
    const disturbances = new Disturbances();
    const load = new MixedLoad({
      ingress: server.ingress,
      book,
      random: seededRandom(testSeed(), "halted"),
      disturbances: () => disturbances.count,
      answerMs: (haltSeconds + 30) * 1_000,
    });
    let isOn = true;
    const running = load.run(2, () => isOn);
    running.catch(() => undefined);
    await pause(1_000);

    await disturbances.during(async () => {
      process.kill(server.process.pid, "SIGSTOP");
      await pause(haltSeconds * 1_000);
      process.kill(server.process.pid, "SIGCONT");
    });
    await pause(1_000);
    isOn = false;
    await running;
    await load.judgeCounters();
    book.judge(true);

    expect(book.offences).toEqual([]);
    expect(server.process.exit).toBeUndefined();
    expect(Math.min(...load.counts.values())).toBeGreaterThanOrEqual(2);
  },
);

/** How long something lasts is what this test is about. */
async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
