// What a simulated disk holds: files and their names, each as seen and as durable. It is meaner than
// most real disks:
//   - a file's content is durable only after the file's sync, its name only after the directory's;
//   - at a loss of power each sector of 512 bytes that was written and not synced is there or not, in
//     one of several patterns (all lost, all kept, the first ones, any of them); so is each change of
//     a name, except that changes of one name keep their order;
//   - after a failed sync of a file the cache shows what never reached the disk, and the next sync
//     succeeds without it.

const sectorBytes = 512;

/** What has changes that are not durable yet, in order. */
export interface Durable {
  /** How many changes there ever were. */
  readonly changes: number;
  makeDurable(upTo: number): void;
  /** A sync of the changes up to then has failed. */
  syncFailed(upTo: number): void;
}

type NameChange = { readonly from: string; readonly to: string; readonly file: SimulatedFile };

export class SimulatedDirectory implements Durable {
  readonly #durable: Map<string, SimulatedFile>;
  readonly #current: Map<string, SimulatedFile>;
  /** "" stands for nowhere: a file is created from it, removed to it. */
  readonly #pending: NameChange[] = [];
  /** How many changes are pending no more. */
  #settled = 0;

  constructor(files: ReadonlyMap<string, SimulatedFile> = new Map()) {
    this.#durable = new Map(files);
    this.#current = new Map(files);
  }

  names(): readonly string[] {
    return [...this.#current.keys()];
  }

  file(name: string): SimulatedFile {
    const file = this.#current.get(name);
    if (file === undefined) throw systemError("ENOENT", name);
    return file;
  }

  /** What the file is called now; "" where it was removed. */
  nameOf(file: SimulatedFile): string {
    for (const [name, current] of this.#current) if (current === file) return name;
    return "";
  }

  create(name: string): void {
    if (this.#current.has(name)) throw systemError("EEXIST", name);
    this.#change({ from: "", to: name, file: new SimulatedFile() });
  }

  rename(from: string, to: string): void {
    this.#change({ from, to, file: this.file(from) });
  }

  remove(name: string): void {
    this.#change({ from: name, to: "", file: this.file(name) });
  }

  place(name: string, content: Uint8Array | undefined): void {
    for (const files of [this.#durable, this.#current]) {
      if (content === undefined) files.delete(name);
      else files.set(name, new SimulatedFile(content));
    }
  }

  usedBytes(): number {
    let bytes = 0;
    for (const file of this.#current.values()) bytes += file.size;
    return bytes;
  }

  get changes(): number {
    return this.#settled + this.#pending.length;
  }

  makeDurable(upTo: number): void {
    for (const change of this.#settle(upTo)) applyChange(this.#durable, change);
  }

  /** Names are metadata: a file system that can't write them keeps them, or stops altogether. */
  syncFailed(): void {}

  afterPowerLoss(random: () => number): SimulatedDirectory {
    const survives = survivalPattern(random, this.#pending.length);
    const files = new Map(this.#durable);
    const lostNames = new Set<string>();
    for (const change of this.#pending) {
      const { from, to } = change;
      if (survives() && !lostNames.has(from) && !lostNames.has(to)) {
        applyChange(files, change);
      } else {
        for (const name of [from, to]) if (name !== "") lostNames.add(name);
      }
    }
    const survivors = [...files].map(
      ([name, file]) => [name, file.afterPowerLoss(random)] as const,
    );
    return new SimulatedDirectory(new Map(survivors));
  }

  #settle(upTo: number): readonly NameChange[] {
    const settled = this.#pending.splice(0, Math.max(0, upTo - this.#settled));
    this.#settled += settled.length;
    return settled;
  }

  #change(change: NameChange): void {
    applyChange(this.#current, change);
    this.#pending.push(change);
  }
}

function applyChange(files: Map<string, SimulatedFile>, { from, to, file }: NameChange): void {
  if (from !== "") files.delete(from);
  if (to !== "") files.set(to, file);
}

interface PendingWrite {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export class SimulatedFile implements Durable {
  #durable: Uint8Array;
  #current: Uint8Array;
  /** Both arrays may be longer than what they hold. */
  #durableSize: number;
  #size: number;
  readonly #pending: PendingWrite[] = [];
  #settled = 0;

  constructor(content: Uint8Array = new Uint8Array()) {
    this.#durable = new Uint8Array(content);
    this.#current = new Uint8Array(content);
    this.#durableSize = content.length;
    this.#size = content.length;
  }

  get size(): number {
    return this.#size;
  }

  content(): Uint8Array {
    return this.#current.subarray(0, this.#size);
  }

  write(bytes: Uint8Array, offset: number): void {
    this.#size = Math.max(this.#size, offset + bytes.length);
    this.#current = grown(this.#current, this.#size);
    this.#current.set(bytes, offset);
    this.#pending.push({ offset, bytes: new Uint8Array(bytes) });
  }

  get changes(): number {
    return this.#settled + this.#pending.length;
  }

  makeDurable(upTo: number): void {
    for (const write of this.#settle(upTo)) this.#writeDurable(write);
  }

  /** The cache takes the pages for clean now, though they never reached the disk. */
  syncFailed(upTo: number): void {
    this.#settle(upTo);
  }

  afterPowerLoss(random: () => number): SimulatedFile {
    const file = new SimulatedFile(this.#durable.subarray(0, this.#durableSize));
    const pieces = this.#pending.flatMap(sectorsOf);
    const survives = survivalPattern(random, pieces.length);
    for (const piece of pieces) if (survives()) file.#writeDurable(piece);
    file.#current = new Uint8Array(file.#durable);
    file.#size = file.#durableSize;
    return file;
  }

  #settle(upTo: number): readonly PendingWrite[] {
    const settled = this.#pending.splice(0, Math.max(0, upTo - this.#settled));
    this.#settled += settled.length;
    return settled;
  }

  #writeDurable({ offset, bytes }: PendingWrite): void {
    this.#durableSize = Math.max(this.#durableSize, offset + bytes.length);
    this.#durable = grown(this.#durable, this.#durableSize);
    this.#durable.set(bytes, offset);
  }
}

/** Cuts a write where sectors of the file meet. */
function sectorsOf({ offset, bytes }: PendingWrite): PendingWrite[] {
  const pieces: PendingWrite[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = Math.min(bytes.length, start + sectorBytes - ((offset + start) % sectorBytes));
    pieces.push({ offset: offset + start, bytes: bytes.subarray(start, end) });
    start = end;
  }
  return pieces;
}

/** Asked once for each of `count` changes, in order: whether it survives. */
function survivalPattern(random: () => number, count: number): () => boolean {
  const pattern = Math.floor(random() * 4);
  const cut = Math.floor(random() * (count + 1));
  let index = 0;
  return () => {
    index += 1;
    switch (pattern) {
      case 0:
        return false;
      case 1:
        return true;
      case 2:
        return index <= cut;
      default:
        return random() < 0.5;
    }
  };
}

function grown(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length >= size) return bytes;
  const larger = new Uint8Array(Math.max(size, 2 * bytes.length));
  larger.set(bytes);
  return larger;
}

export function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
