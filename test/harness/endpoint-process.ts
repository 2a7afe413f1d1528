// A process with an endpoint that is no `serve()`: one of examples/endpoints, or test/services/endpoint-main.ts. It
// keeps its port over kills and restarts.

import path from "node:path";
import type { Bed } from "./bed.js";
import type { NodeProcess } from "./node-process.js";
import { testFolder } from "./paths.js";
import { freePort } from "./ports.js";

export interface EndpointProcessOptions {
  /** Script and its arguments, seen from the repository's root. */
  readonly run: readonly [script: string, ...args: string[]];
  readonly env?: Readonly<Record<string, string>>;
}

const root = path.dirname(testFolder.replace(/\/$/, ""));

export class EndpointProcess {
  readonly port: number;
  readonly #bed: Bed;
  readonly #options: EndpointProcessOptions;
  #process: NodeProcess | undefined;

  private constructor(bed: Bed, port: number, options: EndpointProcessOptions) {
    this.#bed = bed;
    this.port = port;
    this.#options = options;
  }

  /** Started, and listening. */
  static async start(bed: Bed, options: EndpointProcessOptions): Promise<EndpointProcess> {
    const endpoint = new EndpointProcess(bed, await freePort(), options);
    await endpoint.start();
    return endpoint;
  }

  async start(): Promise<void> {
    const { run, env = {} } = this.#options;
    const [script, ...args] = run;
    this.#process = this.#bed.startProcess({
      name: run.join(" "),
      args: ["--import", "tsx", path.join(root, script), ...args],
      cwd: testFolder,
      env: { PORT: String(this.port), ...env },
    });
    await this.#process.waitForOutput(/^serving /m);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }
}
