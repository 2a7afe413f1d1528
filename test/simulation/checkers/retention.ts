// What has ended is kept for as long as its kind of invocation asks for, unless an operator lets go of it, and no longer;
// and whoever asks for what is kept gets it.

import { outcomeText, type Checker, type CheckerContext, type Fact } from "../history.js";

/** Its time is a whole millisecond. */
const roundingMs = 1;
/** How late it may go while the server serves: other work comes first. */
const lateMsMax = 10_000;

interface Kept {
  readonly resultMs: number;
  readonly journalMs: number;
}

export function retainedUntilItsTime({ durable, retention, offend }: CheckerContext): Checker {
  const kept = new Map<string, Kept>();
  const endedAt = new Map<string, number>();
  let servingSince = 0;

  const keptFor = (runId: string, { event }: Fact & { kind: "durable" }): Kept => {
    if (event.case === "restarted") {
      // As the journal of the one that it is made of.
      const source = durable.lives(event.value.invocationId).at(-1);
      const journalMs = kept.get(source ?? "")?.journalMs ?? 0;
      return { resultMs: journalMs, journalMs };
    }
    const { target, idempotencyKey } = durable.invocation(runId) ?? {};
    const isRun = target?.service === "Flow" && target.handler === "run";
    const resultMs = isRun
      ? retention.workflowMs
      : idempotencyKey === ""
        ? retention.journalMs
        : retention.idempotencyMs;
    return { resultMs, journalMs: Math.min(resultMs, retention.journalMs) };
  };

  const forget = (runId: string, ms: number, what: string, fact: Fact & { kind: "durable" }) => {
    const { event, timeMs } = fact;
    const at = endedAt.get(runId);
    if (at === undefined) return offend(`${what} of ${runId} is gone, and it has not ended`);
    if (event.case === "purged" && durable.lives(event.value.invocationId).includes(runId)) return;
    const earlyMs = at + ms - timeMs;
    if (earlyMs >= roundingMs) offend(`${what} of ${runId} is gone ${earlyMs} ms before its time`);
  };

  return {
    name: "what has ended is kept until its time, and goes then",
    check(fact): void {
      if (fact.kind === "serving") servingSince = Math.max(servingSince, fact.timeMs);
      if (fact.kind === "durable") {
        const { created, effects, forgotten, timeMs } = fact;
        if (created !== undefined) kept.set(created, keptFor(created, fact));
        for (const effect of effects) {
          if (effect.kind === "completed") endedAt.set(effect.runId, timeMs);
        }
        for (const { runId, what } of forgotten) {
          const { resultMs, journalMs } = kept.get(runId) ?? { resultMs: 0, journalMs: 0 };
          const isGone = forgotten.some((each) => each.runId === runId && each.what !== what);
          if (what === "journal" && isGone) continue;
          forget(runId, what === "journal" ? journalMs : resultMs, `the ${what}`, fact);
          if (what === "invocation") endedAt.delete(runId);
        }
      }
      if (fact.kind !== "end") return;
      // Event time may be drawn to a clock that is behind it.
      const nowMs = servingSince + 0.9 * fact.servedMs;
      for (const [runId, at] of endedAt) {
        const due = at + (kept.get(runId)?.resultMs ?? 0);
        if (due + lateMsMax < nowMs) offend(`${runId} is kept ${nowMs - due} ms after its time`);
      }
    },
  };
}

export function keptIsFound({ durable, offend }: CheckerContext): Checker {
  return {
    name: "what is kept is found",
    check(fact): void {
      if (fact.kind !== "looked") return;
      const { invocationId, before, answer } = fact;
      const isKept = before !== undefined && durable.find(invocationId) === before;
      const lives = isKept ? [before] : durable.lives(invocationId);
      if (answer.case !== "ended") {
        if (isKept) offend(`${invocationId} has ended and is kept, and was ${answer.case}`);
        return;
      }
      const { outcome } = answer;
      const outcomes = lives.flatMap((runId) => durable.output(runId) ?? []).map(outcomeText);
      if (outcomes.includes(outcome)) return;
      offend(`${invocationId} was found to have ended with ${outcome}, and did not`);
    },
  };
}
