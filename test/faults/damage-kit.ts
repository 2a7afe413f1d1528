// Data directories to damage, and what a server makes of them: it serves, or it says why not, with its code, and leaves
// every file as it was.

import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { Bed } from "../harness/bed.js";
import type { ServerProcess } from "../harness/server-process.js";
import { until } from "../harness/until.js";

/** A copy that a test may damage. */
export function copyOf(bed: Bed, dataDir: string): string {
  const copy = path.join(bed.directory(), "data");
  cpSync(dataDir, copy, { recursive: true });
  return copy;
}

export function storeFileOf(dataDir: string): string {
  return path.join(dataDir, "shards/0/store/data.mdb");
}

/** Adds one to a counter, one call after the other. */
export async function count(server: ServerProcess, times: number): Promise<void> {
  for (let at = 0; at < times; at++) {
    const { status } = await server.ingress.post("/restate/call/Counter/c/add", 1);
    expect(status).toBe(200);
  }
}

export async function counted(server: ServerProcess): Promise<number> {
  return (await server.ingress.post("/restate/call/Counter/c/get")).json as number;
}

/** Expects that a server does not start on this directory, says so in one line, and changes nothing. */
export async function expectRefusal(bed: Bed, dataDir: string, code: string): Promise<string> {
  const before = contentsOf(dataDir);
  const process = (await bed.newServer({ dataDir })).spawn();
  const exit = await until("it ends", () => process.exit, 60_000);
  expect({ ...exit, output: process.output }).toEqual({
    code: 1,
    signal: null,
    output: expect.stringMatching(new RegExp(`^(.*\\n)?perdure: ${code}: .+\\n$`)),
  });
  // Where there were no tables, there are empty ones now.
  const after = [...contentsOf(dataDir)].filter(([file]) => before.has(file));
  expect(new Map(after)).toEqual(before);
  return process.output;
}

/** Digests of all files but those that only say who uses them. */
function contentsOf(directory: string): ReadonlyMap<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== "lock.mdb" && entry.name !== "lock",
  );
  return new Map(
    files.map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return [file, createHash("sha256").update(readFileSync(file)).digest("hex")];
    }),
  );
}
