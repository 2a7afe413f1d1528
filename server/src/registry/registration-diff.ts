// How a manifest that is registered differs from what new work runs on now: each service is compared with its active
// revision, and what the deployment whose place it takes alone offered is gone.

import { clone, create } from "@bufbuild/protobuf";
import {
  ManifestSchema,
  ServiceSchema,
  type Manifest,
  type ManifestChange,
  type Service,
} from "@perdure/proto/manifest/v1/manifest";
import { manifestDiff } from "@perdure/protocol/manifest-diff";
import type { RegistryView } from "../shard/registry-view.js";

/** @param replaced  the deployment in whose place the manifest comes */
export function registrationDiff(
  manifest: Manifest,
  view: RegistryView,
  replaced?: string,
): ManifestChange[] {
  const offered = new Map(manifest.services.map((service) => [service.name, service]));
  const isNew = [...offered.values()].filter(({ name }) => !view.services.has(name));
  const changes = manifestDiff(create(ManifestSchema), withServices(manifest, isNew));
  // One by one for each deployment: descriptors of one say nothing of another's.
  for (const deployment of view.deployments.values()) {
    const before = [...view.services.values()]
      .filter((active) => active.deployment.id === deployment.id)
      .map(({ service }) => service)
      .filter(({ name }) => offered.has(name) || deployment.id === replaced);
    if (before.length === 0 || deployment.manifest === undefined) continue;
    const after = before.flatMap(({ name }) => offered.get(name) ?? []);
    changes.push(
      ...manifestDiff(withServices(deployment.manifest, before), withServices(manifest, after)),
    );
  }
  return changes;
}

function withServices({ descriptorSet }: Manifest, services: readonly Service[]): Manifest {
  return create(ManifestSchema, {
    descriptorSet,
    services: services.map((service) => clone(ServiceSchema, service)),
  });
}
