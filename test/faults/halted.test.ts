// A process is halted (SIGSTOP) under every workload, for as long as any keep-alive waits, and goes on later: a machine that
// sleeps, a hypervisor that has no time. The server in one setting, the services in another, side by side.

import path from "node:path";
import { expect, test } from "vitest";
import { pause } from "../crash/kills.js";
import { useBed } from "../harness/bed.js";
import { seededRandom, testSeed } from "../harness/seed.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import type { Timed } from "../services/mixed.js";
import { Disturbances } from "./disturbances.js";
import { MixedBook } from "./mixed-book.js";
import { MixedLoad } from "./mixed-load.js";
import { killFlags, mixedServices } from "./setting.js";

const bed = useBed("after all");
const haltMs = 30_000;
const napMs = 15_000;

interface Pair {
  readonly server: ServerProcess;
  readonly services: ServicesProcess;
}

test.concurrent.each<[string, (pair: Pair) => number, (pair: Pair) => Promise<void>]>([
  ["the server", ({ server }) => server.process.pid, async () => undefined],
  ["the services", ({ services }) => services.process.pid, sessionIsLost],
])(
  "%s, halted for 30 s: nothing is lost, doubled, or early, and whoever waited has an answer",
  { timeout: 240_000 },
  async (_, pidOf, isNoticed) => {
    const effectsFile = path.join(bed.directory(), "effects");
    const { server, services } = await bed.serve(mixedServices(effectsFile), { flags: killFlags });
    const book = new MixedBook(effectsFile);
    const disturbances = new Disturbances();
    const load = new MixedLoad({
      ingress: server.ingress,
      book,
      random: seededRandom(testSeed(), "halted"),
      disturbances: () => disturbances.count,
      answerMs: 120_000,
    });
    let isOn = true;
    const running = load.run(2, () => isOn);
    running.catch(() => undefined);
    // Asked once, and due while the process stands still.
    const nap = server.ingress.post("/restate/call/Mixed/nap", { id: "nap", ms: napMs });
    await pause(1_000);

    const beforeHalt = Date.now();
    await disturbances.during(async () => {
      process.kill(pidOf({ server, services }), "SIGSTOP");
      await Promise.all([pause(haltMs), isNoticed({ server, services })]);
      process.kill(pidOf({ server, services }), "SIGCONT");
    });
    const begunBefore = new Map(load.counts);
    const { status, json } = await nap;
    await load.begin("signup");
    isOn = false;
    await running;
    await load.judgeCounters();
    const [before, after]: readonly [Timed, Timed] = json;
    const told = [["before", before.value] as const, ["after", after.value] as const];
    book.ended({ id: "nap", told, disturbances: disturbances.count, offences: [] });
    book.judge(true);

    expect(book.offences).toEqual([]);
    expect(status).toBe(200);
    expect(after.at).toBeGreaterThanOrEqual(beforeHalt + haltMs);
    expect([server.process.exit, services.process.exit]).toEqual([undefined, undefined]);
    for (const [workload, begun] of load.counts) {
      expect(begun).toBeGreaterThan(begunBefore.get(workload) ?? 0);
    }
  },
);

async function sessionIsLost({ server, services }: Pair): Promise<void> {
  await server.process.waitForOutput(
    new RegExp(`lost the session with deployment ${services.url}`),
  );
}
