// Deployments with a network of their own: each is one service (services/lane.ts) behind a proxy that a test can break.

import path from "node:path";
import { readEffects } from "../crash/effects.js";
import type { Effect } from "../crash/trip-types.js";
import type { Bed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { Answer } from "../harness/http.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { TcpProxy } from "../harness/tcp-proxy.js";

export interface Lane {
  readonly name: string;
  readonly proxy: TcpProxy;
  readonly services: ServicesProcess;
}

export class Lanes {
  readonly server: ServerProcess;
  readonly gates: Gates;
  readonly #bed: Bed;
  readonly #effectsFile: string;

  private constructor(bed: Bed, server: ServerProcess, gates: Gates, effectsFile: string) {
    this.#bed = bed;
    this.server = server;
    this.gates = gates;
    this.#effectsFile = effectsFile;
  }

  static async start(bed: Bed): Promise<Lanes> {
    const [server, gates] = await Promise.all([bed.startServer(), bed.openGates()]);
    return new Lanes(bed, server, gates, path.join(bed.directory(), "effects"));
  }

  /** A deployment that the server reaches through a proxy. */
  async add(name: string): Promise<Lane> {
    const services = await this.#bed.startServices({
      modules: ["lane"],
      env: {
        PERDURE_TEST_LANE: name,
        PERDURE_TEST_EFFECTS: this.#effectsFile,
        PERDURE_TEST_GATES: this.gates.url,
      },
    });
    const proxy = await TcpProxy.open(services.url);
    this.#bed.atEnd(() => proxy.close());
    await this.server.register(proxy.url);
    return { name, proxy, services };
  }

  call({ name }: Lane, handler: "held" | "steps", id: string): Promise<Answer> {
    const headers = { "idempotency-key": id };
    return this.server.ingress.post(`/restate/call/Lane${name}/${handler}`, id, { headers });
  }

  effectsOf(id: string): Effect[] {
    return readEffects(this.#effectsFile).filter(({ who }) => who === id);
  }

  /** Resolves when the server has said that it lost the session. */
  async lost({ proxy }: Lane, timeoutMs: number): Promise<void> {
    const line = new RegExp(`lost the session with deployment ${proxy.url}`);
    await this.server.process.waitForOutput(line, timeoutMs);
  }
}
