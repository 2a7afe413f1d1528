// Brings a system up until its services answer, and takes it down again.
//   Server and service processes are the only processes of a system; all are ended by id.
//   A system that is `started` answers calls: its recovery is complete, its services are registered.
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { compiledEntry, makeDataDirectory } from "../paths.js";
import { failWhenEnded, removeAtEnd, removeNow, startProcess } from "../processes.js";
import type { RunningProcess } from "../processes.js";
import type { Addresses, System } from "./system.js";

const startPatienceMs = 60_000;

export interface StartedSystem {
  readonly system: System;
  readonly ingressPort: number;
  readonly adminPort: number;
  readonly dataDirectory: string;
  readonly server: RunningProcess;
  readonly services: RunningProcess;
  /** As asked for, in that order. */
  readonly moreServices: readonly RunningProcess[];
  /** End all processes and remove the data. */
  stop(): Promise<void>;
  /**
   * Start the server anew on the same data, after it has ended; resolves at once, not when it is ready.
   * @param as  with the command of this one. Default: of the system that it is
   */
  restartServer(as?: System): Promise<StartedSystem>;
}

export interface StartSystemOptions {
  /** Where the data directory is made; see makeDataDirectory. */
  readonly dataParent: string | undefined;
  /** Folder for CPU profiles of the Node processes; none are written without. */
  readonly profiles: string | undefined;
  /** More service processes, by their entries: each is a deployment of its own. */
  readonly moreServices?: readonly string[];
}

/** @throws Error  a process ended, or the system was not ready within a minute */
export async function startSystem(
  system: System,
  options: StartSystemOptions,
): Promise<StartedSystem> {
  const directory = makeDataDirectory(options.dataParent);
  removeAtEnd(directory);
  const { profiles, moreServices = [] } = options;
  const ports = await freePorts(4 + moreServices.length);
  const [ingressPort, adminPort, nodePort, servicesPort, ...morePorts] = ports as [
    number,
    number,
    number,
    number,
    ...number[],
  ];
  const addresses = { ingressPort, adminPort, nodePort };

  const entries = [system.servicesEntry, ...moreServices];
  const servicesPorts = [servicesPort, ...morePorts];
  const [services, ...more] = (await Promise.all(
    entries.map((entry, at) =>
      startServices(system, entry, servicesPorts[at]!, directory, profiles),
    ),
  )) as [RunningProcess, ...RunningProcess[]];
  const startServer = (as: System): Promise<RunningProcess> =>
    startServerProcess(as, addresses, directory, profiles);
  const server = await startServer(system);
  await ready(server, `http://127.0.0.1:${ingressPort}/restate/health`);
  await ready(server, `http://127.0.0.1:${adminPort}/health`);
  for (const port of servicesPorts) await register(server, adminPort, port);
  await answering(server, ingressPort);

  const withServer = (current: RunningProcess): StartedSystem => ({
    system,
    ingressPort,
    adminPort,
    dataDirectory: directory,
    server: current,
    services,
    moreServices: more,
    async stop() {
      const mode = profiles === undefined ? "at-once" : "gracefully";
      await current.stop(mode);
      await Promise.all([services, ...more].map((each) => each.stop(mode)));
      removeNow(directory);
    },
    restartServer: async (as = system) => withServer(await startServer(as)),
  });
  return withServer(server);
}

/** One plain call; true when it was answered rightly within the time. */
export async function callGreeter(ingressPort: number, timeoutMs: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${ingressPort}/Greeter/greet`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '"you"',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return response.ok && (await response.json()) === "Hello you";
  } catch {
    return false;
  }
}

async function startServices(
  system: System,
  entry: string,
  port: number,
  directory: string,
  profiles: string | undefined,
): Promise<RunningProcess> {
  const services = await startProcess({
    name: `services of ${system.title}`,
    command: process.execPath,
    args: [...profileArgs(profiles, "services"), compiledEntry(entry), String(port)],
    env: cleanEnvironment(),
    logFile: join(directory, "services.log"),
    ipc: true,
  });
  await Promise.race([once(services.child, "message"), failWhenEnded(services)]);
  return services;
}

function startServerProcess(
  system: System,
  addresses: Addresses,
  directory: string,
  profiles: string | undefined,
): Promise<RunningProcess> {
  const dataDirectory = join(directory, "data");
  mkdirSync(dataDirectory, { recursive: true });
  const { command, args, env } = system.serverCommand(dataDirectory, addresses);
  return startProcess({
    name: `server of ${system.title}`,
    command,
    args: system.serverIsNode ? [...profileArgs(profiles, "server"), ...args] : args,
    env: { ...cleanEnvironment(), ...env },
    cwd: directory,
    logFile: join(directory, "server.log"),
  });
}

/** A folder for each process: its worker threads write profiles of their own. */
function profileArgs(profiles: string | undefined, role: "server" | "services"): readonly string[] {
  return profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${join(profiles, role)}`];
}

/** The environment without what would configure a system, or load development code into it. */
function cleanEnvironment(): Record<string, string | undefined> {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(PERDURE_|RESTATE_|NODE_OPTIONS$|PORT$)/.test(name),
  );
  return { ...Object.fromEntries(entries), NODE_ENV: "production" };
}

async function ready(server: RunningProcess, url: string): Promise<void> {
  await eventually(server, `${url} to answer`, async () => {
    try {
      return (await fetch(url, { signal: AbortSignal.timeout(5000) })).ok;
    } catch {
      return false;
    }
  });
}

async function register(
  server: RunningProcess,
  adminPort: number,
  servicesPort: number,
): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/deployments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uri: `http://127.0.0.1:${servicesPort}` }),
  });
  if (response.ok) return;
  const body = await response.text();
  throw new Error(`${server.name} refused the services: ${response.status} ${body}`);
}

/** A registration may take a moment until the ingress knows it. */
async function answering(server: RunningProcess, ingressPort: number): Promise<void> {
  await eventually(server, "the services to answer", () => callGreeter(ingressPort, 5000));
}

async function eventually(
  server: RunningProcess,
  what: string,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const until = Date.now() + startPatienceMs;
  const ended = failWhenEnded(server);
  ended.catch(() => undefined);
  while (!(await Promise.race([isSo(), ended]))) {
    if (Date.now() > until) {
      throw new Error(`${server.name}: waited in vain for ${what}; its log:\n${server.logTail()}`);
    }
    await delay(20);
  }
}

async function freePorts(count: number): Promise<number[]> {
  const holders = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(holders.map((holder) => once(holder, "listening")));
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port);
  await Promise.all(holders.map((holder) => once(holder.close(), "close")));
  return ports;
}
