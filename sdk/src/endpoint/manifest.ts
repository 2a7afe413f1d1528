// What this endpoint offers, as Discover tells it.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  HandlerKind,
  ManifestSchema,
  OnMaxAttempts,
  OptionsSchema,
  ServiceKind,
  type Handler,
  type Manifest,
  type Service,
} from "@perdure/proto/manifest/v1/manifest";
import { millisOf, type Duration } from "@perdure/protocol/duration";
import type { ServiceKindName } from "@perdure/protocol/definitions";
import { handlerSerde } from "../attempt/results.js";
import {
  DefinitionError,
  type HandlerKindName,
  type HandlerModel,
  type ServiceModel,
} from "../definitions/model.js";
import type { AnyHandlerOptions, AnyServiceOptions, RetryPolicy } from "../definitions/options.js";

const serviceKinds: Record<ServiceKindName, ServiceKind> = {
  service: ServiceKind.SERVICE,
  object: ServiceKind.VIRTUAL_OBJECT,
  workflow: ServiceKind.WORKFLOW,
};

const handlerKinds: Record<HandlerKindName, HandlerKind> = {
  run: HandlerKind.RUN,
  shared: HandlerKind.SHARED,
  exclusive: HandlerKind.EXCLUSIVE,
};

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
): MessageInitShape<typeof OptionsSchema> {
  const workflowRetention = "workflowRetention" in options ? options.workflowRetention : undefined;
  const { ingressPrivate, enableLazyState, retryPolicy } = options;
  return {
    ...millis("idempotencyRetentionMs", options.idempotencyRetention),
    ...millis("workflowRetentionMs", workflowRetention),
    ...millis("journalRetentionMs", options.journalRetention),
    ...millis("inactivityTimeoutMs", options.inactivityTimeout),
    ...millis("abortTimeoutMs", options.abortTimeout),
    ...(ingressPrivate === undefined ? {} : { ingressPrivate }),
    ...(enableLazyState === undefined ? {} : { enableLazyState }),
    ...(retryPolicy === undefined ? {} : { retryPolicy: retryPolicyOf(retryPolicy) }),
  };
}

function retryPolicyOf(
  policy: RetryPolicy,
): NonNullable<MessageInitShape<typeof OptionsSchema>["retryPolicy"]> {
  const { exponentiationFactor, maxAttempts, onMaxAttempts } = policy;
  return {
    ...millis("initialIntervalMs", policy.initialInterval),
    ...millis("maxIntervalMs", policy.maxInterval),
    ...(exponentiationFactor === undefined ? {} : { exponentiationFactor }),
    ...(maxAttempts === undefined ? {} : { maxAttempts: attemptsOf(maxAttempts) }),
    onMaxAttempts:
      onMaxAttempts === undefined
        ? OnMaxAttempts.UNSPECIFIED
        : onMaxAttempts === "kill"
          ? OnMaxAttempts.KILL
          : OnMaxAttempts.PAUSE,
  };
}

/** On the wire 0 means no limit; zero attempts are one. */
function attemptsOf(maxAttempts: number): number {
  return maxAttempts === Infinity ? 0 : Math.max(1, Math.trunc(maxAttempts));
}

function millis<Name extends string>(
  name: Name,
  duration: Duration | undefined,
): { [key in Name]?: bigint } {
  if (duration === undefined) return {};
  const value = millisOf(duration);
  if (!Number.isSafeInteger(value)) {
    throw new DefinitionError(`the option ${name.replace(/Ms$/, "")} is no duration`);
  }
  return { [name]: BigInt(Math.max(0, value)) } as { [key in Name]?: bigint };
}

function schemaText(schema: object | undefined): string {
  return schema === undefined ? "" : JSON.stringify(schema);
}
