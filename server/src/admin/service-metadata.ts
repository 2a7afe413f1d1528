// A registered service in the words of the field's tools: snake_case members, durations as text,
// what is not set filled in with the server's defaults.

import { HandlerKind, OnMaxAttempts, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import type {
  Handler,
  InputRule,
  Options,
  OutputRule,
  RetryPolicy,
  Service,
} from "@perdure/proto/manifest/v1/manifest";
import { ProtocolMode } from "@perdure/proto/protocol/v1/deployment";
import type { Deployment } from "@perdure/proto/storage/v1/records";
import { defaultRetryPolicy } from "@perdure/protocol/retry";
import type { RetryPolicy as DefaultRetryPolicy } from "@perdure/protocol/retry";
import { defaultRetention } from "../shard/retention.js";
import type { RetentionDefaults } from "../shard/retention.js";
import type { RegisteredService } from "../shard/registry-view.js";
import { friendlyDuration } from "./friendly-duration.js";

/** What holds where neither handler nor service say otherwise. */
export interface OptionDefaults {
  readonly retention: RetentionDefaults;
  readonly inactivityTimeoutMs: number;
  readonly abortTimeoutMs: number;
  readonly retryPolicy: DefaultRetryPolicy;
}

export const optionDefaults: OptionDefaults = {
  retention: defaultRetention,
  inactivityTimeoutMs: 60_000,
  abortTimeoutMs: 600_000,
  retryPolicy: defaultRetryPolicy,
};

/** All services that a deployment offers, with their handlers. */
export function servicesMetadata(deployment: Deployment, defaults: OptionDefaults): object[] {
  return (deployment.manifest?.services ?? []).map((service) =>
    serviceMetadata(deployment, service, defaults),
  );
}

/** A service as the newest deployment that offers it has it. */
export function registeredServiceMetadata(
  { deployment, service }: RegisteredService,
  defaults: OptionDefaults,
): object {
  return serviceMetadata(deployment, service, defaults);
}

function serviceMetadata(
  deployment: Deployment,
  service: Service,
  defaults: OptionDefaults,
): object {
  const { name, kind, handlers, documentation, metadata, options } = service;
  const info: Info[] = [];
  const duration = (ms: bigint | undefined, defaultMs: number): string =>
    friendlyDuration(ms === undefined ? defaultMs : Number(ms));
  const retention = (
    what: string,
    ms: bigint | undefined,
    otherwise: number,
    max = Infinity,
  ): string => {
    const asked = ms === undefined ? otherwise : Number(ms);
    if (asked > max) {
      const message = `the ${what} of ${friendlyDuration(asked)} is cut to ${friendlyDuration(max)}, the server's maximum`;
      info.push({ message, code: "RT0022" });
    }
    return friendlyDuration(Math.min(asked, max));
  };
  if (options?.inactivityTimeoutMs !== undefined && isRequestResponse(deployment)) {
    const message =
      "the inactivity timeout has no effect: each attempt is one request, which ends as soon as it only waits";
    info.push({ message, code: "RT0021" });
  }
  const { retention: kept } = defaults;
  return {
    name,
    ty: serviceType(kind),
    handlers: handlers.map((handler) => handlerMetadata(service, handler)),
    ...(documentation === "" ? {} : { documentation }),
    metadata,
    deployment_id: deployment.id,
    revision: deployment.revisions[name] ?? 0,
    public: options?.ingressPrivate !== true,
    idempotency_retention: retention(
      "idempotency retention",
      options?.idempotencyRetentionMs,
      kept.idempotencyMs,
      kept.idempotencyMaxMs,
    ),
    ...(kind === ServiceKind.WORKFLOW
      ? {
          workflow_completion_retention: retention(
            "workflow retention",
            options?.workflowRetentionMs,
            kept.workflowMs,
            kept.workflowMaxMs,
          ),
        }
      : {}),
    journal_retention: retention(
      "journal retention",
      options?.journalRetentionMs,
      kept.journalMs,
      kept.journalMaxMs,
    ),
    inactivity_timeout: duration(options?.inactivityTimeoutMs, defaults.inactivityTimeoutMs),
    abort_timeout: duration(options?.abortTimeoutMs, defaults.abortTimeoutMs),
    enable_lazy_state: options?.enableLazyState ?? false,
    retry_policy: {
      ...defaultRetryMembers(defaults.retryPolicy),
      ...retryMembers(options?.retryPolicy),
    },
    info,
  };
}

/** What an operator should know of a service, with the code that the field's tools know. */
interface Info {
  readonly message: string;
  readonly code: string;
}

/** One handler of a service. */
export function handlerMetadata(service: Service, handler: Handler): object {
  const { name, kind, documentation, metadata, options, input, output } = handler;
  const ty = handlerType(service.kind, kind);
  return {
    name,
    ...(ty === undefined ? {} : { ty }),
    ...(documentation === "" ? {} : { documentation }),
    metadata,
    ...ownOptions(options),
    public: (options?.ingressPrivate ?? service.options?.ingressPrivate) !== true,
    input_description: inputDescription(input),
    output_description: outputDescription(output),
    ...schemaMember("input_json_schema", input?.jsonSchema),
    ...schemaMember("output_json_schema", output?.jsonSchema),
    retry_policy: retryMembers(options?.retryPolicy),
    info: [],
  };
}

/** Each attempt is one request to it. */
export function isRequestResponse({ protocolMode }: Deployment): boolean {
  return protocolMode === ProtocolMode.REQUEST_RESPONSE;
}

/** What a handler sets for itself; the rest comes from its service. */
function ownOptions(options: Options | undefined): object {
  if (options === undefined) return {};
  const durations = {
    idempotency_retention: options.idempotencyRetentionMs,
    journal_retention: options.journalRetentionMs,
    inactivity_timeout: options.inactivityTimeoutMs,
    abort_timeout: options.abortTimeoutMs,
  };
  const members: Record<string, unknown> = {};
  for (const [name, ms] of Object.entries(durations)) {
    if (ms !== undefined) members[name] = friendlyDuration(Number(ms));
  }
  if (options.enableLazyState !== undefined) members["enable_lazy_state"] = options.enableLazyState;
  return members;
}

function defaultRetryMembers(policy: DefaultRetryPolicy): object {
  return {
    initial_interval: friendlyDuration(policy.initialIntervalMs),
    exponentiation_factor: policy.exponentiationFactor,
    max_attempts: Number.isFinite(policy.maxAttempts) ? policy.maxAttempts : null,
    max_interval: friendlyDuration(policy.maxIntervalMs),
    on_max_attempts: policy.onMaxAttempts === "kill" ? "Kill" : "Pause",
  };
}

function retryMembers(policy: RetryPolicy | undefined): object {
  if (policy === undefined) return {};
  const { initialIntervalMs, exponentiationFactor, maxAttempts, maxIntervalMs } = policy;
  const members: Record<string, unknown> = {};
  if (initialIntervalMs !== undefined) {
    members["initial_interval"] = friendlyDuration(Number(initialIntervalMs));
  }
  if (exponentiationFactor !== undefined) members["exponentiation_factor"] = exponentiationFactor;
  // 0 stands for unlimited, which is null here.
  if (maxAttempts !== undefined) members["max_attempts"] = maxAttempts === 0 ? null : maxAttempts;
  if (maxIntervalMs !== undefined) {
    members["max_interval"] = friendlyDuration(Number(maxIntervalMs));
  }
  if (policy.onMaxAttempts !== OnMaxAttempts.UNSPECIFIED) {
    members["on_max_attempts"] = policy.onMaxAttempts === OnMaxAttempts.KILL ? "Kill" : "Pause";
  }
  return members;
}

function serviceType(kind: ServiceKind): string {
  switch (kind) {
    case ServiceKind.VIRTUAL_OBJECT:
      return "VirtualObject";
    case ServiceKind.WORKFLOW:
      return "Workflow";
    default:
      return "Service";
  }
}

/** Plain services have no kinds of handlers. */
function handlerType(service: ServiceKind, handler: HandlerKind): string | undefined {
  if (service !== ServiceKind.VIRTUAL_OBJECT && service !== ServiceKind.WORKFLOW) return undefined;
  switch (handler) {
    case HandlerKind.EXCLUSIVE:
      return "Exclusive";
    case HandlerKind.RUN:
      return "Workflow";
    default:
      return "Shared";
  }
}

function inputDescription(rule: InputRule | undefined): string {
  if (rule === undefined) return "any value";
  if (rule.contentType === "") return "no value";
  const what = rule.jsonSchema === "" ? "value" : "JSON value";
  const value = `${what} of content-type '${rule.contentType}'`;
  return rule.required ? value : `no value or ${value}`;
}

function outputDescription(rule: OutputRule | undefined): string {
  if (rule === undefined || rule.contentType === "") return "no content-type";
  return `value of content-type '${rule.contentType}'`;
}

/** A schema that is no JSON is left out: it says nothing to anybody. */
function schemaMember(name: string, text: string | undefined): object {
  if (text === undefined || text === "") return {};
  try {
    return { [name]: JSON.parse(text) as unknown };
  } catch {
    return {};
  }
}
