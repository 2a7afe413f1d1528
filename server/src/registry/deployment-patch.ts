// A deployment that moves to another address, or is reached in another way, under its own id. What runs on it goes
// on there, so the code behind the new address must be able to.

import type { DiscoverResponse } from "@perdure/proto/protocol/v1/deployment";
import type { Manifest } from "@perdure/proto/manifest/v1/manifest";
import type { Deployment } from "@perdure/proto/storage/v1/records";
import { RegistrationError } from "./registrar.js";

/** @throws RegistrationError  PDR4209 */
export function checkSameProtocol(deployment: Deployment, found: DiscoverResponse): void {
  const { minProtocolVersion: min, maxProtocolVersion: max } = deployment;
  if (found.minProtocolVersion === min && found.maxProtocolVersion === max) return;
  throw differs(
    deployment,
    `it speaks protocol versions ${found.minProtocolVersion} to ${found.maxProtocolVersion}, the deployment ${min} to ${max}`,
  );
}

/** @throws RegistrationError  PDR4209 */
export function checkSameServices(deployment: Deployment, found: Manifest): void {
  const now = new Map(found.services.map((service) => [service.name, service]));
  for (const { name, kind } of deployment.manifest?.services ?? []) {
    const service = now.get(name);
    if (service === undefined) throw differs(deployment, `it does not offer ${name}`);
    if (service.kind !== kind) throw differs(deployment, `${name} is of another type there`);
    now.delete(name);
  }
  const [added] = now.keys();
  if (added !== undefined) throw differs(deployment, `it offers ${added} as well`);
}

/** Services keep their revisions: an old deployment does not become the newest by moving. New ones get the next. */
export function revisionsAfter(
  { revisions }: Deployment,
  found: Manifest,
  next: (service: string) => number,
): Record<string, number> {
  return Object.fromEntries(
    found.services.map(({ name }) => {
      const known = Object.hasOwn(revisions, name) ? revisions[name] : undefined;
      return [name, known ?? next(name)];
    }),
  );
}

function differs({ id }: Deployment, why: string): RegistrationError {
  return new RegistrationError(
    "PDR4209",
    "META0016",
    400,
    `what answers at the new address can't take the place of ${id}: ${why}. Send "overwrite": true for other services; another protocol needs a registration of its own`,
  );
}
