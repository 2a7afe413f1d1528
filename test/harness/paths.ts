// Where things of this repository are, seen from the tests; and where their data goes.

import { mkdtempSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

export const repositoryFolder: string = path.resolve(root);
/** The command that users run. It loads what `npm run build` made. */
export const perdureBin: string = path.join(root, "cli/bin/perdure.js");
/** `buf`, as npm installed it. */
export const bufBin: string = path.join(root, "node_modules/.bin/buf");
export const servicesMain: string = path.join(root, "test/services/main.ts");
/** Node finds tsx from here. */
export const testFolder: string = path.join(root, "test");

const tmpfsType = 0x01021994;

/** A new directory on a disk: a memory file system would make syncs free. */
export function newDirectory(): string {
  const isMemory = process.platform === "linux" && statfsSync(tmpdir()).type === tmpfsType;
  return mkdtempSync(path.join(isMemory ? "/var/tmp" : tmpdir(), "perdure-test-"));
}
