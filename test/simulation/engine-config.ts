// How the server of a world is configured.

import { defaultRetryPolicy } from "@perdure/protocol/retry";
import type { EngineConfig } from "@perdure/server/simulation-kit";
import type { Profile } from "./profile.js";

export function configOf(profile: Profile): EngineConfig {
  const retention = {
    ...profile.retention,
    journalMaxMs: Infinity,
    idempotencyMaxMs: Infinity,
    workflowMaxMs: Infinity,
  };
  const { checkpointBytes, inactivityTimeoutMs, concurrency, eagerStateBytesMax } = profile;
  return {
    checkpointBytes,
    inactivityTimeoutMs,
    concurrency,
    eagerStateBytesMax,
    retention,
    bodyBytesMax: 1024 * 1024,
    submissionsBytesMax: 64 * 1024 * 1024,
    abortTimeoutMs: 60_000,
    retryPolicy: defaultRetryPolicy,
    maxRetryAttempts: Infinity,
    attemptBytesMax: 256 * 1024 * 1024,
    attemptsBytesMax: 1024 * 1024 * 1024,
  };
}
