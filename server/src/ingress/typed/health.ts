// gRPC's standard health service: of the server as a whole ("") and of each service that is typed or the server's own.
// A server that recovers or closes is not serving; what is not registered is not known.

import { Code, ConnectError } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import type { DescService } from "@bufbuild/protobuf";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "@perdure/proto/grpc/health/v1/health";
import { typedServicesOf } from "../../typed/typed-services.js";
import type { OpenStreams } from "../open-streams.js";
import type { IngressParts } from "../parts.js";

/** How often a watched status is looked at. */
const watchStepMs = 500;

/** Adds the health service to what is served. */
export function addHealth(
  router: ConnectRouter,
  parts: IngressParts,
  ownServices: readonly DescService[],
  streams: OpenStreams,
): void {
  const own = new Set(["", ...ownServices.map(({ typeName }) => typeName)]);

  function statusOf(service: string): Status {
    if (streams.isClosing) return Status.NOT_SERVING;
    if (!own.has(service)) {
      // Before it has recovered, the server can't know what is registered.
      if (!parts.ready()) return Status.NOT_SERVING;
      if (!typedServicesOf(parts.registry()).services.has(service)) return Status.SERVICE_UNKNOWN;
    }
    return parts.ready() ? Status.SERVING : Status.NOT_SERVING;
  }

  router.service(Health, {
    check: ({ service }) => {
      const status = statusOf(service);
      if (status !== Status.SERVICE_UNKNOWN) return { status };
      throw new ConnectError(`service "${service}" is not known`, Code.NotFound);
    },
    watch: async function* ({ service }, { signal }) {
      const over = new AbortController();
      const end = (): void => over.abort();
      const leave = streams.enter(end);
      signal.addEventListener("abort", end);
      let told: Status | undefined;
      try {
        while (!signal.aborted) {
          const status = statusOf(service);
          if (status !== told) yield { status };
          told = status;
          if (streams.isClosing) return;
          const options = { signal: over.signal, ref: false };
          await sleep(watchStepMs, undefined, options).catch(() => undefined);
        }
      } finally {
        leave();
        signal.removeEventListener("abort", end);
      }
    },
  });
}
