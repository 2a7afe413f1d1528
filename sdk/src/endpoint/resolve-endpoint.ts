// From an endpoint's options to what runs its attempts.

import type { Manifest } from "@perdure/proto/manifest/v1/manifest";
import type { Definable } from "@perdure/protocol/definitions";
import type { CalleeSerdes } from "../definitions/declared-serdes.js";
import { modelOf } from "../definitions/define.js";
import { DefinitionError, type ServiceModel } from "../definitions/model.js";
import type { AnyServiceOptions, DefaultServiceOptions } from "../definitions/options.js";
import { createLogger, type Logger } from "../logger.js";
import { CodecSource } from "../serde/codec-source.js";
import type { EndpointOptions } from "./endpoint-options.js";
import { readManifests, withGenerated } from "./generated-manifest.js";
import { createManifest } from "./manifest.js";
import { calleeSerdesOf, withTypedValues } from "./typed-values.js";

export interface ResolvedEndpoint {
  /** By name, with the endpoint's default options merged in, and the serdes of values that codegen knows types of. */
  readonly services: ReadonlyMap<string, ServiceModel>;
  /** What Discover tells. */
  readonly manifest: Manifest;
  /** For calls to services that the manifest has, where nothing else says how. */
  readonly callees: CalleeSerdes | undefined;
  readonly logger: Logger;
  readonly codec: CodecSource | undefined;
  readonly now: () => number;
}

/**
 * @throws DefinitionError  a value is no service, or two have one name
 * @throws ManifestError  the manifest is none, or not that of the code
 */
export function resolveEndpoint(
  options: Omit<EndpointOptions, "identityKeys" | "bidirectional">,
): ResolvedEndpoint {
  const { defaultServiceOptions, logger, journalValueCodecProvider: provider, now } = options;
  const written = modelsOf(options.services, defaultServiceOptions ?? {});
  const generated = readManifests(options.manifest);
  const manifest = withGenerated(createManifest(written.values()), generated);
  const services = generated.length === 0 ? written : withTypedValues(written, manifest);
  return {
    services,
    manifest,
    callees: calleeSerdesOf(services, generated),
    logger: createLogger(logger),
    codec: provider === undefined ? undefined : new CodecSource(provider),
    now: now ?? Date.now,
  };
}

function modelsOf(
  services: readonly Definable[],
  defaults: DefaultServiceOptions,
): ReadonlyMap<string, ServiceModel> {
  const models = new Map<string, ServiceModel>();
  for (const definable of services) {
    const model = modelOf(definable);
    if (models.has(model.name)) {
      throw new DefinitionError(`two services are named "${model.name}": rename one`);
    }
    models.set(model.name, withDefaults(model, defaults));
  }
  return models;
}

/** The service's own options win; hooks of both are called, the endpoint's first. */
function withDefaults(model: ServiceModel, defaults: DefaultServiceOptions): ServiceModel {
  const { enableLazyState, workflowRetention, ...common } = defaults;
  const possible: AnyServiceOptions = {
    ...common,
    ...(model.kind === "service" || enableLazyState === undefined ? {} : { enableLazyState }),
    ...(model.kind !== "workflow" || workflowRetention === undefined ? {} : { workflowRetention }),
  };
  const own = Object.entries(model.options).filter(([, value]) => value !== undefined);
  const hooks = [...(defaults.hooks ?? []), ...(model.options.hooks ?? [])];
  return { ...model, options: { ...possible, ...Object.fromEntries(own), hooks } };
}
