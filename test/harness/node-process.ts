// A node process of its own, with what it said. One process each, so that kill -9 hits what it means.

import { spawn, type ChildProcess } from "node:child_process";
import { within } from "./until.js";

export interface NodeProcessOptions {
  /** For messages and logs. */
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What starts node, in place of node itself; ends with `exec "$@"` or the like. */
  readonly wrapper?: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const lineTimeoutMs = 60_000;
const exitTimeoutMs = 30_000;
const keptOutput = 200_000;

const running = new Set<ChildProcess>();
// A test run that ends early leaves nothing behind.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** What a process gets to see of the environment: nothing that would change what it does. */
const passedOn = ["PATH", "HOME", "TMPDIR", "TEMP", "SYSTEMROOT", "LANG"];

export class NodeProcess {
  readonly name: string;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();
  #output = "";
  #exit: Exit | undefined;

  private constructor({ name, args, cwd, env = {}, wrapper = [] }: NodeProcessOptions) {
    this.name = name;
    const inherited = passedOn.flatMap((key) => {
      const value = process.env[key];
      return value === undefined ? [] : [[key, value] as const];
    });
    const [command = "", ...rest] = [...wrapper, process.execPath, ...args];
    this.#child = spawn(command, rest, {
      cwd,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-keptOutput);
        this.#tell();
      });
    }
    this.exited = new Promise((resolve) => {
      const over = (exit: Exit): void => {
        running.delete(this.#child);
        this.#exit = exit;
        this.#tell();
        resolve(exit);
      };
      this.#child.once("error", (error) => {
        this.#output += `\n${String(error)}`;
        over({ code: null, signal: null });
      });
      // "close" comes after the last output.
      this.#child.once("close", (code, signal) => over({ code, signal }));
    });
  }

  static start(options: NodeProcessOptions): NodeProcess {
    return new NodeProcess(options);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What it said, on both streams. */
  get output(): string {
    return this.#output;
  }

  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** The first match in what it said or says. Fails when the process ends without. */
  async waitForOutput(pattern: RegExp, timeoutMs = lineTimeoutMs): Promise<RegExpExecArray> {
    let listener: (() => void) | undefined;
    const found = new Promise<RegExpExecArray>((resolve, reject) => {
      listener = () => {
        const match = pattern.exec(this.#output);
        if (match !== null) resolve(match);
        else if (this.#exit !== undefined) {
          reject(new Error(`${this.name} ended without ${String(pattern)}:\n${this.#output}`));
        }
      };
      this.#listeners.add(listener);
      listener();
    });
    const what = (): string => `${String(pattern)} from ${this.name}, which said:\n${this.#output}`;
    try {
      return await within(timeoutMs, what, found);
    } finally {
      if (listener !== undefined) this.#listeners.delete(listener);
    }
  }

  /** kill -9. Resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.#exit === undefined) this.#child.kill("SIGKILL");
    await this.exited;
  }

  /** Asks it to end. */
  async terminate(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
    if (this.#exit === undefined) this.#child.kill(signal);
    return this.waitForExit();
  }

  async waitForExit(): Promise<Exit> {
    const what = (): string => `the end of ${this.name}, which said:\n${this.#output}`;
    return within(exitTimeoutMs, what, this.exited);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
