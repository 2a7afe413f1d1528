// What figures depend on besides the code: the machine, the versions, the options of the run.
import { readFileSync, statfsSync } from "node:fs";
import { arch, cpus, release, totalmem } from "node:os";
import type { BenchOptions } from "./options.js";
import { systemOf } from "./systems/index.js";

export interface Environment {
  readonly date: string;
  readonly processors: string;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly filesystem: string;
  readonly node: string;
  readonly systems: readonly { readonly title: string; readonly version: string }[];
}

const filesystems: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x794c7630, "overlay"],
]);

/** @param directory  where data directories are made */
export function describeEnvironment(options: BenchOptions, directory: string): Environment {
  const { type } = statfsSync(directory);
  const model = /^model name\s*:\s*(.+)$/m.exec(readFileSync("/proc/cpuinfo", "latin1"))?.[1];
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    processors: `${cpus().length} × ${model ?? arch()}`,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    filesystem: filesystems.get(type) ?? `0x${type.toString(16)}`,
    node: process.version,
    systems: options.systems.map(systemOf).map((system) => ({
      title: system.title,
      version: system.version(),
    })),
  };
}
