// Awakeables: a result that someone outside completes by id.

import { formatAwakeableId } from "@perdure/protocol/awakeable-id";
import { valueOf } from "@perdure/protocol/messages";
import type { Attempt } from "../attempt/attempt.js";
import { commandBody } from "../attempt/command-body.js";
import { SignalPromise } from "../attempt/leaves.js";
import { readValue } from "../attempt/readers.js";
import { failureOf, serialised } from "../attempt/results.js";
import { TerminalError } from "../errors.js";
import { defaultSerde, type Serde } from "../serde/serde.js";
import type { Awakeable } from "./context.js";

export interface AwakeableMethods {
  awakeable(serde?: Serde<unknown>): Awakeable<unknown>;
  resolveAwakeable(id: string, payload?: unknown, serde?: Serde<unknown>): void;
  rejectAwakeable(id: string, reason: string | TerminalError): void;
}

export function createAwakeables(attempt: Attempt): AwakeableMethods {
  return {
    awakeable(serde = defaultSerde()): Awakeable<unknown> {
      const signalId = attempt.journal.newSignalId();
      const { invocationId } = attempt.options.start;
      const promise = new SignalPromise<unknown>(attempt, signalId, readValue(serde, undefined));
      return {
        id: formatAwakeableId({ invocationId, signalId }),
        promise: attempt.expectSignal(promise),
      };
    },
    resolveAwakeable(awakeableId, payload, serde = defaultSerde()): void {
      const bytes = serialised(serde, payload, `the value of awakeable ${awakeableId}`);
      const result = { case: "value" as const, value: valueOf(bytes) };
      attempt.issue("", commandBody("completeAwakeable", { awakeableId, result }));
    },
    rejectAwakeable(awakeableId, reason): void {
      const error = typeof reason === "string" ? new TerminalError(reason) : reason;
      const result = { case: "failure" as const, value: failureOf(error) };
      attempt.issue("", commandBody("completeAwakeable", { awakeableId, result }));
    },
  };
}
