// State is that of a sequential model: each exclusive handler sees what those before it wrote, and its own writes, in the
// order of the records; and what the code saw is what was recorded. What an operator puts in its place comes behind those
// that run or wait; and the state of a workflow is gone with it.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import {
  InvocationStatus,
  type Invocation,
  type StatePatch,
} from "@perdure/proto/storage/v1/records";
import { versionOfState } from "@perdure/server/simulation-kit";
import type { Checker, CheckerContext } from "../history.js";

interface Waiting {
  readonly patch: StatePatch;
  /** The exclusive handlers that were there before it, and have not ended. */
  readonly behind: Set<string>;
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

export function sequentialState({ durable, offend }: CheckerContext): Checker {
  const states = new Map<string, Map<string, string>>();
  const readTo = new Map<string, number>();

  /** Exclusive handlers that have not ended, by object. */
  const unfinished = new Map<string, Set<string>>();
  const patches = new Map<string, Waiting[]>();

  const objectOf = (of: Invocation["target"] | StatePatch): string =>
    `${of?.scope ?? ""}/${of?.service}/${of?.key}`;

  const stateOf = (key: string): Map<string, string> => {
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

  const apply = (object: string, { state: rows, version }: StatePatch): void => {
    const state = stateOf(object);
    const sorted = [...state].sort(([one], [other]) => (one < other ? -1 : 1));
    const encoded = sorted.map(([name, value]) => [name, Buffer.from(value)] as const);
    if (version !== undefined && version !== versionOfState(encoded)) return;
    state.clear();
    for (const { name, value } of rows) {
      state.set(name, text(value?.content.case === "inline" ? value.content.value : undefined));
    }
  };

  const patched = (patch: StatePatch): void => {
    const object = objectOf(patch);
    const behind = [...(unfinished.get(object) ?? [])].filter(
      (runId) => durable.invocation(runId)?.status !== InvocationStatus.SCHEDULED,
    );
    patches.set(object, [...(patches.get(object) ?? []), { patch, behind: new Set(behind) }]);
    applyPatches(object);
  };

  const applyPatches = (object: string): void => {
    const waiting = patches.get(object) ?? [];
    for (let next = waiting[0]; next?.behind.size === 0; next = waiting[0]) {
      waiting.shift();
      apply(object, next.patch);
    }
  };

  const over = (runId: string, { target }: Invocation): void => {
    const object = objectOf(target);
    if (unfinished.get(object)?.delete(runId) !== true) return;
    for (const { behind } of patches.get(object) ?? []) behind.delete(runId);
    applyPatches(object);
  };

  const begun = (runId: string): void => {
    const { target, entryCount = 0 } = durable.invocation(runId) ?? {};
    // What it has taken over was done by another.
    readTo.set(runId, entryCount);
    if (target?.handler !== "own") return;
    const object = objectOf(target);
    unfinished.set(object, (unfinished.get(object) ?? new Set()).add(runId));
  };

  const progressed = (runId: string): void => {
    const invocation = durable.invocation(runId);
    const { handler, service } = invocation?.target ?? {};
    const writes = handler === "own" || (service === "Flow" && handler === "run");
    if (invocation === undefined || !writes) return;
    const journal = durable.journal(runId);
    const state = stateOf(objectOf(invocation.target));
    for (const entry of journal.slice(readTo.get(runId) ?? 0)) step(runId, state, journal, entry);
    readTo.set(runId, journal.length);
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
      if (fact.kind !== "durable") return;
      const { event, created, effects, forgotten } = fact;
      if (created !== undefined) begun(created);
      if (event.case === "appended") progressed(event.value.runId);
      for (const effect of effects) {
        if (effect.kind === "completed") over(effect.runId, effect.invocation);
      }
      if (event.case === "statePatched" && event.value.patch !== undefined) {
        patched(event.value.patch);
      }
      for (const { runId, what } of forgotten) {
        const { target } = durable.invocation(runId) ?? {};
        const isWorkflow = target?.service === "Flow" && target.handler === "run";
        if (what === "invocation" && isWorkflow) stateOf(objectOf(target)).clear();
      }
    },
  };
}
