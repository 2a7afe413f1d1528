// Building an endpoint step by step: `endpoint().bind(Greeter).bind(Counter)`. What it ends with differs with the
// runtime.

import type { Definable } from "@perdure/protocol/definitions";
import type { DefaultServiceOptions } from "../definitions/options.js";
import type { LoggerTransport } from "../logger.js";
import type { JournalValueCodecProvider } from "../serde/journal-value-codec.js";
import type { EndpointOptions } from "./endpoint-options.js";
import type { GeneratedManifest } from "./generated-manifest.js";

/** Each step returns the endpoint itself. */
export interface EndpointBuilder {
  bind(service: Definable): this;
  /** What `perdure codegen` wrote of these services. May be called again, for another package. */
  manifest(...manifests: readonly GeneratedManifest[]): this;
  /** Takes requests only from servers with one of these keys (`publickeyv1_…`). May be called again. */
  withIdentityV1(...keys: readonly string[]): this;
  /** Options of every service that does not say otherwise. */
  defaultServiceOptions(options: DefaultServiceOptions): this;
  setLogger(logger: LoggerTransport): this;
  journalValueCodecProvider(provider: JournalValueCodecProvider): this;
  /** Whether attempts may wait on an open stream. Default: where the runtime can. */
  bidirectional(set?: boolean): this;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * @param ends  what the endpoint of a runtime has beyond the steps, given what the steps have gathered
 */
export function buildEndpoint<Ends extends object>(
  ends: (options: () => EndpointOptions) => Ends,
): EndpointBuilder & Ends {
  const services: Definable[] = [];
  const identityKeys: string[] = [];
  const manifests: GeneratedManifest[] = [];
  const options: Mutable<EndpointOptions> = { services, identityKeys };
  const self: EndpointBuilder & Ends = Object.assign(
    {
      bind(service: Definable) {
        services.push(service);
        return self;
      },
      manifest(...more: readonly GeneratedManifest[]) {
        manifests.push(...more);
        options.manifest = manifests;
        return self;
      },
      withIdentityV1(...keys: readonly string[]) {
        identityKeys.push(...keys);
        return self;
      },
      defaultServiceOptions(defaults: DefaultServiceOptions) {
        options.defaultServiceOptions = defaults;
        return self;
      },
      setLogger(logger: LoggerTransport) {
        options.logger = logger;
        return self;
      },
      journalValueCodecProvider(provider: JournalValueCodecProvider) {
        options.journalValueCodecProvider = provider;
        return self;
      },
      bidirectional(set = true) {
        options.bidirectional = set;
        return self;
      },
    } as EndpointBuilder,
    ends(() => ({ ...options })),
  );
  return self;
}
