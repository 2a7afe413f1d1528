// A headless Chromium, as Debian's `apt-get install chromium` and others bring it. Found on the PATH, or named by
// PERDURE_CHROMIUM; nothing is downloaded.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findProgram } from "../harness/command.js";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The program, or undefined where there is none. */
export function findChromium(): string | undefined {
  const named = process.env["PERDURE_CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  return names.map(findProgram).find((program) => program !== undefined);
}

export interface Browser {
  /** What it said, for messages. */
  readonly said: () => string;
  close(): Promise<void>;
}

/** Opens one page. */
export function openPage(program: string, url: string): Browser {
  const profile = mkdtempSync(path.join(tmpdir(), "perdure-browser-"));
  const child = spawn(
    program,
    [
      "--headless=new",
      // Tests may run as root, whom Chromium's sandbox refuses; the only page is the test's own.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--no-first-run",
      "--enable-logging=stderr",
      `--user-data-dir=${profile}`,
      url,
    ],
    // A group of its own: Chromium is many processes.
    { stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  }
  child.on("error", (error) => (said += String(error)));
  return {
    said: () => said,
    async close() {
      await killGroup(child);
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function killGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await ended;
}
