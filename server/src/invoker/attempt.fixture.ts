// An attempt as the invoker keeps it, for tests of what is done with one: without a session.

import { create } from "@bufbuild/protobuf";
import { AttemptNumberSchema } from "@perdure/proto/protocol/v1/deployment";
import { defaultRetryPolicy } from "@perdure/protocol/retry";
import { nothingIncoming, type Attempt } from "./attempt.js";

export function attemptOf(runId: string, options: Partial<Attempt> = {}): Attempt {
  return {
    runId,
    partition: 0,
    number: create(AttemptNumberSchema, { epoch: 1, counter: 1 }),
    streamId: 1,
    service: "Greeter",
    target: "Greeter/greet",
    link: undefined as never,
    inactivityTimeoutMs: 1_000,
    silenceMsMax: 60_000,
    startedWith: 1,
    retryPolicy: defaultRetryPolicy,
    failures: 0,
    startedAtMs: 0,
    silent: true,
    activeAtMs: 0,
    bytes: 0,
    entries: 1,
    lastTold: 0,
    waiting: undefined,
    knownOver: false,
    incoming: nothingIncoming(),
    ...options,
  };
}

/** One that waits since then. */
export function waitingSince(sinceMs: number, options: Partial<Attempt> = {}): Attempt {
  const waiting = { awaiting: undefined, seen: 0, sinceMs, suspending: false };
  return attemptOf(`since ${sinceMs}`, { waiting, ...options });
}
