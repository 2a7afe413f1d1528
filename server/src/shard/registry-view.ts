// What is registered, as one immutable version. Whoever resolves a target uses the view of the moment.

import type { Handler, Service } from "@perdure/proto/manifest/v1/manifest";
import type { Deployment, LimitRule } from "@perdure/proto/storage/v1/records";

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
  /** What each deployment offers, by its id and the name of the service. */
  readonly offers: ReadonlyMap<string, ReadonlyMap<string, RegisteredService>>;
  /** By pattern. */
  readonly rules: ReadonlyMap<string, LimitRule>;
}

export function createRegistryView(
  deployments: Iterable<Deployment>,
  rules: Iterable<LimitRule> = [],
): RegistryView {
  const byId = new Map<string, Deployment>();
  const services = new Map<string, RegisteredService>();
  const offers = new Map<string, ReadonlyMap<string, RegisteredService>>();
  for (const deployment of deployments) {
    byId.set(deployment.id, deployment);
    const offered = offersOf(deployment);
    offers.set(deployment.id, offered);
    for (const [name, service] of offered) {
      if ((services.get(name)?.revision ?? 0) < service.revision) services.set(name, service);
    }
  }
  const byPattern = new Map(Array.from(rules, (rule) => [rule.pattern, rule]));
  return { deployments: byId, services, offers, rules: byPattern };
}

function offersOf(deployment: Deployment): ReadonlyMap<string, RegisteredService> {
  const { manifest, revisions } = deployment;
  return new Map(
    (manifest?.services ?? []).map((service) => {
      const handlers = new Map(service.handlers.map((handler) => [handler.name, handler]));
      const revision = revisions[service.name] ?? 0;
      return [service.name, { service, revision, deployment, handlers }];
    }),
  );
}
