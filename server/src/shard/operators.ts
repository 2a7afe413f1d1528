// What operators can do with invocations and state, as the admin port sees it. Every promise here resolves only
// when what it says is durable.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import type { Invocation } from "@perdure/proto/storage/v1/records";
import type { VerbOutcome } from "../core/effect.js";

/** "keep": the one that it is pinned to. "latest": the newest of its service. Else an id. */
export type DeploymentChoice = "keep" | "latest" | { readonly id: string };

export interface InvocationDetail {
  readonly runId: string;
  readonly invocation: Invocation;
  /** It has an attempt at this moment. */
  readonly running: boolean;
  /** Why it has none, though it wants one: in words. */
  readonly waitingFor: string | undefined;
}

/** What became of a verb. Which of them a verb can have, its documentation says. */
export type Verdict = VerbOutcome | "unknownDeployment" | "incompatibleDeployment";

export interface StateOf {
  readonly service: string;
  readonly key: string;
  readonly scope: string | undefined;
}

export interface Operators {
  /** Undefined where there is none of this id. */
  invocation(id: string): Promise<InvocationDetail | undefined>;
  /** The journal as it is; undefined where there is no such invocation. */
  journal(id: string): Promise<(InvocationDetail & { readonly entries: Entry[] }) | undefined>;
  /** "done": it had not started, and has ended. "requested": its code is told. "notFound", "completed". */
  cancel(id: string): Promise<Verdict>;
  /** "done", "notFound", "completed". */
  kill(id: string): Promise<Verdict>;
  /** "requested", "alreadyPaused", "notFound", "notStarted", "completed". */
  pause(id: string): Promise<Verdict>;
  /**
   * "done", "notFound", "notStarted", "completed"; with another deployment than its own "running",
   * "unknownDeployment", "incompatibleDeployment".
   */
  resume(id: string, deployment: DeploymentChoice): Promise<Verdict>;
  /**
   * @param from  index of the last entry of the journal that is taken over; 0: only the input
   * @returns the new id, or "notFound", "notStarted", "running", "isWorkflow", "inputGone", "outOfRange", "incomplete",
   *   "unknownDeployment", "incompatibleDeployment"
   */
  restartAsNew(
    id: string,
    from: number,
    deployment: DeploymentChoice,
  ): Promise<{ readonly newInvocationId: string } | Verdict>;
  /** "done", "notFound", "notCompleted". */
  purge(id: string): Promise<Verdict>;
  /** "done", "notFound", "notCompleted". */
  purgeJournal(id: string): Promise<Verdict>;
  /** State by key. */
  state(of: StateOf): Promise<ReadonlyMap<string, Uint8Array>>;
  /**
   * Replaces all state, behind the exclusive handlers that run or wait. Does nothing, silently, where `version` is not
   * the hash of the state that is there by then.
   */
  patchState(
    of: StateOf,
    state: ReadonlyMap<string, Uint8Array>,
    version: string | undefined,
  ): Promise<void>;
  /** Invocations that have not ended and belong to the deployment. */
  pinnedTo(deploymentId: string): Promise<number>;
}
