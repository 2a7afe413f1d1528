// What happened to an invocation since it was last looked at, read off its record and its journal.
//   W1. Steps, state changes and the end are in the journal: each is told once, in its order.
//   W2. How it stands in between (started, waiting, retrying, paused) is no history: it is told as it is now, if it
//       was not told before.
//   W3. Progress says all that was told: from the same progress and the same tables come the same events. What earlier
//       commands asked for is remembered, so that only what is new of a journal is read.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import type { FailureDetail, WatchResponse } from "@perdure/proto/ingress/v1/ingress";
import { InvocationStatus, type Invocation } from "@perdure/proto/storage/v1/records";
import { bytesOf } from "@perdure/protocol/messages";
import type { OutputResult } from "../core/effect.js";

export type WatchEvent = Exclude<WatchResponse["event"], { case: undefined }>;

/** How much of a run's life was told. */
export interface Progress {
  readonly runId: string;
  /** Entries of the journal. */
  readonly entries: number;
  /** How it stood: the name of the event that said so, and what tells it from the next of that name. */
  readonly standing: string;
}

export interface Seen {
  readonly invocation: Invocation;
  /** Entries of the journal that were not told yet. */
  readonly entries: readonly Entry[];
  /** The index of the first of them. */
  readonly from: number;
  /** What the commands of the whole journal asked for. */
  readonly asked: AskedCommands;
  /** What it ended with, where it has. */
  readonly output: OutputResult | undefined;
  /** What its attempt does, if it has one. */
  readonly attempt: "computing" | "waiting" | undefined;
}

export interface Happened {
  readonly event: WatchEvent;
  readonly progress: Progress;
}

const cursorForm = /^([0-9A-Za-z]{22})~(\d{1,9})~([a-z0-9-]{1,40})$/;

export function cursorOf({ runId, entries, standing }: Progress): string {
  return `${runId}~${String(entries)}~${standing}`;
}

/** Undefined: not a cursor. */
export function progressOf(cursor: string): Progress | undefined {
  const [, runId, entries, standing] = cursorForm.exec(cursor) ?? [];
  if (runId === undefined || entries === undefined || standing === undefined) return undefined;
  return { runId, entries: Number(entries), standing };
}

/** Everything that was not told yet, oldest first. */
export function happenedSince(runId: string, seen: Seen, since: Progress | undefined): Happened[] {
  const { invocation, entries, from, asked } = seen;
  const told: Happened[] = [];
  let progress: Progress = since ?? { runId, entries: 0, standing: "" };

  function tell(event: WatchEvent, next: Partial<Progress>): void {
    progress = { ...progress, ...next };
    told.push({ event, progress });
  }
  if (progress.standing === "") tell(accepted(invocation), { entries: 1, standing: "accepted" });

  const end = from + entries.length;
  for (let index = Math.max(progress.entries, from); index < end; index++) {
    const entry = entries[index - from];
    if (entry === undefined || entry.body.case === "output") continue;
    const isCommand = entry.body.case !== "completion" && entry.body.case !== "signal";
    if (isCommand && !progress.standing.startsWith("started")) {
      tell(started(invocation), { standing: "started" });
    }
    const event = eventOf(entry, index, asked);
    if (event !== undefined) tell(event, { entries: index + 1 });
  }
  const now = standingOf(seen, progress.standing);
  if (now.standing !== progress.standing && now.event !== undefined) {
    tell(now.event, {
      entries: Math.max(progress.entries, end),
      standing: now.standing,
    });
  }
  return told;
}

/** The last event of a run whose record is gone. */
export function endedEvent(output: OutputResult): WatchEvent {
  return { case: "completed", value: completedValue(output) };
}

function accepted({ target, createdAt }: Invocation): WatchEvent {
  return {
    case: "accepted",
    value: {
      $typeName: "perdure.ingress.v1.Accepted",
      acceptedAtMs: BigInt(Math.floor(createdAt)),
      ...(target === undefined
        ? {}
        : { target: { ...target, $typeName: "perdure.ingress.v1.Target" as const } }),
    },
  };
}

function started({ deploymentId }: Invocation): WatchEvent {
  return { case: "started", value: { $typeName: "perdure.ingress.v1.Started", deploymentId } };
}

interface Standing {
  readonly standing: string;
  /** Undefined: nothing to say. */
  readonly event: WatchEvent | undefined;
}

function standingOf({ invocation, output, attempt }: Seen, before: string): Standing {
  const { status, retryCount, lastFailure, attempt: number } = invocation;
  const failure =
    lastFailure === undefined
      ? {}
      : { failure: failureDetail(lastFailure.code, lastFailure.message) };
  switch (status) {
    case InvocationStatus.COMPLETED:
      return {
        standing: "completed",
        event: output === undefined ? undefined : endedEvent(output),
      };
    case InvocationStatus.PAUSED:
      return {
        standing: `paused${String(number)}`,
        event: { case: "paused", value: { $typeName: "perdure.ingress.v1.Paused", ...failure } },
      };
    case InvocationStatus.BACKING_OFF:
      return {
        standing: `retrying${String(retryCount)}-${String(number)}`,
        event: {
          case: "retrying",
          value: { $typeName: "perdure.ingress.v1.Retrying", ...failure },
        },
      };
    case InvocationStatus.SUSPENDED:
      return waiting(invocation);
    case InvocationStatus.READY:
      if (attempt === "waiting") return waiting(invocation);
      if (attempt === "computing") return { standing: "started", event: started(invocation) };
      return { standing: before, event: undefined };
    default:
      return { standing: before, event: undefined };
  }
}

/** The same wait has the same journal. */
function waiting({ entryCount }: Invocation): Standing {
  return {
    standing: `waiting${String(entryCount)}`,
    event: { case: "waiting", value: { $typeName: "perdure.ingress.v1.Waiting" } },
  };
}

function completedValue(output: OutputResult): Extract<WatchEvent, { case: "completed" }>["value"] {
  const $typeName = "perdure.ingress.v1.Completed" as const;
  if (output.case !== "failure")
    return { $typeName, result: bytesOf(output.case === "value" ? output.value : undefined) };
  const { code, message, metadata } = output.value;
  const failure = failureDetail(code, message);
  for (const { name, value } of metadata) failure.metadata[name] = value;
  return { $typeName, result: new Uint8Array(), failure };
}

function failureDetail(code: number, message: string): FailureDetail {
  return { $typeName: "perdure.ingress.v1.FailureDetail", code, message, metadata: {} };
}

interface Asked {
  readonly operation: string;
  readonly name: string;
}

/** What the code asked for, by the id of the completion that answers it. */
export class AskedCommands {
  readonly #byCompletion = new Map<number, Asked>();
  #readTo = 0;

  /** From where on entries have not been read. */
  get readTo(): number {
    return this.#readTo;
  }

  /** @param from  the index of the first of the entries; not behind {@link readTo} */
  read(entries: readonly Entry[], from: number): void {
    for (const entry of entries.slice(this.#readTo - from)) this.#note(entry);
    this.#readTo = Math.max(this.#readTo, from + entries.length);
  }

  of(completionId: number): Asked | undefined {
    return this.#byCompletion.get(completionId);
  }

  #note({ name, body }: Entry): void {
    const commands = this.#byCompletion;
    switch (body.case) {
      case "run":
      case "sleep":
      case "attach":
        commands.set(body.value.completionId, { operation: body.case, name });
        break;
      case "getOutput":
        commands.set(body.value.completionId, { operation: "output", name });
        break;
      case "getPromise":
        commands.set(body.value.completionId, promise("promise", name, body.value.promise));
        break;
      case "completePromise": {
        const { completionId, promise: of, result } = body.value;
        const verb = result.case === "failure" ? "promise.reject" : "promise.resolve";
        commands.set(completionId, promise(verb, name, of));
        break;
      }
      case "call":
        commands.set(body.value.resultCompletionId, {
          operation: "call",
          name: name || targetName(body.value.target),
        });
        break;
      case "send":
        commands.set(body.value.invocationIdCompletionId, {
          operation: "send",
          name: name || targetName(body.value.target),
        });
        break;
      default:
        break;
    }
  }
}

function promise(operation: string, name: string, key: string): Asked {
  return { operation, name: name || key };
}

function targetName(target: { service: string; handler: string } | undefined): string {
  return target === undefined ? "" : `${target.service}/${target.handler}`;
}

/** Undefined: a command whose answer is still to come, or a read. */
function eventOf(
  { name, body }: Entry,
  index: number,
  commands: AskedCommands,
): WatchEvent | undefined {
  switch (body.case) {
    case "completion": {
      const asked = commands.of(body.value.completionId);
      if (asked === undefined) return undefined;
      const { result } = body.value;
      const failed = result.case === "failure" ? result.value : undefined;
      return recorded(index, asked, failed);
    }
    case "signal": {
      const { signal, result } = body.value;
      const failed = result.case === "failure" ? result.value : undefined;
      const asked =
        signal.case === "signalName"
          ? { operation: "signal", name: signal.value }
          : { operation: signal.value === cancelSignal ? "cancelled" : "awakeable", name: "" };
      return recorded(index, asked, failed);
    }
    case "completeAwakeable": {
      const verb = body.value.result.case === "failure" ? "awakeable.reject" : "awakeable.resolve";
      return recorded(index, { operation: verb, name });
    }
    case "sendSignal":
      return recorded(index, { operation: "signal.send", name });
    case "cancel":
      return recorded(index, { operation: "cancel", name });
    case "setState":
      return stateChanged(index, body.value.key, false);
    case "clearState":
      return stateChanged(index, body.value.key, true);
    case "clearAllState":
      return stateChanged(index, "", true);
    default:
      return undefined;
  }
}

const cancelSignal = 1;

function recorded(
  index: number,
  { operation, name }: Asked,
  failed?: { readonly code: number; readonly message: string },
): WatchEvent {
  return {
    case: "stepRecorded",
    value: {
      $typeName: "perdure.ingress.v1.StepRecorded",
      index,
      operation,
      name,
      ...(failed === undefined ? {} : { failure: failureDetail(failed.code, failed.message) }),
    },
  };
}

function stateChanged(index: number, stateKey: string, cleared: boolean): WatchEvent {
  return {
    case: "stateChanged",
    value: { $typeName: "perdure.ingress.v1.StateChanged", index, stateKey, cleared },
  };
}
