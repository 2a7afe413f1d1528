// The systems that can be measured, by the names of the command line.
import { perdure, perdureWorkers } from "./perdure.js";
import { restate, restateTuned } from "./restate.js";
import type { System } from "./system.js";

const systems: readonly System[] = [perdure, perdureWorkers, restate, restateTuned];

export const systemNames: readonly string[] = systems.map((system) => system.name);

/** @throws Error  no system has this name */
export function systemOf(name: string): System {
  const system = systems.find((candidate) => candidate.name === name);
  if (!system) throw new Error(`no system is named ${name}`);
  return system;
}
