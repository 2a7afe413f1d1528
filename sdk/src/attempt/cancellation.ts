// What the cancel signal does to an attempt.
//   Implicit: the calls that are under way are cancelled, then everything that the code awaits rejects; once.
//   Explicit: nothing by itself. The code awaits the signal as any other, and cancels its calls when it wants to.
// Commands that this adds are in the journal as all others, so the same happens at the same place on replay.

import {
  Awaiting_Combinator as Combinator,
  type Awaiting,
  type Entry,
} from "@perdure/proto/protocol/v1/journal";
import { awaitingNothing } from "@perdure/protocol/messages";
import type { AnyHandlerOptions, AnyServiceOptions } from "../definitions/options.js";
import { CancelledError } from "../errors.js";
import { DurablePromiseNode, type Place, type PromiseHost } from "../futures/durable-promise.js";
import { commandBody } from "./command-body.js";

/** What is cancelled. */
export interface Cancellable extends PromiseHost {
  issue(name: string, body: Entry["body"]): Entry | undefined;
  /** Rejects whatever the code awaits. */
  interrupt(error: Error): void;
}

export function isExplicit(handler: AnyHandlerOptions, service: AnyServiceOptions): boolean {
  return handler.explicitCancellation ?? service.explicitCancellation ?? false;
}

export class Cancellation {
  readonly explicit: boolean;
  readonly #attempt: Cancellable;
  /** The invocation ids of calls that are under way, by the completion id of their result. */
  #calls: Map<number, DurablePromiseNode<string>> | undefined;

  constructor(attempt: Cancellable, explicit: boolean) {
    this.#attempt = attempt;
    this.explicit = explicit;
  }

  /** A call whose callee is cancelled along with this invocation. */
  track(resultCompletion: number, id: DurablePromiseNode<string>): void {
    this.#calls ??= new Map();
    this.#calls.set(resultCompletion, id);
  }

  /** The result of a call has come, if it was one. */
  answered(completionId: number): void {
    this.#calls?.delete(completionId);
  }

  /** The signal, in implicit mode. */
  arrived(): void {
    this.#cancelCalls().onSettled(() => {
      this.#attempt.interrupt(new CancelledError());
    });
  }

  /**
   * Cancels the calls that are under way, once their ids are known. Nothing in implicit mode, where the signal does it.
   * @returns their ids
   */
  cancelPreviousCalls(): DurablePromiseNode<string[]> {
    return this.explicit ? this.#cancelCalls() : new CancelledCalls(this.#attempt, []);
  }

  #cancelCalls(): CancelledCalls {
    const ids = [...(this.#calls?.values() ?? [])];
    this.#calls = undefined;
    return new CancelledCalls(this.#attempt, ids);
  }
}

/** Settles when all ids are known, and a cancel command was issued for each. */
class CancelledCalls extends DurablePromiseNode<string[]> {
  readonly #ids: readonly DurablePromiseNode<string>[];

  constructor(attempt: Cancellable, ids: readonly DurablePromiseNode<string>[]) {
    super(attempt);
    this.#ids = ids;
    const cancel = (): void => {
      if (this.#unknown().length > 0) return;
      const known = ids.flatMap(({ settled }) =>
        settled?.kind === "value" ? [settled.value] : [],
      );
      for (const invocationId of known) attempt.issue("", commandBody("cancel", { invocationId }));
      this.settle({ kind: "value", value: known });
    };
    const unknown = this.#unknown();
    for (const id of unknown) id.onSettled(cancel);
    if (unknown.length === 0) cancel();
  }

  override start(): void {
    // The server tells the ids without being asked.
  }

  override addTo(tree: Awaiting, { top }: Place): void {
    const nested = awaitingNothing(Combinator.ALL_COMPLETED);
    for (const id of this.#unknown()) id.addTo(nested, { top, outcomeMatters: false });
    tree.nested.push(nested);
  }

  #unknown(): readonly DurablePromiseNode<string>[] {
    return this.#ids.filter((id) => id.settled === undefined);
  }
}
