// What an attempt says, as lines that people can read: `Run "mail" #1`, `propose #1 = 5`, `waiting for …`.

import type { DeploymentFrame, ProposeCompletion } from "@perdure/proto/protocol/v1/deployment";
import {
  Awaiting_Combinator as Combinator,
  type Awaiting,
  type Entry,
  type Failure,
  type Value,
} from "@perdure/proto/protocol/v1/journal";
import { describeCommand } from "../replay/match.js";

export function frameText({ frame }: DeploymentFrame): string {
  switch (frame.case) {
    case "command":
      return commandText(frame.value);
    case "proposeCompletion":
      return proposalText(frame.value);
    case "waiting":
      return `waiting for ${awaitingText(frame.value.awaiting)}, seen ${String(frame.value.seen)}`;
    case "failed": {
      const { failure, retryAfterMs } = frame.value;
      const after = retryAfterMs === undefined ? "" : `, again in ${String(retryAfterMs)} ms`;
      return `failed ${failure === undefined ? "" : failureText(failure)}${after}`;
    }
    case "end": {
      const { body } = frame.value.output ?? {};
      return body?.case === "output" ? `end ${resultText(body.value.result)}` : "end";
    }
    default:
      return frame.case ?? "nothing";
  }
}

/** A command with its completion ids and what it carries. */
export function commandText(entry: Entry): string {
  const parts = [describeCommand(entry)];
  const { body } = entry;
  switch (body.case) {
    case "run":
    case "getPromise":
    case "peekPromise":
      parts.push(idText(body.value.completionId));
      break;
    case "sleep":
      parts.push(idText(body.value.completionId), `${String(body.value.durationMs)} ms`);
      break;
    case "getState":
      parts.push(idText(body.value.completionId));
      if (body.value.eager.case !== undefined) parts.push(resultText(body.value.eager));
      break;
    case "getStateKeys":
      parts.push(idText(body.value.completionId));
      if (body.value.eager !== undefined) parts.push(`= ${body.value.eager.keys.join()}`);
      break;
    case "setState":
      parts.push(`= ${valueText(body.value.value)}`);
      break;
    case "completePromise":
      parts.push(idText(body.value.completionId), resultText(body.value.result));
      break;
    case "call":
      parts.push(
        idText(body.value.invocationIdCompletionId),
        idText(body.value.resultCompletionId),
      );
      parts.push(`with ${valueText(body.value.parameter)}`);
      break;
    case "send":
      parts.push(idText(body.value.invocationIdCompletionId));
      parts.push(`with ${valueText(body.value.parameter)}`);
      if (body.value.delayMs > 0n) parts.push(`in ${String(body.value.delayMs)} ms`);
      break;
    case "attach":
    case "getOutput":
      parts.push(idText(body.value.completionId));
      break;
    case "sendSignal":
    case "completeAwakeable":
    case "output":
      parts.push(resultText(body.value.result));
      break;
    default:
  }
  return parts.join(" ");
}

const combinators: Record<Combinator, string> = {
  [Combinator.UNSPECIFIED]: "unspecified",
  [Combinator.FIRST_COMPLETED]: "first",
  [Combinator.ALL_COMPLETED]: "settled",
  [Combinator.FIRST_SUCCEEDED]: "any",
  [Combinator.ALL_SUCCEEDED]: "all",
};

function proposalText({ completionId, result, shownAfter }: ProposeCompletion): string {
  const early = shownAfter === undefined ? "" : ` after ${String(shownAfter)}`;
  return `propose #${String(completionId)} ${resultText(result)}${early}`;
}

export function awaitingText(tree: Awaiting | undefined): string {
  if (tree === undefined) return "nothing";
  const parts = [
    ...tree.signalIds.map((id) => (id === 1 ? "cancel" : `signal ${String(id)}`)),
    ...tree.completionIds.map(idText),
    ...tree.signalNames,
    ...tree.nested.map((nested) => awaitingText(nested)),
  ];
  return `${combinators[tree.combinator]}(${parts.join(", ")})`;
}

export function failureText({ code, message, metadata }: Failure): string {
  const more = metadata.map(({ name, value }) => ` ${name}=${value}`).join("");
  return `! ${String(code)} ${message}${more}`;
}

export function valueText(value: Value | undefined): string {
  if (value?.content.case !== "inline") return "nothing";
  const bytes = value.content.value;
  return bytes.length === 0 ? "empty" : Buffer.from(bytes).toString();
}

interface AnyResult {
  readonly case: string | undefined;
  readonly value?: unknown;
}

function resultText(result: AnyResult): string {
  if (result.case === "value") return `= ${valueText(result.value as Value)}`;
  if (result.case === "failure") return failureText(result.value as Failure);
  return result.case ?? "no result";
}

function idText(completionId: number): string {
  return `#${String(completionId)}`;
}
