// A server and the tour's services, as real processes on this machine, with everything that the demo does
// to them. Data lives in a directory of its own, removed when all went well.

import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DemoFailure, must, within } from "./failure.js";
import { OutputLog } from "./output-log.js";
import type { Ports } from "./ports.js";
import { startProcess, type Command, type RunningProcess } from "./processes.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const serverScript = path.join(root, "cli/bin/perdure.js");
const servicesScript = path.join(root, "examples/tour/dist/src/main.js");

const reminderMs = 400;
const startMs = 20_000;
/** Between two looks at whether a port answers. */
const lookMs = 10;

export class Installation {
  readonly ports: Ports;
  readonly dataDir: string;
  readonly serverLog: OutputLog = new OutputLog();
  /** Everything that the services print, over all their lives. */
  readonly servicesLog: OutputLog = new OutputLog();
  /** Rejects when a process ends without being told to. */
  readonly crashed: Promise<never>;
  #onCrash: (error: unknown) => void = () => undefined;
  #server: RunningProcess | undefined;
  #services: RunningProcess | undefined;

  private constructor(ports: Ports, directory: string) {
    this.ports = ports;
    this.dataDir = path.join(directory, "data");
    this.crashed = new Promise((_, reject) => {
      this.#onCrash = reject;
    });
    this.crashed.catch(() => undefined);
  }

  static async create(ports: Ports): Promise<Installation> {
    for (const file of [servicesScript, path.join(root, "cli/dist/main.js")]) {
      must(existsSync(file), () => `${file} is missing: run npm run build first`);
    }
    return new Installation(ports, await mkdtemp(path.join(tmpdir(), "perdure-demo-")));
  }

  get server(): RunningProcess {
    if (this.#server === undefined) throw new DemoFailure("the server is not running");
    return this.#server;
  }

  get services(): RunningProcess {
    if (this.#services === undefined) throw new DemoFailure("the services are not running");
    return this.#services;
  }

  /** @returns once it takes requests */
  async startServer(): Promise<void> {
    const { ingress, admin } = this.ports;
    const flags = [
      `--data-dir=${this.dataDir}`,
      `--ingress=127.0.0.1:${ingress}`,
      `--admin=127.0.0.1:${admin}`,
    ];
    this.#server = this.#start({
      name: "the server",
      args: [serverScript, "server", ...flags],
      env: {},
      log: this.serverLog,
    });
    await within(startMs, "the server to take requests", this.#healthy());
  }

  /**
   * @param mail       whether Alice gets her welcome mail from SignupWorkflow
   * @param reminders  how often SignupWithTimersWorkflow sends them
   * @returns once they listen
   */
  async startServices(
    mail: "fails for Alice" | "works",
    reminders: "often" | "as in the code" = "often",
  ): Promise<void> {
    const { ingress, services } = this.ports;
    const from = this.servicesLog.lines.length;
    this.#services = this.#start({
      name: "the services",
      args: [servicesScript],
      env: {
        PORT: String(services),
        TOUR_INGRESS: `localhost:${ingress}`,
        ...(reminders === "often" ? { TOUR_REMINDER_MS: String(reminderMs) } : {}),
        ...(mail === "works" ? { TOUR_FIXED: "1" } : {}),
      },
      log: this.servicesLog,
    });
    await this.servicesLog.find("the services to listen", (lines) =>
      lines.slice(from).find(({ text }) => text.includes("services listen on port")),
    );
  }

  /**
   * Tells the server where the services are.
   * @returns the deployment's id and the names of its services
   */
  async register(): Promise<{ id: string; services: string[] }> {
    const uri = `http://127.0.0.1:${this.ports.services}`;
    const response = await fetch(`http://127.0.0.1:${this.ports.admin}/deployments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ uri }),
      signal: AbortSignal.timeout(startMs),
    });
    const text = await response.text();
    must(response.status === 201, () => `registering ${uri}: HTTP ${response.status} ${text}`);
    const { id, services } = JSON.parse(text) as { id: string; services: { name: string }[] };
    return { id, services: services.map(({ name }) => name) };
  }

  /** Tells both to stop, services first, and removes the data. */
  async stop(): Promise<void> {
    await this.#services?.stop();
    await this.#server?.stop();
    await rm(path.dirname(this.dataDir), { recursive: true, force: true });
  }

  /** Kills both. @returns where data and logs are kept, unless they are removed too */
  async abandon(files: "keep" | "remove"): Promise<string> {
    const directory = path.dirname(this.dataDir);
    await Promise.all([this.#services?.kill(), this.#server?.kill()]);
    if (files === "remove") {
      await rm(directory, { recursive: true, force: true });
    } else {
      for (const log of ["serverLog", "servicesLog"] as const) {
        const text = this[log].lines.map((line) => `${line.text}\n`).join("");
        await writeFile(path.join(directory, log.replace("Log", ".log")), text);
      }
    }
    return directory;
  }

  #start(command: Omit<Command, "cwd">): RunningProcess {
    // In an empty directory no configuration file is found.
    const started = startProcess({ ...command, cwd: path.dirname(this.dataDir) });
    started.crashed.catch(this.#onCrash);
    return started;
  }

  async #healthy(): Promise<void> {
    const url = `http://127.0.0.1:${this.ports.ingress}/restate/health`;
    while (true) {
      const response = await fetch(url).catch(() => undefined);
      await response?.body?.cancel();
      if (response?.status === 200) return;
      await delay(lookMs);
    }
  }
}
