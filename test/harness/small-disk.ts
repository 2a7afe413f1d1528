// A disk that can be filled: a small memory file system, in a mount namespace that ends with the process that it is for.

import { spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, rmSync, statfsSync, writeSync } from "node:fs";
import path from "node:path";

// Whoever is not root may still mount in a user namespace of his own, unless his system forbids it.
const unshare = ["unshare", process.getuid?.() === 0 ? "-m" : "-rm"] as const;

function mount(bytes: number): string {
  return `mount -t tmpfs -o size=${bytes} perdure-test`;
}

/** Whether this machine lets us. */
export function canMount(): boolean {
  return spawnSync(unshare[0], [unshare[1], "sh", "-c", `${mount(1024 * 1024)} /tmp`]).status === 0;
}

/** For the process that gets the disk. */
export function onSmallDisk(mountPoint: string, bytes: number): readonly string[] {
  return [...unshare, "sh", "-c", `${mount(bytes)} "${mountPoint}" && exec "$@"`, "sh"];
}

/** The disk of a process, as others can reach it. */
export class SmallDisk {
  readonly #directory: string;

  constructor(pid: number, mountPoint: string) {
    this.#directory = `/proc/${pid}/root${mountPoint}`;
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#directory);
    return bavail * bsize;
  }

  /** How many files the log of the first worker has for large values. */
  filesOfBodies(): number {
    const log = path.join(this.#directory, "data/shards/0/log");
    return readdirSync(log).filter((name) => name.startsWith("body-")).length;
  }

  /** Takes all that is free. */
  fill(): void {
    const descriptor = openSync(this.#filler, "a");
    for (const bytes of [1024 * 1024, 4096]) {
      const zeros = Buffer.alloc(bytes);
      try {
        while (writeSync(descriptor, zeros) === bytes);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    }
    closeSync(descriptor);
  }

  /** Gives back what `fill` took. */
  makeRoom(): void {
    rmSync(this.#filler);
  }

  get #filler(): string {
    return path.join(this.#directory, "filler");
  }
}
