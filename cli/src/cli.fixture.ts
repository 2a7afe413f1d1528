// The command, run in two ways: in this process, and as the process that a user starts.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { runCli } from "./run-cli.js";

export interface CliResult {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "perdure-cli-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs the command in this process. */
export async function perdure(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd: string = temporaryDirectory(),
): Promise<CliResult> {
  const out: string[] = [];
  const err: string[] = [];
  const status = await runCli(args, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    env,
    cwd,
  });
  return { status, out: out.join("\n"), err: err.join("\n") };
}

export interface PerdureProcess {
  readonly child: ChildProcess;
  /** Resolves when `text` has been printed to stdout. */
  readonly printed: (text: string) => Promise<void>;
  readonly ended: Promise<CliResult>;
}

const bin = fileURLToPath(new URL("../bin/perdure.js", import.meta.url));

/** False before the first `npm run build`: the bin has nothing to run then. */
export const isBuilt: boolean = existsSync(new URL("../dist/main.js", import.meta.url));

/** Starts the command as users do. It is killed when the test is over. */
export function startPerdure(
  args: readonly string[],
  cwd: string = temporaryDirectory(),
): PerdureProcess {
  return startProcess([bin, ...args], cwd);
}

/** Starts a process of node. It is killed when the test is over. */
export function startProcess(args: readonly string[], cwd: string): PerdureProcess {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, args, { cwd, env: { PATH } });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = once(child, "close").then(([status]): CliResult => ({
    status: status as number | null,
    out,
    err,
  }));
  const printed = async (text: string): Promise<void> => {
    while (!out.includes(text)) {
      const end = ended.then((result) => {
        throw new Error(`it ended before it printed "${text}": ${JSON.stringify(result)}`);
      });
      await Promise.race([once(child.stdout, "data"), end]);
    }
  };
  return { child, printed, ended };
}
