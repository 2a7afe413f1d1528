// What the shell does after the commit. Either derivable from tables (and derived from them again
// after a restart), or a reply to a live connection (lost with it).

import type { Completion, Entry, OutputCommand } from "@perdure/proto/protocol/v1/journal";
import type { Invocation, Message } from "@perdure/proto/storage/v1/records";

export type OutputResult = OutputCommand["result"];

/** The answer to a submission. */
export interface Submission {
  readonly id: string;
  readonly runId: string;
  /** False: an invocation of this id existed. */
  readonly accepted: boolean;
  readonly invocation: Invocation;
  /** What it ended with, if it had ended before. */
  readonly output?: OutputResult;
}

/** Why an attempt is over. */
export type WhyOver = "ended" | "suspended" | "failed" | "lost" | "paused";

/** What became of a verb of an operator. */
export type VerbOutcome =
  | "done"
  /** It was told so, and goes on from here by itself. */
  | "requested"
  | "alreadyPaused"
  | "notFound"
  | "notStarted"
  /** It has an attempt, or wants one. */
  | "running"
  | "completed"
  | "notCompleted"
  | "isWorkflow"
  | "inputGone"
  | "outOfRange"
  | "incomplete";

export type Effect =
  /** Reply to the operator who waits under this token. */
  | { readonly kind: "answered"; readonly token: number; readonly outcome: VerbOutcome }
  /** Reply to the live connection that waits under this token. */
  | { readonly kind: "submitted"; readonly token: number; readonly submission: Submission }
  /** From the ready table. */
  | {
      readonly kind: "ready";
      readonly group: string;
      readonly sequence: number;
      readonly runId: string;
    }
  /** From the journal: a running attempt is told of a new notification. */
  | {
      readonly kind: "forward";
      readonly runId: string;
      readonly attempt: number;
      readonly index: number;
      readonly entry: Entry;
      readonly completion: Completion | undefined;
      /** The attempt proposed this completion itself and has its value. */
      readonly proposed: boolean;
    }
  /** From the invocation record: this attempt is not the current one any more. */
  | {
      readonly kind: "attemptOver";
      readonly runId: string;
      readonly attempt: number;
      readonly why: WhyOver;
    }
  /** From the outbox. */
  | {
      readonly kind: "send";
      readonly to: number;
      readonly sequence: number;
      readonly message: Message;
    }
  /** From the timer table. */
  | { readonly kind: "armTimer"; readonly dueAt: number; readonly retention: boolean }
  /** Reply to live connections that latched on to the invocation. */
  | {
      readonly kind: "completed";
      readonly runId: string;
      readonly invocation: Invocation;
      readonly output: OutputResult;
    }
  /** From the deployments table. */
  | { readonly kind: "registryChanged" };
