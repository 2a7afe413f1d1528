// A process that serves some of the services of test/services. It keeps its port over kills and
// restarts; a restart may bring other code, under the same names.

import { NodeProcess, type Exit } from "./node-process.js";
import { servicesMain, testFolder } from "./paths.js";
import { freePort } from "./ports.js";

/** Long: on a machine that does much else, a process may take long to begin. */
const startTimeoutMs = 120_000;

export interface ServicesProcessOptions {
  /** Names of files in test/services, without their ending: all services that they export. */
  readonly modules: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class ServicesProcess {
  readonly url: string;
  readonly #port: number;
  readonly #processes: NodeProcess[] = [];

  private constructor(port: number) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async create(): Promise<ServicesProcess> {
    return new ServicesProcess(await freePort());
  }

  /** Starts it and waits until it listens. */
  async start({ modules, env = {} }: ServicesProcessOptions): Promise<void> {
    const process = NodeProcess.start({
      name: `services ${modules.join(" ")} #${this.#processes.length + 1}`,
      // The SDK is what `npm run build` made, as users get it; tsx is here for the decorators of the services.
      args: ["--import", "tsx", servicesMain, ...modules],
      cwd: testFolder,
      env: { PORT: String(this.#port), ...env },
    });
    this.#processes.push(process);
    await process.waitForOutput(/^serving /m, startTimeoutMs);
  }

  get process(): NodeProcess {
    const process = this.#processes.at(-1);
    if (process === undefined) throw new Error("the services were never started");
    return process;
  }

  get processes(): readonly NodeProcess[] {
    return this.#processes;
  }

  /** What all its processes said. */
  get output(): string {
    return this.#processes.map(({ output }) => output).join("");
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.process.kill();
  }

  async terminate(): Promise<Exit> {
    return this.process.terminate();
  }
}
