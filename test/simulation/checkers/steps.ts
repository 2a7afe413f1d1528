// A step that was recorded is never executed again: not by an attempt that was started when its result was on disk, and
// not by the attempt that counts.

import type { AttemptView, Checker, CheckerContext } from "../history.js";

/** Where a step's result is in the count of records, by run and completion. */
export function recordedSteps({ durable, offend }: CheckerContext): Checker {
  const recordedAt = new Map<string, number>();

  const completionOf = ({ runId }: AttemptView, step: string): number | undefined => {
    for (const { name, body } of durable.journal(runId)) {
      if (body.case === "run" && name === step) return body.value.completionId;
    }
    return undefined;
  };

  return {
    name: "a recorded step is never executed again",
    check(fact): void {
      if (fact.kind === "durable" && fact.event.case === "appended") {
        const { runId, items } = fact.event.value;
        for (const { item } of items) {
          if (item.case !== "proposal") continue;
          const key = `${runId} ${item.value.completionId}`;
          if (!recordedAt.has(key)) recordedAt.set(key, fact.count);
        }
        return;
      }
      if (fact.kind === "durable" && fact.event.case === "restarted") {
        const { created = "" } = fact;
        for (const { body } of durable.journal(created)) {
          if (body.case !== "completion") continue;
          recordedAt.set(`${created} ${body.value.completionId}`, fact.count);
        }
      }
      if (fact.kind !== "closure") return;
      const { attempt, step, execution } = fact;
      const completionId = completionOf(attempt, step);
      const at = recordedAt.get(`${attempt.runId} ${String(completionId)}`);
      if (completionId === undefined || at === undefined) return;
      const completed = durable
        .journal(attempt.runId)
        .some(({ body }) => body.case === "completion" && body.value.completionId === completionId);
      if (!completed) return;
      const invocation = durable.invocation(attempt.runId);
      const isCurrent =
        invocation?.attempt === attempt.counter &&
        durable.epochOf(attempt.invocationId) === attempt.epoch;
      if (at > attempt.startedAt && !isCurrent) return;
      offend(
        `step ${step} of ${attempt.invocationId} is recorded, and was executed once more (execution ${execution})`,
      );
    },
  };
}
