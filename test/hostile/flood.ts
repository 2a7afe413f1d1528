// A flood of idle connections from several processes and several addresses of this machine: one process may not open as
// many files, and one address has not as many ports, as a crowd of clients has.

import { fileURLToPath } from "node:url";
import { NodeProcess } from "../harness/node-process.js";
import { testFolder } from "../harness/paths.js";
import { until } from "../harness/until.js";
import { noFlood, settledOf, sumOf, type FloodCounts } from "./flood-counts.js";

const program = fileURLToPath(new URL("flood-client.ts", import.meta.url));

export class Flood {
  readonly #processes: readonly NodeProcess[];
  readonly #connections: number;

  private constructor(processes: readonly NodeProcess[], connections: number) {
    this.#processes = processes;
    this.#connections = connections;
  }

  /** Begins to open so many connections, an equal share from each process. */
  static begin(port: number, connections: number, processes: number): Flood {
    const share = Math.ceil(connections / processes);
    const started = Array.from({ length: processes }, (_, at) =>
      NodeProcess.start({
        name: `flood ${at}`,
        args: ["--conditions=source", "--import", "tsx", program]
          .concat([String(port), `127.0.0.${at + 2}`])
          .concat(String(Math.min(share, connections - at * share))),
        cwd: testFolder,
      }),
    );
    return new Flood(started, connections);
  }

  /** What the processes said last. */
  counts(): FloodCounts {
    return sumOf(
      this.#processes.map(({ output, exit, name }) => {
        if (exit !== undefined) throw new Error(`${name} ended by itself:\n${output}`);
        const line = output.trimEnd().split("\n").at(-1) ?? "";
        return line === "" ? noFlood : (JSON.parse(line) as FloodCounts);
      }),
    );
  }

  /** Resolves when each connection was answered or closed. */
  async settled(timeoutMs: number): Promise<FloodCounts> {
    const all = `${this.#connections} connections are answered or closed`;
    await until(all, () => settledOf(this.counts()) >= this.#connections, timeoutMs);
    return this.counts();
  }

  /** Takes all connections away at once. */
  async end(): Promise<void> {
    await Promise.all(this.#processes.map((one) => one.kill()));
  }
}
