// A step's closure begins only when everything that its attempt was shown is durable: the journal that it was started
// with, the notifications that it was told, and the results of its own steps that its code has seen.

import { equals } from "@bufbuild/protobuf";
import { EntrySchema } from "@perdure/proto/protocol/v1/journal";
import type { AttemptView, Checker, CheckerContext } from "../history.js";

export function closureGate({ durable, offend }: CheckerContext): Checker {
  const missing = (attempt: AttemptView): string | undefined => {
    const journal = durable.journal(attempt.runId);
    // What its journal had is gone with its purge.
    if (durable.invocation(attempt.runId) === undefined) return "it is not even accepted";
    const invocation = durable.invocation(attempt.runId);
    // An attempt that is over may go on for a while: what it was shown was true once.
    if (invocation?.attempt !== attempt.counter) return undefined;
    if (attempt.shown.size > attempt.verified) {
      for (const [index, entry] of attempt.shown) {
        const stored = journal[index];
        if (stored === undefined) return `entry ${index} (${entry.body.case}) is not on disk`;
        if (!equals(EntrySchema, stored, entry)) return `entry ${index} is another on disk`;
      }
      attempt.verified = attempt.shown.size;
    }
    for (const [step, value] of attempt.seen) {
      const stored = stepResult(attempt.runId, step);
      if (stored === undefined) return `the result of step ${step} is not on disk`;
      if (!value.startsWith("!") && stored !== value) {
        return `step ${step} gave ${value} to the code, on disk is ${stored}`;
      }
    }
    return undefined;
  };

  const stepResult = (runId: string, step: string): string | undefined => {
    let completionId: number | undefined;
    for (const { name, body } of durable.journal(runId)) {
      if (body.case === "run" && name === step) completionId = body.value.completionId;
      if (body.case !== "completion" || body.value.completionId !== completionId) continue;
      const { result } = body.value;
      if (result.case === "failure") return "!";
      const content = result.case === "value" ? result.value.content : undefined;
      return content?.case === "inline" ? new TextDecoder().decode(content.value) : "";
    }
    return undefined;
  };

  return {
    name: "a closure begins only when all that its attempt was shown is durable",
    check(fact): void {
      if (fact.kind !== "closure") return;
      const { attempt, step } = fact;
      const why = missing(attempt);
      if (why !== undefined) offend(`step ${step} of ${attempt.invocationId} began: ${why}`);
    },
  };
}
