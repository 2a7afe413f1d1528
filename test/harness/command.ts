// Programs of others that a test runs to their end: compilers, generators, command line clients.

import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import path from "node:path";

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  /** Both streams, the second after the first: for messages. */
  readonly said: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Beside the environment of the tests, which names caches and proxies. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** A program of this name on the PATH. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  return folders
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Runs it to its end, whatever that is. */
export function runCommand(
  [program = "", ...args]: readonly string[],
  { cwd, env = {}, timeoutMs = 60_000 }: CommandOptions = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      {
        ...(cwd === undefined ? {} : { cwd }),
        env: { ...process.env, ...env },
        timeout: timeoutMs,
        killSignal: "SIGKILL",
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        // It could not be started, or took too long.
        const why = code === -1 ? `\n${error?.message ?? ""}` : "";
        resolve({ code, stdout, said: stdout + stderr + why });
      },
    );
  });
}

/**
 * What it printed.
 * @throws Error  it failed; with everything that it said
 */
export async function outputOf(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, said } = await runCommand(command, options);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${said}`);
  return stdout;
}
