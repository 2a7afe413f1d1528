// What is registered, as one immutable version. Whoever resolves a target uses the view of the moment.

import type { Handler, Service } from "@perdure/proto/manifest/v1/manifest";
import type { Deployment } from "@perdure/proto/storage/v1/records";

/** A service as the newest deployment that offers it has it. */
export interface RegisteredService {
  readonly service: Service;
  readonly revision: number;
  readonly deployment: Deployment;
  readonly handlers: ReadonlyMap<string, Handler>;
}

export interface RegistryView {
  readonly deployments: ReadonlyMap<string, Deployment>;
  /** By name; the highest revision of each. */
  readonly services: ReadonlyMap<string, RegisteredService>;
}

export function createRegistryView(deployments: Iterable<Deployment>): RegistryView {
  const byId = new Map<string, Deployment>();
  const services = new Map<string, RegisteredService>();
  for (const deployment of deployments) {
    byId.set(deployment.id, deployment);
    for (const service of deployment.manifest?.services ?? []) {
      const revision = deployment.revisions[service.name] ?? 0;
      if ((services.get(service.name)?.revision ?? 0) >= revision) continue;
      const handlers = new Map(service.handlers.map((handler) => [handler.name, handler]));
      services.set(service.name, { service, revision, deployment, handlers });
    }
  }
  return { deployments: byId, services };
}
