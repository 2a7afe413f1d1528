// Parts of what is said to attempts, and of what they say.

import type {
  AttemptNumber,
  DeploymentFrame,
  ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import type { AppendedItem } from "@perdure/proto/storage/v1/events";
import type { Attempt } from "./attempt.js";

export function attemptNumber(epoch: number, counter: number): AttemptNumber {
  return { $typeName: "perdure.protocol.v1.AttemptNumber", epoch, counter };
}

export function abortFrame(reason: string): ServerFrame["frame"] {
  return { case: "abort", value: { $typeName: "perdure.protocol.v1.Abort", reason } };
}

function itemOf(item: AppendedItem["item"]): AppendedItem {
  return { $typeName: "perdure.storage.v1.AppendedItem", item };
}

export function proposalAccepted(
  index: number,
  completionId: number,
): Extract<ServerFrame["frame"], { case: "proposalAccepted" }>["value"] {
  return { $typeName: "perdure.protocol.v1.ProposalAccepted", index, completionId };
}

/** What a frame brings is gathered until its message is read. Behind its end an attempt has nothing to say. */
export function takeFrame(attempt: Attempt, { frame }: DeploymentFrame, nowMs: number): void {
  const { incoming } = attempt;
  if (incoming.end || incoming.failed !== undefined) return;
  switch (frame.case) {
    case "command":
      incoming.items.push(itemOf({ case: "command", value: frame.value }));
      return;
    case "proposeCompletion":
      incoming.items.push(itemOf({ case: "proposal", value: frame.value }));
      return;
    case "end":
      if (frame.value.output !== undefined) {
        incoming.items.push(itemOf({ case: "command", value: frame.value.output }));
      }
      incoming.end = true;
      return;
    case "failed":
      incoming.failed = frame.value;
      return;
    case "waiting":
      // Without a tree nothing would ever wake it: it is as if it had said nothing.
      if (frame.value.awaiting === undefined) return;
      incoming.waiting = {
        awaiting: frame.value.awaiting,
        seen: frame.value.seen,
        sinceMs: nowMs,
        suspending: false,
      };
      return;
    default:
      return;
  }
}
