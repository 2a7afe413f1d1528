// What operators tell invocations to do, one at a time. The engine's verdicts become answers and errors here: which
// status a verb has in which state of an invocation is decided by these tables and the core's lifecycle events.

import { adminErrors, type HttpErrorKind } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { DeploymentChoice, Operators, Verdict } from "../shard/operators.js";
import { checkInvocationId, unknownInvocation } from "./invocation-id.js";

export const verbs = ["cancel", "kill", "pause", "resume", "purge", "purge-journal"] as const;
export type Verb = (typeof verbs)[number];

/** "done": it is so. "requested": it will be so in a moment. */
export type Accepted = "done" | "requested";

export interface VerbRequest {
  readonly verb: Verb;
  readonly invocationId: string;
  /** Of resume. */
  readonly deployment: DeploymentChoice;
}

/**
 * Resolves when what it says is durable.
 * @throws HttpError  PDR4013 to PDR4020
 */
export async function perform(operators: Operators, request: VerbRequest): Promise<Accepted> {
  const { verb } = request;
  const id = checkInvocationId(request.invocationId);
  const verdict = await tell(operators, request, id);
  if (verdict === "done" || verdict === "alreadyPaused") return "done";
  if (verdict === "requested") return "requested";
  throw refusal(verb, id, verdict);
}

/**
 * Runs an invocation that has ended once more, as a new one.
 * @param from  index of the last journal entry that it begins with; 0: its input alone
 * @returns the new id
 * @throws HttpError  PDR4013, PDR4015, PDR4016, PDR4019 to PDR4023
 */
export async function restart(
  operators: Operators,
  invocationId: string,
  from: number,
  deployment: DeploymentChoice,
): Promise<string> {
  const id = checkInvocationId(invocationId);
  const outcome = await operators.restartAsNew(id, from, deployment);
  if (typeof outcome === "object") return outcome.newInvocationId;
  if (outcome === "outOfRange") {
    throw new HttpError(
      adminErrors.badRestartPoint,
      `the journal of invocation "${id}" has no entry ${from}: "from" is the index of an entry`,
    );
  }
  throw refusal("restart", id, outcome);
}

function tell(
  operators: Operators,
  { verb, deployment }: VerbRequest,
  id: string,
): Promise<Verdict> {
  switch (verb) {
    case "cancel":
      return operators.cancel(id);
    case "kill":
      return operators.kill(id);
    case "pause":
      return operators.pause(id);
    case "resume":
      return operators.resume(id, deployment);
    case "purge":
      return operators.purge(id);
    case "purge-journal":
      return operators.purgeJournal(id);
  }
}

function refusal(verb: Verb | "restart", id: string, verdict: Verdict): HttpError {
  if (verdict === "notFound") return unknownInvocation(id);
  const [kind, why] = (verb === "pause" ? pauseRefusals[verdict] : undefined) ?? refusals[verdict];
  return new HttpError(kind, `invocation "${id}" ${why}`);
}

type Refusal = readonly [kind: HttpErrorKind, why: string];

const pauseRefusals: Readonly<Partial<Record<Verdict, Refusal>>> = {
  notStarted: [
    adminErrors.invocationNotRunning,
    "has not started: there is nothing to pause. Cancel it if it is not to start",
  ],
};

const unexpectedVerdict: Refusal = [adminErrors.internal, "gave an answer that nobody expected"];

const refusals: Readonly<Record<Exclude<Verdict, "notFound">, Refusal>> = {
  completed: [adminErrors.invocationCompleted, "has completed"],
  notStarted: [
    adminErrors.invocationNotStarted,
    "has not started: it waits for its time, for its key, or for a limit of its scope",
  ],
  notCompleted: [
    adminErrors.invocationNotCompleted,
    "has not completed: only what has ended can be purged. Cancel or kill it first",
  ],
  running: [
    adminErrors.invocationRunning,
    "is under way. Pause it before it goes to another deployment; cancel or kill it before it is restarted",
  ],
  unknownDeployment: [
    adminErrors.deploymentNotUsable,
    "can't go to that deployment: it is not registered",
  ],
  incompatibleDeployment: [
    adminErrors.deploymentNotUsable,
    "can't go to that deployment: it does not offer the service, or speaks another protocol",
  ],
  isWorkflow: [
    adminErrors.workflowNotRestartable,
    "is a workflow's run, which exists once for its key: purge it, and call it again",
  ],
  inputGone: [
    adminErrors.inputGone,
    "can't be restarted: its journal, and its input with it, is not kept any more",
  ],
  incomplete: [
    adminErrors.badRestartPoint,
    'can\'t be restarted from there: a command before it has no result yet. Choose another "from"',
  ],
  outOfRange: unexpectedVerdict,
  done: unexpectedVerdict,
  requested: unexpectedVerdict,
  alreadyPaused: unexpectedVerdict,
};
