// A watch tells what is durable, in order and once, over crashes and cut connections; and has told all of a journal that was
// still there when it tells the end.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import { outcomeText, type Checker, type CheckerContext, type Fact } from "../history.js";

type WatchedFact = Extract<Fact, { kind: "watched" }>;

export function watchesTellAll({ durable, offend }: CheckerContext): Checker {
  /** Indices of the entries that each watch has told of. */
  const told = new Map<number, number[]>();
  const withoutJournal = new Set<string>();

  function entryTold(watch: number, runId: string, index: number): void {
    const before = told.get(watch) ?? [];
    told.set(watch, [...before, index]);
    const last = before.at(-1);
    if (last !== undefined && index <= last) {
      offend(`watch ${watch} of ${runId} told of entry ${index} after ${last}`);
    }
    if (durable.journal(runId)[index] === undefined) {
      offend(`watch ${watch} of ${runId} told of entry ${index} before it was on disk`);
    }
  }

  function ended({ watch, runId }: WatchedFact, outcome: string): void {
    const output = durable.output(runId);
    const stored = output === undefined ? "nothing" : outcomeText(output);
    if (stored !== outcome) {
      offend(`watch ${watch} of ${runId} told of the end ${outcome}; on disk is ${stored}`);
    }
    if (withoutJournal.has(runId)) return;
    const expected = indicesOf(durable.journal(runId)).join();
    const indices = (told.get(watch) ?? []).join();
    if (indices === expected) return;
    offend(`watch ${watch} of ${runId} told of the entries ${indices}, and not ${expected}`);
  }

  return {
    name: "a watch tells what is durable, all of it, in order and once",
    check(fact): void {
      if (fact.kind === "durable") {
        for (const { runId } of fact.forgotten) withoutJournal.add(runId);
      }
      if (fact.kind !== "watched") return;
      const { watch, runId, event } = fact;
      if (event.case === "stepRecorded" || event.case === "stateChanged") {
        return entryTold(watch, runId, event.value.index);
      }
      if (event.case !== "completed") return;
      const { failure, result } = event.value;
      ended(
        fact,
        failure === undefined
          ? new TextDecoder().decode(result)
          : `!${String(failure.code)} ${failure.message}`,
      );
    },
  };
}

/** Of the entries that somebody is told of: what has happened, and not what the code has only asked for or looked at. */
function indicesOf(entries: readonly Entry[]): number[] {
  const answered = new Set<number>();
  return entries.flatMap(({ body }, index) => {
    switch (body.case) {
      case "completion":
        return answered.has(body.value.completionId) ? [index] : [];
      case "signal":
      case "completeAwakeable":
      case "sendSignal":
      case "cancel":
      case "setState":
      case "clearState":
      case "clearAllState":
        return [index];
      case "run":
      case "sleep":
      case "attach":
      case "getOutput":
      case "getPromise":
      case "completePromise":
        answered.add(body.value.completionId);
        return [];
      case "call":
        answered.add(body.value.resultCompletionId);
        return [];
      case "send":
        answered.add(body.value.invocationIdCompletionId);
        return [];
      default:
        return [];
    }
  });
}
