// Starts the processes of the benchmark and sees to it that none outlives it: on a normal end, on an
// error and on Ctrl-C each one that still runs is ended by its id, and each temporary directory removed.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";

const running = new Set<ChildProcess>();
const directories = new Set<string>();
const gracePeriodMs = 15_000;

export interface StartOptions {
  /** What it is, for messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Standard output and error are appended to this file. */
  readonly logFile: string;
  /** With an IPC channel; the child is expected to exit when it closes. Default false. */
  readonly ipc?: boolean;
}

/** A child process that is ended with the benchmark. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves with a description of how it ended; never rejects. */
  readonly ended: Promise<string>;
  /** The end of its log, for error messages. */
  logTail(): string;
  /** End it: SIGKILL at once, or SIGTERM and SIGKILL only if that does not help. */
  stop(mode: "at-once" | "gracefully"): Promise<void>;
}

/** @throws Error  the command could not be started */
export async function startProcess(options: StartOptions): Promise<RunningProcess> {
  const log = openSync(options.logFile, "a");
  const child = spawn(options.command, options.args, {
    env: options.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ["ignore", log, log, ...(options.ipc ? (["ipc"] as const) : [])],
  });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      running.delete(child);
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
  await once(child, "spawn");
  running.add(child);

  return {
    name: options.name,
    pid: child.pid!,
    child,
    ended,
    logTail: () => readFileSync(options.logFile, "utf8").split("\n").slice(-15).join("\n"),
    async stop(mode) {
      child.kill(mode === "at-once" ? "SIGKILL" : "SIGTERM");
      const giveUp = setTimeout(() => child.kill("SIGKILL"), gracePeriodMs);
      await ended;
      clearTimeout(giveUp);
    },
  };
}

/** Rejects as soon as the process ends: for a race with something that needs it alive. */
export async function failWhenEnded(running: RunningProcess): Promise<never> {
  const how = await running.ended;
  throw new Error(
    `${running.name} ended unexpectedly (${how}); its log ends with:\n${running.logTail()}`,
  );
}

/** Remove the directory when the benchmark ends, however it ends. */
export function removeAtEnd(directory: string): void {
  directories.add(directory);
}

/** Remove a directory now that was to be removed at the end. */
export function removeNow(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  directories.delete(directory);
}

/** End every process and remove every directory, synchronously. */
export function cleanUp(): void {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
  for (const directory of directories) removeNow(directory);
}

/** Clean up on exit and on the signals that end a command. */
export function cleanUpAtEnd(): void {
  process.once("exit", cleanUp);
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.once(signal, () => process.exit(code));
  }
}
