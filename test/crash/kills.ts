// Kills at random instants. An instant is a share of the work and some milliseconds after it: so that a seed
// hits about the same moments of the work again, whatever the machine.

import type { NodeProcess } from "../harness/node-process.js";
import type { SeededRandom } from "../harness/seed.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess, ServicesProcessOptions } from "../harness/services-process.js";
import { until } from "../harness/until.js";

export type Victim = "server" | "services" | "both";

/** Whom a kill meets. */
export interface Killed {
  readonly server: ServerProcess;
  readonly services: ServicesProcess;
  readonly servicesOptions: ServicesProcessOptions;
  readonly random: SeededRandom;
  /** Called while the server is dead. */
  readonly whileDead?: (round: number) => void;
}

export interface KillPlan extends Killed {
  readonly victims: readonly Victim[];
  /** How many kills of a victim. */
  readonly rounds: number;
  /** How much of the work is done, from 0 to 1. */
  readonly share: () => number;
  readonly beforeKill?: () => void;
}

/** Kills and restarts until all rounds are over. Returns how many processes were killed. */
export async function killAndRestart(plan: KillPlan): Promise<number> {
  const { random, rounds, share, victims } = plan;
  // Each in its part of the work: so none of them comes when all is done.
  const instants = Array.from(
    { length: rounds },
    (_, round) => ((round + random.below(100) / 100) / rounds) * 0.9,
  );
  let kills = 0;
  for (const [round, instant] of instants.entries()) {
    const isDue = (): boolean => share() >= instant || theDead(plan) !== undefined;
    await until(`${instant} of the work is done`, isDue, 120_000);
    checkAlive(plan);
    await pause(random.between(0, 25));
    plan.beforeKill?.();
    kills += await killOnce(plan, victims[random.below(victims.length)] ?? "both", round);
  }
  return kills;
}

/** Who died before it was killed. */
function theDead({ server, services }: Killed): NodeProcess | undefined {
  return [server.process, services.process].find(({ exit }) => exit !== undefined);
}

/** @throws Error  one of them ended by itself */
export function checkAlive(killed: Killed): void {
  const dead = theDead(killed);
  if (dead === undefined) return;
  throw new Error(`${dead.name} ended by itself (${String(dead.exit?.code)}):\n${dead.output}`);
}

/** Kills and starts again. Returns how many processes were killed. */
export async function killOnce(plan: Killed, victim: Victim, round: number): Promise<number> {
  const { server, services, servicesOptions, random, whileDead } = plan;
  const apart = random.between(0, 30);
  const serverFirst = random.below(2) === 0;
  switch (victim) {
    case "server":
      await server.kill();
      whileDead?.(round);
      return 1 + (await startServer(plan));
    case "services":
      await services.kill();
      await services.start(servicesOptions);
      return 1;
    case "both": {
      const first = serverFirst ? server.kill() : services.kill();
      await pause(apart);
      await Promise.all([first, serverFirst ? services.kill() : server.kill()]);
      whileDead?.(round);
      // Either may be there first.
      if (!serverFirst) await services.start(servicesOptions);
      const [more] = await Promise.all([
        startServer(plan),
        serverFirst ? services.start(servicesOptions) : undefined,
      ]);
      return 2 + more;
    }
  }
}

/** Starts the server again; half of the times it is killed while it recovers. Returns how often it was. */
async function startServer({ server, random }: Killed): Promise<number> {
  let kills = 0;
  if (random.below(2) === 0) {
    const process = server.spawn();
    await pause(random.between(20, 400));
    await process.kill();
    kills++;
  }
  await server.start();
  return kills;
}

/** For what no event tells: a random instant, or how long something lasts that is to last. */
export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
