// Records golden data directories of the current version, from real processes:
//   npm run golden:data -- --version 0.2.0
//
// Three of them, each with the same work in every state that there is:
//   mixed       part of it in the tables, part only in the log; killed
//   log-only    everything in the log, since no checkpoint was made; killed
//   store-only  everything in the tables, since the server was stopped as it should be
// What is there is never replaced: it is what servers of that version left.

import { cpSync, rmSync } from "node:fs";
import { Bed } from "../harness/bed.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { bytesOf, isRecorded, pack } from "./archives.js";
import { fill, type Filled } from "./scenario.js";

const [, version = ""] = /^--version=(.+)$/.exec(process.argv.slice(2).join("=")) ?? [];
const never = { "checkpoint-bytes": "1GiB" };
const always = { "checkpoint-bytes": "1KiB" };

const ways: Readonly<Record<string, (recording: Recording) => Promise<void>>> = {
  mixed: async (recording) => {
    await recording.fill(always, "old");
    await recording.server.kill();
    await recording.fill(never, "new");
    await recording.server.kill();
  },
  "log-only": async (recording) => {
    await recording.fill(never, "one");
    await recording.server.kill();
  },
  "store-only": async (recording) => {
    await recording.fill(never, "one");
    await recording.server.terminate();
  },
};

class Recording {
  readonly #bed: Bed;
  readonly #dataDir: string;
  readonly #services: Readonly<Record<string, ServicesProcess>>;
  readonly filled: Filled[] = [];
  #deployments: Record<string, string> = {};
  #server: ServerProcess | undefined;

  private constructor(bed: Bed, services: Readonly<Record<string, ServicesProcess>>) {
    this.#bed = bed;
    this.#dataDir = `${bed.directory()}/data`;
    this.#services = services;
  }

  static async start(bed: Bed): Promise<Recording> {
    const env = { PERDURE_TEST_GOLDEN: "record" };
    const start = (name: string): Promise<ServicesProcess> =>
      bed.startServices({ modules: [`../golden-data/${name}`], env });
    const services = await start("services");
    return new Recording(bed, {
      services,
      "second-revision": await start("second-revision"),
    });
  }

  get server(): ServerProcess {
    if (this.#server === undefined) throw new Error("not started");
    return this.#server;
  }

  /** Starts a server on what is there, and brings work into it. */
  async fill(flags: Readonly<Record<string, string>>, mark: string): Promise<void> {
    const { services, "second-revision": second } = this.#services;
    // Few partitions: the file of the tables is smaller.
    const options = { dataDir: this.#dataDir, flags: { partitions: "8", ...flags } };
    this.#server = await this.#bed.startServer(options);
    const isFirst = this.filled.length === 0;
    if (isFirst) await this.#server.register(services?.url ?? "");
    this.filled.push(await fill(this.#server, mark, isFirst ? second : undefined));
    const { json } = await this.#server.admin.get("/deployments");
    for (const { id, uri } of json.deployments as { id: string; uri: string }[]) {
      const [module = ""] =
        Object.entries(this.#services).find(([, { url }]) => uri === `${url}/`) ?? [];
      this.#deployments[module] = id;
    }
  }

  pack(name: string): void {
    const kept = `${this.#bed.directory()}/kept`;
    cpSync(this.#dataDir, kept, { recursive: true });
    rmSync(`${kept}/lock`, { force: true });
    pack(name, kept, {
      version,
      deployments: this.#deployments,
      invocations: this.filled.flatMap(({ invocations }) => invocations),
      answers: this.filled.flatMap(({ answers }) => answers),
    });
  }
}

if (version === "") {
  process.stderr.write("Which version? npm run golden:data -- --version 0.2.0\n");
  process.exitCode = 1;
} else {
  for (const [way, make] of Object.entries(ways)) {
    const name = `${version}/${way}`;
    if (isRecorded(name)) {
      process.stderr.write(`${name}: recorded before. Golden data is never replaced\n`);
      process.exitCode = 1;
      continue;
    }
    const bed = new Bed();
    try {
      const recording = await Recording.start(bed);
      await make(recording);
      recording.pack(name);
      process.stdout.write(`${name}: ${String(bytesOf(name))} bytes\n`);
    } finally {
      await bed.end();
    }
  }
}
