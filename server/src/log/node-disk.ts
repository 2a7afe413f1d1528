// The real disk: node:fs. Files are written with pwrite (into the page cache) and made durable with
// fdatasync; directories with fsync, which Windows neither knows nor needs.

import fs from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Disk, DiskDirectory, DiskFile } from "./disk.js";

export const nodeDisk: Disk = {
  openDirectory(path: string): DiskDirectory {
    const absolute = resolve(path);
    const firstMade = fs.mkdirSync(absolute, { recursive: true });
    syncParents(absolute, firstMade ?? absolute);
    return new NodeDirectory(path, isWindows ? undefined : fs.openSync(absolute, "r"));
  },
};

const isWindows = process.platform === "win32";

/** Makes the names of a directory and of those above it durable, up to the topmost that was made. */
function syncParents(path: string, topmost: string): void {
  if (isWindows) return;
  for (let child = path; ; child = dirname(child)) {
    const descriptor = fs.openSync(dirname(child), "r");
    try {
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    if (child === topmost || child === dirname(child)) return;
  }
}

class NodeDirectory implements DiskDirectory {
  readonly path: string;
  readonly #descriptor: number | undefined;

  constructor(path: string, descriptor: number | undefined) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  names(): readonly string[] {
    return fs.readdirSync(this.path);
  }

  create(name: string): DiskFile {
    return new NodeFile(fs.openSync(join(this.path, name), "wx+"));
  }

  open(name: string): DiskFile {
    return new NodeFile(fs.openSync(join(this.path, name), "r+"));
  }

  rename(from: string, to: string): void {
    fs.renameSync(join(this.path, from), join(this.path, to));
  }

  remove(name: string): void {
    fs.unlinkSync(join(this.path, name));
  }

  sync(): Promise<void> {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return Promise.resolve();
    return new Promise((done, failed) => {
      fs.fsync(descriptor, (error) => (error === null ? done() : failed(error)));
    });
  }

  syncNow(): void {
    if (this.#descriptor !== undefined) fs.fsyncSync(this.#descriptor);
  }

  close(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor);
  }
}

class NodeFile implements DiskFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  size(): number {
    return fs.fstatSync(this.#descriptor).size;
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const count = await this.#readOnce(into, done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  write(bytes: Uint8Array, offset: number): void {
    let done = 0;
    while (done < bytes.length) {
      done += fs.writeSync(this.#descriptor, bytes, done, bytes.length - done, offset + done);
    }
  }

  async writeLater(bytes: Uint8Array, offset: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) done += await this.#writeOnce(bytes, done, offset + done);
  }

  sync(): Promise<void> {
    return new Promise((done, failed) => {
      fs.fdatasync(this.#descriptor, (error) => (error === null ? done() : failed(error)));
    });
  }

  syncNow(): void {
    fs.fdatasyncSync(this.#descriptor);
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }

  #writeOnce(bytes: Uint8Array, start: number, offset: number): Promise<number> {
    return new Promise((done, failed) => {
      fs.write(this.#descriptor, bytes, start, bytes.length - start, offset, (error, count) =>
        error === null ? done(count) : failed(error),
      );
    });
  }

  #readOnce(into: Uint8Array, start: number, offset: number): Promise<number> {
    return new Promise((done, failed) => {
      fs.read(this.#descriptor, into, start, into.length - start, offset, (error, count) =>
        error === null ? done(count) : failed(error),
      );
    });
  }
}
