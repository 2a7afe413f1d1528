// The one switch from event to handler. Pure: the same events in the same order give the same tables.

import type { Event } from "@perdure/proto/storage/v1/events";
import { invariant } from "@perdure/protocol/assert";
import type { ApplyContext } from "./context.js";
import { appended } from "./lifecycle/appended.js";
import { attemptLost } from "./lifecycle/attempt-lost.js";
import { cancelled } from "./lifecycle/cancelled.js";
import { delivered } from "./lifecycle/delivered.js";
import { deploymentRegistered } from "./lifecycle/deployment-registered.js";
import { deploymentRemoved } from "./lifecycle/deployment-removed.js";
import { failed } from "./lifecycle/failed.js";
import { killed } from "./lifecycle/killed.js";
import { messageReceived } from "./lifecycle/message-received.js";
import { paused } from "./lifecycle/paused.js";
import { purged } from "./lifecycle/purged.js";
import { restarted } from "./lifecycle/restarted.js";
import { resumed } from "./lifecycle/resumed.js";
import { rulesChanged } from "./lifecycle/rules-changed.js";
import { rulesReplaced } from "./lifecycle/rules-replaced.js";
import { signalled } from "./lifecycle/signalled.js";
import { statePatched } from "./lifecycle/state-patched.js";
import { submitted } from "./lifecycle/submitted.js";
import { suspended } from "./lifecycle/suspended.js";
import { timersDue } from "./lifecycle/timers-due.js";

/** What this release's core does. Raised, by a logged event, when the same event shall do something else. */
export const behaviorVersion = 1;

export type EventBody = Exclude<Event["event"], { case: undefined }>;

/** `opened` is not here: it changes the partition's epoch, which the shard keeps. */
export function apply(ctx: ApplyContext, event: EventBody): void {
  switch (event.case) {
    case "submitted":
      invariant(event.value.invocation !== undefined, "a submission says what is invoked");
      return submitted(ctx, event.value.invocation);
    case "appended":
      return appended(ctx, event.value);
    case "suspended":
      return suspended(ctx, event.value);
    case "failed":
      return failed(ctx, event.value);
    case "attemptLost":
      return attemptLost(ctx, event.value);
    case "timersDue":
      return timersDue(ctx, event.value);
    case "messageReceived":
      return messageReceived(ctx, event.value);
    case "delivered":
      return delivered(ctx, event.value);
    case "signalled":
      invariant(event.value.signal !== undefined, "a signal event holds a signal");
      return signalled(ctx, event.value.signal);
    case "cancelled":
      return cancelled(ctx, event.value);
    case "killed":
      return killed(ctx, event.value);
    case "paused":
      return paused(ctx, event.value);
    case "resumed":
      return resumed(ctx, event.value);
    case "restarted":
      return restarted(ctx, event.value);
    case "purged":
      return purged(ctx, event.value);
    case "statePatched":
      return statePatched(ctx, event.value);
    case "rulesReplaced":
      return rulesReplaced(ctx, event.value);
    case "rulesChanged":
      return rulesChanged(ctx, event.value);
    case "deploymentRegistered":
      return deploymentRegistered(ctx, event.value);
    case "deploymentRemoved":
      return deploymentRemoved(ctx, event.value);
    case "opened":
    case "swept":
    case "behaviorRaised":
      return;
  }
}
