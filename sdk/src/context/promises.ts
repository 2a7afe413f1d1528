// Durable promises of a workflow, by name.

import type { CompletePromiseCommand } from "@perdure/proto/protocol/v1/journal";
import { valueOf } from "@perdure/protocol/messages";
import type { Attempt } from "../attempt/attempt.js";
import { commandBody } from "../attempt/command-body.js";
import { CompletionPromise, type Reader } from "../attempt/leaves.js";
import { readValue, readVoid } from "../attempt/readers.js";
import { failureOf, serialised } from "../attempt/results.js";
import { TerminalError } from "../errors.js";
import type { DurablePromiseNode } from "../futures/durable-promise.js";
import type { Serde } from "../serde/serde.js";
import type { WorkflowPromise } from "./context.js";

export interface PromiseMethods {
  promise(name: string, serde?: Serde<unknown>): WorkflowPromise<unknown>;
}

export function createPromises(attempt: Attempt): PromiseMethods {
  function command<T>(
    type: "getPromise" | "peekPromise",
    promise: string,
    read: Reader<T>,
  ): DurablePromiseNode<T> {
    const completionId = attempt.journal.newCompletionId();
    attempt.issue("", commandBody(type, { completionId, promise }));
    return attempt.expect(new CompletionPromise(attempt, completionId, read));
  }

  function complete(
    promise: string,
    result: CompletePromiseCommand["result"],
  ): DurablePromiseNode<void> {
    const completionId = attempt.journal.newCompletionId();
    attempt.issue("", commandBody("completePromise", { completionId, promise, result }));
    return attempt.expect(new CompletionPromise(attempt, completionId, readVoid));
  }

  return {
    promise(name, serde = attempt.defaultSerde): WorkflowPromise<unknown> {
      const read = readValue<unknown>(serde, undefined);
      let got: DurablePromiseNode<unknown> | undefined;
      const get = (): DurablePromiseNode<unknown> => (got ??= command("getPromise", name, read));
      return {
        [Symbol.toStringTag]: "WorkflowPromise",
        get,
        peek: () => command("peekPromise", name, read),
        resolve(value): DurablePromiseNode<void> {
          const bytes = serialised(serde, value, `the value of promise "${name}"`);
          return complete(name, { case: "value", value: valueOf(bytes) });
        },
        reject: (message) =>
          complete(name, { case: "failure", value: failureOf(new TerminalError(message)) }),
        then: (onValue, onFailure) => get().then(onValue, onFailure),
        catch: (onFailure) => get().catch(onFailure),
        finally: (onFinally) => get().finally(onFinally),
      };
    },
  };
}
