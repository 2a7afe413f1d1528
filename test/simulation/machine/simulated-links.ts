// The links between workers: real ones, over streams that take their time. They keep their order, and end with the process.

import { Duplex } from "node:stream";
import { Link, type Member, type PeerLink } from "@perdure/server/simulation-kit";
import type { Random } from "./random.js";
import type { Process, Scheduler } from "./scheduler.js";

const latencyMs = 0.1;

export interface LinkWorld {
  readonly scheduler: Scheduler;
  readonly random: Random;
}

/** @param links  of each member, by the number of the other: they are put there */
export function simulatedLinks(
  world: LinkWorld,
  process: Process,
  members: readonly Member[],
  links: readonly Map<number, PeerLink>[],
): void {
  for (const [one, near] of members.entries()) {
    for (const [other, far] of members.entries()) {
      if (other <= one) continue;
      const [here, there] = pair(world, process);
      links[one]?.set(other, new Link(here, near.methods()));
      links[other]?.set(one, new Link(there, far.methods()));
    }
  }
}

function pair(world: LinkWorld, process: Process): [Duplex, Duplex] {
  const here = end(world, process, () => there);
  const there: Duplex = end(world, process, () => here);
  return [here, there];
}

function end({ scheduler, random }: LinkWorld, process: Process, other: () => Duplex): Duplex {
  let arrivesAt = 0;
  return new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _, done) => {
      arrivesAt = Math.max(arrivesAt, scheduler.nowMs + random.about(latencyMs));
      scheduler.at(arrivesAt, process, () => other().push(bytes));
      done();
    },
  });
}
