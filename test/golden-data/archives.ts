// The recorded directories as files: <version>/<name>.tar.gz, and beside it <name>.json, which says what is in it and
// how it ends. One that is there is never replaced.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const folder = fileURLToPath(new URL("./", import.meta.url));

/** What is done to an invocation when the data is opened, in this order. */
export type Act =
  | { readonly do: "resolve awakeable"; readonly id: string; readonly with: string }
  | { readonly do: "call"; readonly path: string; readonly body?: unknown }
  | { readonly do: "verb"; readonly verb: string };

/** An invocation that the data holds. */
export interface Recorded {
  /** What it stands for. */
  readonly name: string;
  readonly id: string;
  /** What the admin port said of it when it was recorded. */
  readonly status: string;
  readonly acts: readonly Act[];
  readonly ends: { readonly status: number; readonly body: unknown };
}

/** What a call answers when all invocations have ended. */
export interface Answered {
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: unknown;
}

export interface Golden {
  /** Of the release that wrote it. */
  readonly version: string;
  /** By the module that they serve. */
  readonly deployments: Readonly<Record<string, string>>;
  readonly invocations: readonly Recorded[];
  readonly answers: readonly Answered[];
}

/** Long text as its digest, so that what is recorded can be read. */
export function shortened(value: unknown): unknown {
  if (typeof value === "string" && value.length > 1000) {
    const digest = createHash("sha256").update(value).digest("hex");
    return `${String(value.length)} characters, sha256 ${digest}`;
  }
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shortened(one)]));
}

/** All that is recorded: "0.1.0/mixed". */
export function goldenNames(): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: version }) =>
      readdirSync(path.join(folder, version))
        .filter((file) => file.endsWith(".tar.gz"))
        .map((file) => `${version}/${file.slice(0, -".tar.gz".length)}`),
    )
    .sort();
}

export function isRecorded(name: string): boolean {
  return existsSync(path.join(folder, `${name}.json`));
}

export function readGolden(name: string): Golden {
  return JSON.parse(readFileSync(path.join(folder, `${name}.json`), "utf8")) as Golden;
}

export function bytesOf(name: string): number {
  return readFileSync(path.join(folder, `${name}.tar.gz`)).length;
}

/** Makes the data directory anew, under a path that is not there yet. */
export function unpack(name: string, dataDir: string): void {
  mkdirSync(dataDir, { recursive: true });
  execFileSync("tar", ["-xzf", path.join(folder, `${name}.tar.gz`), "-C", dataDir]);
}

export function pack(name: string, dataDir: string, golden: Golden): void {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  const tar = execFileSync("tar", ["-cf", "-", "--owner=0", "--group=0", "-C", dataDir, "."], {
    maxBuffer: 2 ** 30,
  });
  // The text last: what has none is not recorded.
  writeFileSync(`${file}.tar.gz`, gzipSync(tar, { level: 9 }), { flag: "wx" });
  writeFileSync(`${file}.json`, `${JSON.stringify(golden, null, 2)}\n`, { flag: "wx" });
}
