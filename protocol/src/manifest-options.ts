// Kinds and options as a manifest says them. The SDK writes them from what runs and codegen from what it read; the two
// are compared, so they are written in one place.

import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  HandlerKind,
  OnMaxAttempts,
  ServiceKind,
  type OptionsSchema,
} from "@perdure/proto/manifest/v1/manifest";
import type { HandlerKindName, ServiceKindName } from "./definitions.js";

export const serviceKinds: Readonly<Record<ServiceKindName, ServiceKind>> = {
  service: ServiceKind.SERVICE,
  object: ServiceKind.VIRTUAL_OBJECT,
  workflow: ServiceKind.WORKFLOW,
};

export const handlerKinds: Readonly<Record<HandlerKindName, HandlerKind>> = {
  run: HandlerKind.RUN,
  shared: HandlerKind.SHARED,
  exclusive: HandlerKind.EXCLUSIVE,
};

/** Options of a service or a handler. Durations in whole milliseconds; less than 0 is 0. Absent: not said. */
export interface ManifestOptions {
  readonly idempotencyRetentionMs?: number | undefined;
  readonly workflowRetentionMs?: number | undefined;
  readonly journalRetentionMs?: number | undefined;
  readonly inactivityTimeoutMs?: number | undefined;
  readonly abortTimeoutMs?: number | undefined;
  readonly ingressPrivate?: boolean | undefined;
  readonly enableLazyState?: boolean | undefined;
  readonly retryPolicy?: ManifestRetryPolicy | undefined;
}

export interface ManifestRetryPolicy {
  readonly initialIntervalMs?: number | undefined;
  readonly exponentiationFactor?: number | undefined;
  readonly maxIntervalMs?: number | undefined;
  /** Infinity for no limit. */
  readonly maxAttempts?: number | undefined;
  readonly onMaxAttempts?: "pause" | "kill" | undefined;
}

type OptionsInit = MessageInitShape<typeof OptionsSchema>;

export function manifestOptions(options: ManifestOptions): OptionsInit {
  const { ingressPrivate, enableLazyState, retryPolicy } = options;
  return {
    ...millis("idempotencyRetentionMs", options.idempotencyRetentionMs),
    ...millis("workflowRetentionMs", options.workflowRetentionMs),
    ...millis("journalRetentionMs", options.journalRetentionMs),
    ...millis("inactivityTimeoutMs", options.inactivityTimeoutMs),
    ...millis("abortTimeoutMs", options.abortTimeoutMs),
    ...(ingressPrivate === undefined ? {} : { ingressPrivate }),
    ...(enableLazyState === undefined ? {} : { enableLazyState }),
    ...(retryPolicy === undefined ? {} : { retryPolicy: retryPolicyOf(retryPolicy) }),
  };
}

function retryPolicyOf(policy: ManifestRetryPolicy): NonNullable<OptionsInit["retryPolicy"]> {
  const { exponentiationFactor, maxAttempts, onMaxAttempts } = policy;
  return {
    ...millis("initialIntervalMs", policy.initialIntervalMs),
    ...millis("maxIntervalMs", policy.maxIntervalMs),
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
  value: number | undefined,
): { [key in Name]?: bigint } {
  if (value === undefined) return {};
  return { [name]: BigInt(Math.max(0, Math.trunc(value))) } as { [key in Name]?: bigint };
}
