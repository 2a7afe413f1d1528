// A Perdure server as users start it: the command's bin, in a process of its own. It keeps its ports
// and its data directory over kills and restarts.

import { readFileSync } from "node:fs";
import path from "node:path";
import { Http, type Answer } from "./http.js";
import { NodeProcess, type Exit } from "./node-process.js";
import { perdureBin } from "./paths.js";
import { freePort } from "./ports.js";
import { until } from "./until.js";

/** PERDURE_TEST_REQUESTS=1: attempts travel request by request, and are suspended wherever they wait. */
const transport = process.env["PERDURE_TEST_REQUESTS"] === "1" ? { request_response: true } : {};

/** PERDURE_TEST_WORKERS=2: servers share their partitions out among so many processes. */
const workers = process.env["PERDURE_TEST_WORKERS"];

/** How many processes a server has, unless its flags say so. */
export const workersOfServers = Number(workers ?? "1");

/** Long: on a machine that does much else, a process may take long to begin. */
const startTimeoutMs = 120_000;

export interface ServerProcessOptions {
  readonly dataDir: string;
  /** Where the process runs, so that no configuration file is found by chance. */
  readonly cwd: string;
  /** Further flags, without the two dashes. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly wrapper?: readonly string[];
}

export class ServerProcess {
  readonly dataDir: string;
  readonly ingress: Http;
  readonly admin: Http;
  readonly #options: ServerProcessOptions;
  readonly #ports: { readonly ingress: number; readonly admin: number };
  readonly #processes: NodeProcess[] = [];

  private constructor(
    options: ServerProcessOptions,
    ports: { readonly ingress: number; readonly admin: number },
  ) {
    this.#options = options;
    this.#ports = ports;
    this.dataDir = options.dataDir;
    this.ingress = new Http(`http://127.0.0.1:${ports.ingress}`);
    this.admin = new Http(`http://127.0.0.1:${ports.admin}`);
  }

  /** A server that is not started. */
  static async create(options: ServerProcessOptions): Promise<ServerProcess> {
    return new ServerProcess(options, { ingress: await freePort(), admin: await freePort() });
  }

  /**
   * Starts the process. Does not wait until it answers.
   * @param changed  flags that this start has in place of the server's
   */
  spawn(changed: Readonly<Record<string, string>> = {}): NodeProcess {
    const { cwd, env, wrapper } = this.#options;
    const flags = { ...this.#options.flags, ...changed };
    const all = {
      "data-dir": this.dataDir,
      ingress: `127.0.0.1:${this.#ports.ingress}`,
      admin: `127.0.0.1:${this.#ports.admin}`,
      ...(workers === undefined || "partitions" in flags ? {} : { workers }),
      ...flags,
    };
    const process = NodeProcess.start({
      name: `server ${path.basename(this.dataDir)} #${this.#processes.length + 1}`,
      args: [
        perdureBin,
        "server",
        ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
      ],
      cwd,
      ...(env === undefined ? {} : { env }),
      ...(wrapper === undefined ? {} : { wrapper }),
    });
    this.#processes.push(process);
    return process;
  }

  /** Starts it, again after a kill, and waits until it takes requests. */
  async start(changed: Readonly<Record<string, string>> = {}): Promise<void> {
    const process = this.spawn(changed);
    const isUp = async (): Promise<boolean> => {
      if (process.exit !== undefined) return true;
      const { status } = await this.ingress.get("/health");
      return status === 200;
    };
    await until(`${process.name} answers`, isUp, startTimeoutMs).catch((cause: unknown) => {
      throw new Error(`${process.name} does not answer; it said:\n${process.output}`, { cause });
    });
    if (process.exit !== undefined) {
      throw new Error(`${process.name} ended (${String(process.exit.code)}):\n${process.output}`);
    }
  }

  get process(): NodeProcess {
    const process = this.#processes.at(-1);
    if (process === undefined) throw new Error("the server was never started");
    return process;
  }

  /** The processes of its further workers, as Linux knows them. */
  get workerPids(): readonly number[] {
    const pid = String(this.process.pid);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return children.split(" ").filter(Boolean).map(Number);
  }

  /** All processes that this server was, oldest first. */
  get processes(): readonly NodeProcess[] {
    return this.#processes;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.process.kill();
  }

  async terminate(): Promise<Exit> {
    return this.process.terminate();
  }

  /** Registers an endpoint; anything but success is an error. */
  async register(uri: string): Promise<any> {
    const answer = await this.tryRegister({ uri, ...transport });
    if (answer.status >= 300) throw new Error(`registering ${uri}: ${answer.text}`);
    return answer.json;
  }

  tryRegister(body: object): Promise<Answer> {
    return this.admin.post("/deployments", body);
  }
}
