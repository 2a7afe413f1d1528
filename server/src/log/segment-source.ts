// Finds the segments in the directory of the log and reads them; judges nothing but their headers.

import { segmentContent, type SegmentContent } from "./batch-reader.js";
import type { DiskDirectory, DiskFile } from "./disk.js";
import { LogFormatTooNew, LogNotAccessible } from "./log-error.js";
import { segmentIndexOf } from "./segment-files.js";
import {
  checksumSeed,
  decodeSegmentHeader,
  formatVersion,
  segmentHeaderBytes,
  type SegmentHeader,
} from "./segment-header.js";

/** A file that has the name of a segment. */
export interface FoundSegment {
  readonly name: string;
  /** As the name says. */
  readonly index: number;
  /** Undefined where it is not valid; `problem` says why. */
  readonly header: SegmentHeader | undefined;
  readonly problem: string;
}

/** In order of their indexes. Throws `LogFormatTooNew` if any of them is of a newer format. */
export async function findSegments(directory: DiskDirectory): Promise<readonly FoundSegment[]> {
  const names = await accessing(directory, async () => directory.names());
  const found: FoundSegment[] = [];
  for (const name of names) {
    const index = segmentIndexOf(name);
    if (index !== undefined) found.push(await readHeader(directory, name, index));
  }
  return found.sort((a, b) => a.index - b.index);
}

/** Reads whole segments, one at a time. */
export class SegmentSource {
  readonly #directory: DiskDirectory;
  #buffer = Buffer.alloc(0);

  constructor(directory: DiskDirectory) {
    this.#directory = directory;
  }

  /** The content is valid until the next call; undefined where the file is shorter than it should be. */
  async read(name: string, header: SegmentHeader): Promise<SegmentContent | undefined> {
    return reading(this.#directory, name, async (file) => {
      if (file.size() < header.bytes) return undefined;
      if (this.#buffer.length !== header.bytes) this.#buffer = Buffer.alloc(header.bytes);
      const count = await file.read(this.#buffer, 0);
      return count < header.bytes ? undefined : segmentContent(this.#buffer, checksumSeed(header));
    });
  }
}

async function readHeader(
  directory: DiskDirectory,
  name: string,
  index: number,
): Promise<FoundSegment> {
  const read = await reading(directory, name, async (file) => {
    const page = Buffer.alloc(segmentHeaderBytes);
    return decodeSegmentHeader(page.subarray(0, await file.read(page, 0)));
  });
  switch (read.kind) {
    case "tooNew":
      throw new LogFormatTooNew(`${directory.path}/${name}`, read.version, formatVersion);
    case "damaged":
      return { name, index, header: undefined, problem: read.reason };
    case "valid":
      if (read.header.index === index) return { name, index, header: read.header, problem: "" };
      return { name, index, header: undefined, problem: `it is segment ${read.header.index}` };
  }
}

async function reading<Result>(
  directory: DiskDirectory,
  name: string,
  read: (file: DiskFile) => Promise<Result>,
): Promise<Result> {
  return accessing(directory, async () => {
    const file = directory.open(name);
    try {
      return await read(file);
    } finally {
      file.close();
    }
  });
}

async function accessing<Result>(
  directory: DiskDirectory,
  access: () => Promise<Result>,
): Promise<Result> {
  try {
    return await access();
  } catch (error) {
    throw new LogNotAccessible(directory.path, error);
  }
}
