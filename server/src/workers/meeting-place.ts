// The directory where the workers of a server meet. It is not in the data directory: paths of sockets are short (108 bytes
// with Linux), and a data directory may be deep, or where there are no sockets. A server that was killed leaves its place
// behind; so its name says whose it is, and the next server of the same data directory removes it.

import { createHash } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorMessage } from "@perdure/protocol/error-message";

/** Workers have no place to meet. Nothing was changed. */
export class MeetingPlaceError extends Error {
  override readonly name = "MeetingPlaceError";
  readonly code = "PDR1305";

  constructor(parent: string, cause: unknown) {
    const why = errorMessage(cause);
    super(
      `PDR1305: the workers can't meet in ${parent} (${why}). Name another directory with TMPDIR, or mend its permissions`,
      { cause },
    );
  }
}

/**
 * Makes a directory that only this user can enter, and removes those of earlier servers.
 * @param dataDirectory  is locked: no other server of it meets anywhere
 * @throws MeetingPlaceError
 */
export function makeMeetingPlace(dataDirectory: string): string {
  const prefix = `perdure-${hashOf(realpathSync(dataDirectory))}-`;
  const parent = tmpdir();
  try {
    return makePlace(parent, prefix);
  } catch (error) {
    throw new MeetingPlaceError(parent, error);
  }
}

function makePlace(parent: string, prefix: string): string {
  for (const name of readdirSync(parent)) {
    if (name.startsWith(prefix)) removePlace(join(parent, name));
  }
  // What is behind the prefix is new each time. A worker that still ends removes its own socket: not that of its successor.
  return mkdtempSync(join(parent, prefix));
}

function removePlace(place: string): void {
  // Anyone may make a directory of this name. What is not this user's stays, and harms nobody.
  if (isOwn(place)) rmSync(place, { recursive: true, force: true });
}

function isOwn(place: string): boolean {
  const found = lstatSync(place, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === (process.getuid?.() ?? found.uid);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
