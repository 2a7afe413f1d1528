// What goes wrong, and when it is over.

import type { Random } from "./machine/random.js";
import type { ServiceProcess } from "./machine/service-process.js";
import {
  faultKinds,
  operationKinds,
  type FaultKind,
  type OperationKind,
  type ReleaseKind,
} from "./profile.js";
import type { WorldParts } from "./world.js";

export interface FaultTargets {
  readonly services: ReadonlyMap<string, ServiceProcess>;
  readonly startService: (address: string) => void;
  readonly setClock: (ms: number) => void;
  readonly operate: (kind: OperationKind) => void;
  readonly release: (kind: ReleaseKind) => void;
}

export class Faults {
  readonly counts: Partial<Record<FaultKind, number>> = {};
  slowness = 1;
  over = false;
  readonly #parts: WorldParts;
  readonly #targets: FaultTargets;
  readonly #random: Random;
  /** Whether the file system copies what is overwritten. */
  readonly #copies: boolean;

  constructor(parts: WorldParts, targets: FaultTargets) {
    this.#parts = parts;
    this.#targets = targets;
    this.#random = parts.random.fork("faults");
    this.#copies = parts.random.fork("file system").chance(0.5);
  }

  /** One of the profile's faults, or none. */
  maybe(random: Random): boolean {
    let draw =
      random.unit() * (1 + Object.values(this.#parts.profile.faults).reduce((a, b) => a + b, 0));
    for (const kind of faultKinds) {
      draw -= this.#parts.profile.faults[kind];
      if (draw >= 0) continue;
      this.counts[kind] = (this.counts[kind] ?? 0) + 1;
      this.#parts.scheduler.note(kind);
      this.#strike(kind);
      return true;
    }
    return false;
  }

  /** The server's process is gone: another is started, which may go the same way while it recovers. */
  serverDied(): void {
    const { scheduler, outside, server } = this.#parts;
    const random = this.#random;
    scheduler.after(1 + random.about(this.#parts.profile.awayMs), outside, () => {
      if (server.process.alive) return;
      const again = !this.over && random.chance(this.#parts.profile.crashesAgain);
      server.start(again ? random.below(60) : Infinity);
    });
  }

  /** Everything is well again, from now on. */
  stop(): void {
    this.over = true;
    const { server, network, profile } = this.#parts;
    this.slowness = 1;
    network.latencyMs = Math.min(profile.latencyMs, 1);
    server.disk.capacityBytes = Infinity;
    server.disk.fullAtSync = () => false;
    server.storeFull = false;
    server.failStore(false);
    server.failSyncs(false);
    // A crash that was planned and has not come yet: it comes now.
    server.crash("the last one");
    for (const [address, service] of this.#targets.services) {
      service.wrongCode = false;
      if (!service.process.alive) this.#targets.startService(address);
    }
  }

  #strike(kind: FaultKind): void {
    const { server, network, scheduler, outside } = this.#parts;
    const random = this.#random;
    const later = (meanMs: number, act: () => void): void => {
      scheduler.after(random.about(meanMs), outside, act);
    };
    switch (kind) {
      case "serverCrash":
        return server.crash("killed");
      case "plannedCrash":
        if (server.process.alive) server.crashAfter(random.below(40));
        return;
      case "powerLoss":
        return server.crash("power lost", true);
      case "diskFull":
        server.disk.capacityBytes = 0;
        server.storeFull = random.chance(0.5);
        // A file system may find so only when it syncs what is no segment yet, or, where it copies what is overwritten, then too.
        server.disk.fullAtSync = (name) =>
          server.storeFull && name !== "" && (this.#copies || !name.startsWith("segment"));
        return later(2_000, () => {
          server.disk.capacityBytes = Infinity;
          server.disk.fullAtSync = () => false;
          server.storeFull = false;
        });
      case "syncError":
        server.failSyncs(true);
        return later(300, () => {
          server.failSyncs(false);
        });
      case "storeError":
        server.failStore(true);
        return later(1_000, () => {
          server.failStore(false);
        });
      case "serviceCrash":
        return this.#crashService();
      case "slowService":
        this.slowness = random.between(5, 50);
        return later(1_000, () => {
          this.slowness = 1;
        });
      case "wrongCode":
        return this.#deployWrongCode();
      case "connectionCut":
        return network.pick()?.cut();
      case "halfOpen":
        return network.pick()?.halfOpen(random.pick([0, 1, "both"] as const));
      case "slowNetwork":
        network.latencyMs = random.pick([20, 200]);
        return later(1_000, () => {
          network.latencyMs = this.#parts.profile.latencyMs;
        });
      case "clockSet":
        return this.#targets.setClock(random.between(-20_000, 20_000));
      default:
        return isOperation(kind) ? this.#targets.operate(kind) : this.#targets.release(kind);
    }
  }

  #crashService(): void {
    const { network, scheduler, outside } = this.#parts;
    const [address, service] = this.#random.pick([...this.#targets.services]);
    service.process.alive = false;
    network.died(service.process);
    scheduler.after(this.#random.about(300), outside, () => {
      if (this.#targets.services.get(address) === service) this.#targets.startService(address);
    });
  }

  /** As a restart with other code, and another one with the right code. */
  #deployWrongCode(): void {
    this.#crashService();
    const { scheduler, outside } = this.#parts;
    scheduler.after(600, outside, () => {
      const [, service] = this.#random.pick([...this.#targets.services]);
      if (this.over) return;
      service.wrongCode = true;
      scheduler.after(this.#random.about(2_000), outside, () => {
        service.wrongCode = false;
      });
    });
  }
}

function isOperation(kind: OperationKind | ReleaseKind): kind is OperationKind {
  return (operationKinds as readonly string[]).includes(kind);
}
