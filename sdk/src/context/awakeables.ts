// Awakeables: a result that someone outside completes by id.

import {
  formatAwakeableId,
  isOlderAwakeableId,
  parseAwakeableId,
} from "@perdure/protocol/awakeable-id";
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
  /** No payload is null where it is up to us, as JSON has it; nothing at all where a serde was chosen. */
  function bytesOf(payload: unknown, serde: Serde<unknown> | undefined, what: string): Uint8Array {
    if (payload !== undefined) return serialised(serde ?? attempt.defaultSerde, payload, what);
    const chosen = serde !== undefined || attempt.defaultSerde !== defaultSerde();
    return chosen ? new Uint8Array() : serialised(defaultSerde(), null, what);
  }

  return {
    awakeable(serde = attempt.defaultSerde): Awakeable<unknown> {
      const signalId = attempt.journal.newSignalId();
      const { invocationId } = attempt.options.start;
      const promise = new SignalPromise<unknown>(attempt, signalId, readValue(serde, undefined));
      return {
        id: formatAwakeableId({ invocationId, signalId }),
        promise,
      };
    },
    resolveAwakeable(id, payload, serde): void {
      const awakeableId = checkedAwakeableId(id);
      if (awakeableId === "gone") return;
      const bytes = bytesOf(payload, serde, `the value of awakeable ${id}`);
      const result = { case: "value" as const, value: valueOf(bytes) };
      attempt.issue("", commandBody("completeAwakeable", { awakeableId, result }));
    },
    rejectAwakeable(id, reason): void {
      const awakeableId = checkedAwakeableId(id);
      if (awakeableId === "gone") return;
      const error = typeof reason === "string" ? new TerminalError(reason) : reason;
      const result = { case: "failure" as const, value: failureOf(error) };
      attempt.issue("", commandBody("completeAwakeable", { awakeableId, result }));
    },
  };
}

/**
 * @returns "gone" for an id of the older form, which can't be one of ours
 * @throws TerminalError  400: the text is no awakeable id
 */
function checkedAwakeableId(id: string): string {
  if (typeof id === "string" && parseAwakeableId(id) !== undefined) return id;
  if (typeof id === "string" && isOlderAwakeableId(id)) return "gone";
  throw new TerminalError(
    `${JSON.stringify(id)} is no awakeable id: they begin with sign_1, as ctx.awakeable() gives them (PDR2008)`,
    { errorCode: 400 },
  );
}
