// What each worker may use of what the server may use.

import type { ServerConfig } from "../config/server-config.js";

/** The limits of one of several workers: together they keep those of the server. */
export function shareOf(config: ServerConfig, workers: number): ServerConfig {
  const share = (whole: number): number => Math.ceil(whole / workers);
  return {
    ...config,
    concurrency: share(config.concurrency),
    attemptsBytesMax: Math.max(config.attemptBytesMax, share(config.attemptsBytesMax)),
    submissionsBytesMax: share(config.submissionsBytesMax),
    ingressConnectionsMax: share(config.ingressConnectionsMax),
    ingressRequestsMax: share(config.ingressRequestsMax),
  };
}
