// What this endpoint offers, as Discover tells it.

import { create } from "@bufbuild/protobuf";
import {
  ManifestSchema,
  OptionsSchema,
  type Handler,
  type Manifest,
  type Service,
} from "@perdure/proto/manifest/v1/manifest";
import { millisOf, type Duration } from "@perdure/protocol/duration";
import { handlerKinds, manifestOptions, serviceKinds } from "@perdure/protocol/manifest-options";
import { handlerSerde } from "../attempt/results.js";
import { DefinitionError, type HandlerModel, type ServiceModel } from "../definitions/model.js";
import type { AnyHandlerOptions, AnyServiceOptions } from "../definitions/options.js";

export function createManifest(services: Iterable<ServiceModel>): Manifest {
  return create(ManifestSchema, { services: [...services].map(serviceOf) });
}

function serviceOf(model: ServiceModel): Service {
  const { name, kind, options } = model;
  return {
    $typeName: "perdure.manifest.v1.Service",
    name,
    kind: serviceKinds[kind],
    documentation: options.description ?? "",
    metadata: { ...options.metadata },
    options: create(OptionsSchema, optionsOf(options)),
    handlers: [...model.handlers.values()].map((handler) => handlerOf(model, handler)),
    protoService: "",
  };
}

function handlerOf(service: ServiceModel, handler: HandlerModel): Handler {
  const { name, kind, options } = handler;
  const input = handlerSerde(service, handler, "input");
  const output = handlerSerde(service, handler, "output");
  return {
    $typeName: "perdure.manifest.v1.Handler",
    name,
    kind: handlerKinds[kind],
    documentation: options.description ?? "",
    metadata: { ...options.metadata },
    options: create(OptionsSchema, optionsOf(options)),
    input: {
      $typeName: "perdure.manifest.v1.InputRule",
      required: false,
      contentType: options.accept ?? input.contentType ?? "*/*",
      jsonSchema: schemaText(input.jsonSchema),
      typesJsonSchema: "",
    },
    output: {
      $typeName: "perdure.manifest.v1.OutputRule",
      contentType: output.contentType ?? "",
      setContentTypeIfEmpty: options.setOutputContentTypeIfEmpty ?? false,
      jsonSchema: schemaText(output.jsonSchema),
      typesJsonSchema: "",
    },
    protoMethod: "",
  };
}

function optionsOf(
  options: AnyServiceOptions | AnyHandlerOptions,
): ReturnType<typeof manifestOptions> {
  const workflowRetention = "workflowRetention" in options ? options.workflowRetention : undefined;
  const { ingressPrivate, enableLazyState, retryPolicy } = options;
  return manifestOptions({
    idempotencyRetentionMs: millis("idempotencyRetention", options.idempotencyRetention),
    workflowRetentionMs: millis("workflowRetention", workflowRetention),
    journalRetentionMs: millis("journalRetention", options.journalRetention),
    inactivityTimeoutMs: millis("inactivityTimeout", options.inactivityTimeout),
    abortTimeoutMs: millis("abortTimeout", options.abortTimeout),
    ingressPrivate,
    enableLazyState,
    retryPolicy: retryPolicy && {
      ...retryPolicy,
      initialIntervalMs: millis("initialInterval", retryPolicy.initialInterval),
      maxIntervalMs: millis("maxInterval", retryPolicy.maxInterval),
    },
  });
}

/** @throws DefinitionError */
function millis(name: string, duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const value = millisOf(duration);
  if (Number.isSafeInteger(value)) return value;
  throw new DefinitionError(`the option ${name} is no duration`);
}

function schemaText(schema: object | undefined): string {
  return schema === undefined ? "" : JSON.stringify(schema);
}
