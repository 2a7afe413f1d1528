// State of a virtual object or a workflow: read from what came with the attempt where it did, else asked for.

import type { Value } from "@perdure/proto/protocol/v1/journal";
import { valueOf } from "@perdure/protocol/messages";
import type { Attempt } from "../attempt/attempt.js";
import { commandBody } from "../attempt/command-body.js";
import { CompletionPromise, type CompletionResult, type Reader } from "../attempt/leaves.js";
import { readStateKeys, readValue } from "../attempt/readers.js";
import { serialised } from "../attempt/results.js";
import type { DurablePromiseNode } from "../futures/durable-promise.js";
import type { Serde } from "../serde/serde.js";

export interface StateMethods {
  get(name: string, serde?: Serde<unknown>): DurablePromiseNode<unknown>;
  stateKeys(): DurablePromiseNode<string[]>;
  set(name: string, value: unknown, serde?: Serde<unknown>): void;
  clear(name: string): void;
  clearAll(): void;
}

const void_ = { $typeName: "perdure.protocol.v1.Void" } as const;

export function createState(attempt: Attempt): StateMethods {
  const { start } = attempt.options;
  const values = new Map(
    start.state.map(({ key, value }): [string, Value | undefined] => [key, value]),
  );
  /** Keys that were cleared here: known to be absent even where not all state is known. */
  const absent = new Set<string>();
  let complete = !start.partialState;

  function known(name: string): CompletionResult | undefined {
    const value = values.get(name);
    if (value !== undefined) return { case: "value", value };
    return complete || absent.has(name) ? { case: "void", value: void_ } : undefined;
  }

  function answered<T>(
    completionId: number,
    read: Reader<T>,
    eager: CompletionResult | undefined,
  ): CompletionPromise<T> {
    const promise = new CompletionPromise(attempt, completionId, read);
    if (eager === undefined) return attempt.expect(promise);
    promise.complete(eager);
    return promise;
  }

  return {
    get(name, serde = attempt.defaultSerde): DurablePromiseNode<unknown> {
      const completionId = attempt.journal.newCompletionId();
      const mine = attempt.journal.replaying ? undefined : known(name);
      const eager = mine as { case: undefined } | undefined;
      const recorded = attempt.issue(
        "",
        commandBody("getState", { completionId, key: name, eager: eager ?? { case: undefined } }),
      );
      const then = recorded?.body.case === "getState" ? recorded.body.value.eager : mine;
      const result = then?.case === undefined ? undefined : (then as CompletionResult);
      return answered(completionId, readValue(serde, null), result);
    },
    stateKeys(): DurablePromiseNode<string[]> {
      const completionId = attempt.journal.newCompletionId();
      const keys = [...values.keys()].sort();
      const mine =
        attempt.journal.replaying || !complete
          ? undefined
          : { $typeName: "perdure.protocol.v1.StateKeys" as const, keys };
      const recorded = attempt.issue(
        "",
        commandBody("getStateKeys", {
          completionId,
          ...(mine === undefined ? {} : { eager: mine }),
        }),
      );
      const then = recorded?.body.case === "getStateKeys" ? recorded.body.value.eager : mine;
      const result = then === undefined ? undefined : { case: "stateKeys" as const, value: then };
      return answered(completionId, readStateKeys, result);
    },
    set(name, value, serde = attempt.defaultSerde): void {
      const asked = valueOf(serialised(serde, value, `state "${name}"`));
      const recorded = attempt.issue("", commandBody("setState", { key: name, value: asked }));
      // Values are not compared on replay: what was stored then is what the object has.
      const stored = recorded?.body.case === "setState" ? recorded.body.value.value : asked;
      values.set(name, stored);
      absent.delete(name);
    },
    clear(name): void {
      attempt.issue("", commandBody("clearState", { key: name }));
      values.delete(name);
      absent.add(name);
    },
    clearAll(): void {
      attempt.issue("", commandBody("clearAllState", {}));
      values.clear();
      complete = true;
    },
  };
}
