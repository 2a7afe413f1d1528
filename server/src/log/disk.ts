// The few file operations that the event log stands on, so that tests can put a simulated disk
// under it (simulated-disk.ts) and lose its power. The real one is node-disk.ts.
//
// Everything but syncs, reads and large writes is a short call into the operating system's cache, so
// it is synchronous. What a call has changed is durable only after a sync of what it changed: content
// after the file's, names (create, rename, remove) after the directory's.

/** Something whose changes can be made durable, in the thread pool or on the spot. */
export interface Syncable {
  sync(): Promise<void>;
  syncNow(): void;
}

export interface Disk {
  /** Opens a directory, making it durably where it does not exist. */
  openDirectory(path: string): DiskDirectory;
}

export interface DiskDirectory extends Syncable {
  readonly path: string;
  names(): readonly string[];
  /** Makes an empty file; fails if the name is taken. */
  create(name: string): DiskFile;
  open(name: string): DiskFile;
  /** Atomic; takes the place of a file that has the new name. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  close(): void;
}

export interface DiskFile extends Syncable {
  size(): number;
  /** Fills `into` from `offset` on; resolves with the bytes read, fewer only at the end of the file. */
  read(into: Uint8Array, offset: number): Promise<number>;
  /** Writes all of `bytes` at `offset`. */
  write(bytes: Uint8Array, offset: number): void;
  /** The same in the thread pool, for what is large; the bytes must not change until then. */
  writeLater(bytes: Uint8Array, offset: number): Promise<void>;
  close(): void;
}
