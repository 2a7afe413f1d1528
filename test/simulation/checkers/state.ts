// State is that of a sequential model: each exclusive handler sees what those before it wrote, and its own writes, in the
// order of the records; and what the code saw is what was recorded.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import type { Invocation } from "@perdure/proto/storage/v1/records";
import type { Checker, CheckerContext } from "../history.js";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

export function sequentialState({ durable, offend }: CheckerContext): Checker {
  const states = new Map<string, Map<string, string>>();
  const readTo = new Map<string, number>();

  const stateOf = ({ target }: Invocation): Map<string, string> => {
    const key = `${target?.service}/${target?.key}`;
    let state = states.get(key);
    if (state === undefined) states.set(key, (state = new Map()));
    return state;
  };

  const compare = (runId: string, what: string, found: string, expected: string): void => {
    if (found !== expected)
      offend(`${runId} read ${what}: ${found}, and the model has ${expected}`);
  };

  const answerTo = (journal: readonly Entry[], completionId: number): string | undefined => {
    for (const { body } of journal) {
      if (body.case !== "completion" || body.value.completionId !== completionId) continue;
      const { result } = body.value;
      if (result.case === "void") return "nothing";
      if (result.case === "stateKeys") return [...result.value.keys].sort().join();
      if (result.case !== "value" || result.value.content.case !== "inline") return undefined;
      return text(result.value.content.value);
    }
    return undefined;
  };

  const step = (
    runId: string,
    state: Map<string, string>,
    journal: readonly Entry[],
    { body }: Entry,
  ): void => {
    switch (body.case) {
      case "setState": {
        const content = body.value.value?.content;
        state.set(body.value.key, text(content?.case === "inline" ? content.value : undefined));
        return;
      }
      case "clearState":
        state.delete(body.value.key);
        return;
      case "clearAllState":
        state.clear();
        return;
      case "getState": {
        const { eager, key, completionId } = body.value;
        const expected = state.get(key) ?? "nothing";
        const content = eager.case === "value" ? eager.value.content : undefined;
        const found =
          eager.case === "void"
            ? "nothing"
            : content?.case === "inline"
              ? text(content.value)
              : answerTo(journal, completionId);
        if (found !== undefined) compare(runId, key, found, expected);
        return;
      }
      case "getStateKeys": {
        const { eager, completionId } = body.value;
        const expected = [...state.keys()].sort().join();
        const found =
          eager === undefined ? answerTo(journal, completionId) : [...eager.keys].sort().join();
        if (found !== undefined) compare(runId, "its keys", found, expected);
        return;
      }
      default:
        return;
    }
  };

  return {
    name: "state is that of a sequential model",
    check(fact): void {
      if (fact.kind !== "durable" || fact.event.case !== "appended") return;
      const { runId } = fact.event.value;
      const invocation = durable.invocation(runId);
      const handler = invocation?.target?.handler;
      const service = invocation?.target?.service;
      const writes = handler === "own" || (service === "Flow" && handler === "run");
      if (invocation === undefined || !writes) return;
      const journal = durable.journal(runId);
      const state = stateOf(invocation);
      for (const entry of journal.slice(readTo.get(runId) ?? 0)) step(runId, state, journal, entry);
      readTo.set(runId, journal.length);
    },
  };
}
