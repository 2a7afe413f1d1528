// The processes of the demo: started, watched, killed and stopped, each by its own pid.
//   P1. None outlives the demo: whatever is left when it exits is killed.
//   P2. One that ends without being told to fails the demo.

import { spawn, type ChildProcess } from "node:child_process";
import { DemoFailure, within } from "./failure.js";
import type { OutputLog } from "./output-log.js";

export interface Command {
  /** In words: "the server". */
  readonly name: string;
  /** Arguments of node. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: OutputLog;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** Rejects if the process ends without being told to; else never settles. */
  readonly crashed: Promise<never>;
  /** kill -9. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM. @throws DemoFailure  it does not end with exit code 0, in time */
  stop(): Promise<void>;
}

const stopMs = 10_000;
const children = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

export function startProcess({ name, args, cwd, env, log }: Command): RunningProcess {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...inheritedEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C reaches the demo alone, which then ends its processes in order.
    detached: true,
  });
  children.add(child);
  const output = Promise.all([log.read(child.stdout), log.read(child.stderr)]);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
  }).finally(() => children.delete(child));

  let told = false;
  const crashed = new Promise<never>((_, reject) => {
    void ended.then((how) => {
      if (!told) reject(new DemoFailure(`${name} ${how}\n${log.tail(15).join("\n")}`));
    });
  });
  crashed.catch(() => undefined);

  async function end(signal: NodeJS.Signals): Promise<string> {
    told = true;
    child.kill(signal);
    const how = await within(stopMs, `${name} to end`, ended);
    await output;
    return how;
  }

  return {
    name,
    pid: child.pid ?? 0,
    crashed,
    async kill(): Promise<void> {
      await end("SIGKILL");
    },
    async stop(): Promise<void> {
      const how = await end("SIGTERM");
      if (how !== "ended with exit code 0") throw new DemoFailure(`${name}, told to stop, ${how}`);
    },
  };
}

/** Without what would configure server, services or Node for something else. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(PERDURE_|RESTATE_|TOUR_|PORT$|NODE_OPTIONS$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
