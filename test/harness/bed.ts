// What a test file starts, and the promise that it ends: processes by their id, gates, directories. Where a
// test has failed, everything that the processes said is shown.

import { rmSync } from "node:fs";
import { afterAll, afterEach } from "vitest";
import { Gates } from "./gate.js";
import { NodeProcess, type NodeProcessOptions } from "./node-process.js";
import { newDirectory } from "./paths.js";
import { ServerProcess, type ServerProcessOptions } from "./server-process.js";
import { ServicesProcess, type ServicesProcessOptions } from "./services-process.js";

export class Bed {
  #directories: string[] = [];
  #servers: ServerProcess[] = [];
  #services: ServicesProcess[] = [];
  #others: NodeProcess[] = [];
  #gates: Gates[] = [];
  #ends: (() => Promise<void>)[] = [];

  /** Called when all processes are gone. */
  atEnd(end: () => Promise<void>): void {
    this.#ends.push(end);
  }

  /** A new directory, removed at the end. */
  directory(): string {
    const directory = newDirectory();
    this.#directories.push(directory);
    return directory;
  }

  /** A server that is not started yet. */
  async newServer(options: Partial<ServerProcessOptions> = {}): Promise<ServerProcess> {
    const dataDir = options.dataDir ?? `${this.directory()}/data`;
    const cwd = options.cwd ?? this.directory();
    const server = await ServerProcess.create({ ...options, dataDir, cwd });
    this.#servers.push(server);
    return server;
  }

  /** A server that takes requests. */
  async startServer(options: Partial<ServerProcessOptions> = {}): Promise<ServerProcess> {
    const server = await this.newServer(options);
    await server.start();
    return server;
  }

  async startServices(options: ServicesProcessOptions): Promise<ServicesProcess> {
    const services = await ServicesProcess.create();
    this.#services.push(services);
    await services.start(options);
    return services;
  }

  /** A server that takes requests, and a process of services that is registered with it. */
  async serve(
    ofServices: ServicesProcessOptions,
    ofServer: Partial<ServerProcessOptions> = {},
  ): Promise<{ readonly server: ServerProcess; readonly services: ServicesProcess }> {
    const [server, services] = await Promise.all([
      this.startServer(ofServer),
      this.startServices(ofServices),
    ]);
    await server.register(services.url);
    return { server, services };
  }

  /** Any other process. */
  startProcess(options: NodeProcessOptions): NodeProcess {
    const process = NodeProcess.start(options);
    this.#others.push(process);
    return process;
  }

  async openGates(): Promise<Gates> {
    const gates = await Gates.open();
    this.#gates.push(gates);
    return gates;
  }

  /** What every process said, oldest first. */
  get said(): string {
    return this.#processes.map(({ name, output }) => `--- ${name}\n${output}`).join("\n");
  }

  async end(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.kill()));
    await Promise.all(this.#gates.map((gates) => gates.close()));
    await Promise.all(this.#ends.map((end) => end()));
    for (const directory of this.#directories) {
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    }
    this.#directories = [];
    this.#servers = [];
    this.#services = [];
    this.#others = [];
    this.#gates = [];
    this.#ends = [];
  }

  get #processes(): NodeProcess[] {
    return [...this.#servers, ...this.#services]
      .flatMap(({ processes }) => processes)
      .concat(this.#others);
  }
}

/** A bed that is emptied after all tests of the file or group, or after each one. */
export function useBed(emptied: "after all" | "after each"): Bed {
  const bed = new Bed();
  // Hooks run in reverse order: what was said is shown before it is cleared.
  if (emptied === "after all") afterAll(() => bed.end());
  else afterEach(() => bed.end());
  afterEach(({ task }) => {
    if (task.result?.state === "fail") console.error(`${task.name}\n${bed.said}`);
  });
  return bed;
}
