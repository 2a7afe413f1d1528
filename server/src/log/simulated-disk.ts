// A disk in memory for tests: it keeps what is durable apart from what is only written, and can lose
// its power, run full, or fail a sync. What survives a loss of power is in simulated-content.ts; it
// follows from the seed alone.

import type { Disk, DiskDirectory, DiskFile } from "./disk.js";
import {
  SimulatedDirectory,
  systemError,
  type Durable,
  type SimulatedFile,
} from "./simulated-content.js";
import { randomNumbers } from "./seeded-random.js";

export class SimulatedDisk implements Disk {
  /** Room for the content of all files; what needs more fails with ENOSPC. */
  capacityBytes: number = Number.POSITIVE_INFINITY;
  /** Files that may be open at the same time; one more fails with EMFILE. */
  filesMax: number = Number.POSITIVE_INFINITY;
  /** Asked at each sync with the file's name ("" for a directory); true makes it fail with EIO. */
  failSync: (name: string) => boolean = () => false;
  /** Asked at each sync as well: a file system that looks for room only then, and finds none (ENOSPC). */
  fullAtSync: (name: string) => boolean = () => false;
  /** How long a sync takes that does not block. */
  syncDelay: () => Promise<void> = () => Promise.resolve();
  /** Told of each operation that is refused because the power is off. */
  onPowerOff: () => void = () => undefined;
  /** How many operations changed something or synced it so far. */
  operations = 0;
  #operationsMax = Number.POSITIVE_INFINITY;
  #openFiles = 0;
  readonly #directories: Map<string, SimulatedDirectory>;

  constructor(directories: Map<string, SimulatedDirectory> = new Map()) {
    this.#directories = directories;
  }

  openDirectory(path: string): DiskDirectory {
    this.#operate();
    let directory = this.#directories.get(path);
    if (directory === undefined) {
      directory = new SimulatedDirectory();
      this.#directories.set(path, directory);
    }
    return this.#directoryHandle(path, directory);
  }

  /** Lets that many more operations happen; all later ones fail, as if the process were gone. */
  cutPowerAfter(operations: number): void {
    this.#operationsMax = this.operations + operations;
  }

  /** The disk as a process finds it that starts after this one was killed; this one is dead. */
  kill(): SimulatedDisk {
    this.cutPowerAfter(0);
    return this.#successor(this.#directories);
  }

  /** The disk as it is found after a loss of power; this one is dead. */
  powerLoss(seed: number): SimulatedDisk {
    this.cutPowerAfter(0);
    const random = randomNumbers(seed);
    const survivors = [...this.#directories].map(
      ([path, directory]) => [path, directory.afterPowerLoss(random)] as const,
    );
    return this.#successor(new Map(survivors));
  }

  /** The content of a file as a process sees it, to look at or to damage. */
  contentOf(path: string, name: string): Uint8Array {
    return this.#directory(path).file(name).content();
  }

  /** Puts a file there, durably; undefined removes it. */
  place(path: string, name: string, content: Uint8Array | undefined): void {
    this.#directory(path).place(name, content);
  }

  namesIn(path: string): readonly string[] {
    return this.#directory(path).names();
  }

  #successor(directories: Map<string, SimulatedDirectory>): SimulatedDisk {
    const disk = new SimulatedDisk(directories);
    disk.capacityBytes = this.capacityBytes;
    return disk;
  }

  #directory(path: string): SimulatedDirectory {
    const directory = this.#directories.get(path);
    if (directory === undefined) throw systemError("ENOENT", path);
    return directory;
  }

  #operate(): void {
    if (this.operations >= this.#operationsMax) {
      this.onPowerOff();
      throw systemError("EIO", "the power is off");
    }
    this.operations += 1;
  }

  #assertRoom(grownBytes: number): void {
    if (grownBytes <= 0) return;
    let usedBytes = grownBytes;
    for (const directory of this.#directories.values()) usedBytes += directory.usedBytes();
    if (usedBytes > this.capacityBytes) throw systemError("ENOSPC", "the disk is full");
  }

  #directoryHandle(path: string, directory: SimulatedDirectory): DiskDirectory {
    const change = (changeNames: () => void): void => {
      this.#operate();
      changeNames();
    };
    return {
      path,
      names: () => directory.names(),
      create: (name) => {
        this.#assertFilesLeft();
        change(() => directory.create(name));
        return this.#fileHandle(directory, directory.file(name));
      },
      open: (name) => {
        this.#assertFilesLeft();
        return this.#fileHandle(directory, directory.file(name));
      },
      rename: (from, to) => change(() => directory.rename(from, to)),
      remove: (name) => change(() => directory.remove(name)),
      ...this.#syncable(() => "", directory),
      close: () => undefined,
    };
  }

  #assertFilesLeft(): void {
    if (this.#openFiles >= this.filesMax) throw systemError("EMFILE", "too many open files");
  }

  #fileHandle(directory: SimulatedDirectory, file: SimulatedFile): DiskFile {
    this.#openFiles++;
    const write = (bytes: Uint8Array, offset: number): void => {
      this.#operate();
      this.#assertRoom(offset + bytes.length - file.size);
      file.write(bytes, offset);
    };
    return {
      size: () => file.size,
      read: async (into, offset) => {
        const content = file.content().subarray(offset, offset + into.length);
        into.set(content);
        return Promise.resolve(content.length);
      },
      write,
      writeLater: async (bytes, offset) => {
        await Promise.resolve();
        write(bytes, offset);
      },
      ...this.#syncable(() => directory.nameOf(file), file),
      close: () => void this.#openFiles--,
    };
  }

  #syncable(nameNow: () => string, target: Durable): Pick<DiskFile, "sync" | "syncNow"> {
    const begin = (): number => {
      this.#operate();
      const { changes } = target;
      const name = nameNow();
      const fails = this.failSync(name) ? "EIO" : this.fullAtSync(name) ? "ENOSPC" : undefined;
      if (fails === undefined) return changes;
      target.syncFailed(changes);
      throw systemError(fails, `sync of ${name}`);
    };
    return {
      syncNow: () => target.makeDurable(begin()),
      // What is changed while the sync is under way is not part of it; the power may fail meanwhile.
      sync: async () => {
        const changes = begin();
        await this.syncDelay();
        this.#operate();
        target.makeDurable(changes);
      },
    };
  }
}
