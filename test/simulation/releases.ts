// What operators do with deployments while the world is stirred: new ones come, and old ones move to another address, are
// reached in another way, are registered anew, or go, with or without work that belongs to them.
//   R1. An address belongs to one deployment, ever: so what code ran somewhere says whose code it was.
//   R2. A process ends once its address is registered no more, and not before.

import { Turns, type Registered, type Registry } from "@perdure/server/simulation-kit";
import type { Clients } from "./clients.js";
import type { Random } from "./machine/random.js";
import type { Running } from "./machine/server-process.js";
import type { ServiceProcess } from "./machine/service-process.js";
import type { ReleaseKind } from "./profile.js";
import type { WorldParts } from "./world.js";

/** More are not released until one has gone. */
const deploymentsMax = 3;

export interface Hosts {
  /** By the address that they answer at. */
  readonly services: Map<string, ServiceProcess>;
  readonly startService: (address: string) => void;
}

export class Releases {
  readonly #parts: WorldParts;
  readonly #clients: Clients;
  readonly #hosts: Hosts;
  readonly #random: Random;
  /** The ids of those that were registered and not removed. */
  readonly #known = new Set<string>();
  /** Addresses that somebody is about to register. */
  readonly #planned = new Set<string>();
  #addresses = 0;
  #changes = 0;
  /** Of what is done to deployments that are there: one thing at a time. */
  readonly #turns = new Turns(1);

  constructor(parts: WorldParts, clients: Clients, hosts: Hosts) {
    this.#parts = parts;
    this.#clients = clients;
    this.#hosts = hosts;
    this.#random = parts.random.fork("releases");
  }

  release(kind: ReleaseKind): void {
    if (kind === "newRevision") {
      if (this.#hosts.services.size < deploymentsMax) this.newRevision();
      return;
    }
    if (this.#known.size === 0) return;
    const id = this.#random.pick([...this.#known]);
    if (kind === "moveDeployment") {
      return this.#atNewAddress((uri) => this.#turns.take(() => this.#move(id, uri)));
    }
    this.#do(() => this.#turns.take(() => this.#change(kind, id)));
  }

  #change(
    kind: Exclude<ReleaseKind, "newRevision" | "moveDeployment">,
    id: string,
  ): Promise<unknown> {
    switch (kind) {
      case "changeDeployment": {
        const additionalHeaders = { change: String(++this.#changes) };
        return this.#ask(({ registry }) => patch(registry, id, { additionalHeaders }));
      }
      case "registerAgain":
        return this.#ask(async ({ registry }) => {
          const uri = registry.view.deployments.get(id)?.uri;
          if (uri !== undefined) await this.#register(registry, uri, true);
        });
      case "removeDeployment":
        return this.#remove(id);
    }
  }

  #move(id: string, uri: string): Promise<unknown> {
    return this.#ask(({ registry }) => patch(registry, id, { uri }));
  }

  /** A deployment of its own, with all services. */
  newRevision(): void {
    this.#atNewAddress(async (uri) => {
      // Its service may be away for a while.
      for (let tries = 0; tries < 1_000; tries++) {
        const registered = await this.#ask(({ registry }) => this.#register(registry, uri, false));
        if (registered !== undefined) {
          this.#known.add(registered.deployment.id);
          return;
        }
        await this.#parts.scheduler.wait(100);
      }
    });
  }

  #register(registry: Registry, uri: string, force: boolean): Promise<Registered> {
    return registry.register({
      uri,
      force,
      dryRun: false,
      additionalHeaders: {},
      metadata: {},
      useHttp11: false,
      requestResponse: this.#random.chance(this.#parts.profile.requests) ? true : undefined,
      strict: false,
    });
  }

  /** There is always one that new work can go to. */
  async #remove(id: string): Promise<void> {
    if (this.#known.size < 2 || !this.#known.has(id)) return;
    const force = this.#random.chance(0.5);
    await this.#ask(({ registry }) => registry.remove(id, force));
    const isGone = await this.#clients.insist(({ registry }) =>
      Promise.resolve(!registry.view.deployments.has(id)),
    );
    if (isGone === true) this.#known.delete(id);
  }

  #atNewAddress(act: (uri: string) => Promise<unknown>): void {
    const uri = `http://host${String(++this.#addresses)}.test/`;
    this.#planned.add(uri);
    this.#hosts.startService(uri);
    this.#do(async () => {
      await act(uri);
      this.#planned.delete(uri);
    });
  }

  #do(act: () => Promise<unknown>): void {
    this.#clients.do(async () => {
      await act();
      await this.#endUnused();
    });
  }

  async #endUnused(): Promise<void> {
    const { services } = this.#hosts;
    const known = [...services.keys()].filter((address) => !this.#planned.has(address));
    const used = await this.#clients.insist(({ registry }) =>
      Promise.resolve(new Set([...registry.view.deployments.values()].map(({ uri }) => uri))),
    );
    if (used === undefined) return;
    for (const address of known) {
      const process = services.get(address)?.process;
      if (process === undefined || used.has(address)) continue;
      services.delete(address);
      process.alive = false;
      this.#parts.network.died(process);
    }
  }

  /** Undefined where the server says no: the service is away, or the deployment has gone, or is needed. */
  async #ask<T>(act: (running: Running) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#clients.insist(act);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return undefined;
    }
  }
}

function patch(
  registry: Registry,
  id: string,
  change: { readonly uri?: string; readonly additionalHeaders?: Readonly<Record<string, string>> },
): Promise<unknown> {
  return registry.patch(id, { ...change, overwrite: false, dryRun: false });
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && ["RegistrationError", "Away"].includes(error.name);
}
