// From an endpoint's options to what runs its attempts.

import type { Definable } from "@perdure/protocol/definitions";
import { modelOf } from "../definitions/define.js";
import { DefinitionError, type ServiceModel } from "../definitions/model.js";
import type { AnyServiceOptions, DefaultServiceOptions } from "../definitions/options.js";
import { createLogger, type Logger } from "../logger.js";
import { CodecSource } from "../serde/codec-source.js";
import type { EndpointOptions } from "./endpoint-options.js";

export interface ResolvedEndpoint {
  /** By name, with the endpoint's default options merged in. */
  readonly services: ReadonlyMap<string, ServiceModel>;
  readonly logger: Logger;
  readonly codec: CodecSource | undefined;
  readonly now: () => number;
}

/** @throws DefinitionError  a value is no service, or two have one name */
export function resolveEndpoint(
  options: Omit<EndpointOptions, "identityKeys" | "bidirectional">,
): ResolvedEndpoint {
  const { defaultServiceOptions, logger, journalValueCodecProvider: provider, now } = options;
  return {
    services: modelsOf(options.services, defaultServiceOptions ?? {}),
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
