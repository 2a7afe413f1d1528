// One try at running an invocation, as the invoker keeps it while it lasts.

import type { Awaiting } from "@perdure/proto/protocol/v1/journal";
import type { AttemptFailed, AttemptNumber } from "@perdure/proto/protocol/v1/deployment";
import type { AppendedItem } from "@perdure/proto/storage/v1/events";
import type { RetryPolicy } from "@perdure/protocol/retry";
import type { Link } from "./link.js";

export interface Attempt {
  readonly runId: string;
  readonly partition: number;
  readonly number: AttemptNumber;
  /** Names the attempt on its session. */
  readonly streamId: number;
  readonly service: string;
  /** What it runs, as people name it. */
  readonly target: string;
  readonly link: Link;
  readonly inactivityTimeoutMs: number;
  /** Without a sign of life for so long, while it does not say that it waits, it is given up. */
  readonly silenceMsMax: number;
  /** Entries that its Start has. */
  readonly startedWith: number;
  readonly retryPolicy: RetryPolicy;
  /** Failed attempts since the journal last grew. */
  failures: number;
  readonly startedAtMs: number;
  /** It has said nothing yet. */
  silent: boolean;
  /** The last sign of life. */
  activeAtMs: number;
  /** Journal and state, as far as it has them. */
  bytes: number;
  entries: number;
  /** The last notification that came for it since it was started, where it travels as a request; 0 for none. */
  lastTold: number;
  /** What it waits for, while it only waits. It holds no slot then. */
  waiting: Waiting | undefined;
  /** The SDK ended it or knows that it is over: nothing more needs to be said. */
  knownOver: boolean;
  /** What this message brought, on its way to become an event. */
  incoming: Incoming;
}

export interface Waiting {
  readonly awaiting: Awaiting | undefined;
  readonly seen: number;
  readonly sinceMs: number;
  /** The suspension is on its way to the log. */
  suspending: boolean;
}

export interface Incoming {
  items: AppendedItem[];
  end: boolean;
  failed: AttemptFailed | undefined;
  waiting: Waiting | undefined;
}

export function nothingIncoming(): Incoming {
  return { items: [], end: false, failed: undefined, waiting: undefined };
}
