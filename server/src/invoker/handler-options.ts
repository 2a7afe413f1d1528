// Options of a handler as they hold: the handler's, else the service's, else the server's.

import { OnMaxAttempts, type Options } from "@perdure/proto/manifest/v1/manifest";
import { defaultRetryPolicy, type RetryPolicy } from "@perdure/protocol/retry";
import type { RegisteredService } from "../shard/registry-view.js";

export interface InvokerDefaults {
  readonly inactivityTimeoutMs: number;
  readonly abortTimeoutMs: number;
  readonly retryPolicy: RetryPolicy;
}

export const invokerDefaults: InvokerDefaults = {
  inactivityTimeoutMs: 60_000,
  abortTimeoutMs: 600_000,
  retryPolicy: defaultRetryPolicy,
};

export interface HandlerOptions extends InvokerDefaults {
  readonly lazyState: boolean;
}

export function handlerOptions(
  service: RegisteredService | undefined,
  handler: string,
  defaults: InvokerDefaults,
  maxAttempts: number = Infinity,
): HandlerOptions {
  const own = service?.handlers.get(handler)?.options;
  const shared = service?.service.options;
  const inactivity = own?.inactivityTimeoutMs ?? shared?.inactivityTimeoutMs;
  const abort = own?.abortTimeoutMs ?? shared?.abortTimeoutMs;
  const policy = retryPolicy(own, shared, defaults.retryPolicy);
  return {
    inactivityTimeoutMs:
      inactivity === undefined ? defaults.inactivityTimeoutMs : Number(inactivity),
    abortTimeoutMs: abort === undefined ? defaults.abortTimeoutMs : Number(abort),
    lazyState: own?.enableLazyState ?? shared?.enableLazyState ?? false,
    retryPolicy: { ...policy, maxAttempts: Math.min(maxAttempts, policy.maxAttempts) },
  };
}

/** What was registered never changes: options are worked out once for each handler of it. */
export class HandlerOptionsCache {
  readonly #defaults: InvokerDefaults;
  readonly #maxAttempts: number;
  readonly #known = new WeakMap<RegisteredService, Map<string, HandlerOptions>>();

  /** @param maxAttempts  the most that services may ask for */
  constructor(defaults: InvokerDefaults, maxAttempts: number) {
    this.#defaults = defaults;
    this.#maxAttempts = maxAttempts;
  }

  of(service: RegisteredService | undefined, handler: string): HandlerOptions {
    if (service === undefined) return this.#workOut(service, handler);
    let known = this.#known.get(service);
    if (known === undefined) this.#known.set(service, (known = new Map()));
    let options = known.get(handler);
    if (options === undefined) known.set(handler, (options = this.#workOut(service, handler)));
    return options;
  }

  #workOut(service: RegisteredService | undefined, handler: string): HandlerOptions {
    return handlerOptions(service, handler, this.#defaults, this.#maxAttempts);
  }
}

function retryPolicy(
  own: Options | undefined,
  shared: Options | undefined,
  defaults: RetryPolicy,
): RetryPolicy {
  const policies = [own?.retryPolicy, shared?.retryPolicy].filter((policy) => policy !== undefined);
  if (policies.length === 0) return defaults;
  const first = <T>(pick: (policy: (typeof policies)[number]) => T | undefined): T | undefined =>
    policies.map(pick).find((value) => value !== undefined);
  const maxAttempts = first((policy) => policy.maxAttempts);
  const onMax = first((policy) =>
    policy.onMaxAttempts === OnMaxAttempts.UNSPECIFIED ? undefined : policy.onMaxAttempts,
  );
  return {
    initialIntervalMs: Number(
      first((policy) => policy.initialIntervalMs) ?? defaults.initialIntervalMs,
    ),
    exponentiationFactor:
      first((policy) => policy.exponentiationFactor) ?? defaults.exponentiationFactor,
    maxIntervalMs: Number(first((policy) => policy.maxIntervalMs) ?? defaults.maxIntervalMs),
    maxAttempts: maxAttempts === 0 ? Infinity : (maxAttempts ?? defaults.maxAttempts),
    onMaxAttempts:
      onMax === undefined
        ? defaults.onMaxAttempts
        : onMax === OnMaxAttempts.KILL
          ? "kill"
          : "pause",
  };
}
