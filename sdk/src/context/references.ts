// Other invocations: signals to them, their cancellation, their results.

import {
  InvocationReferenceSchema,
  type InvocationReference as Reference,
  type SendSignalCommand,
} from "@perdure/proto/protocol/v1/journal";
import { create } from "@bufbuild/protobuf";
import { nameOf } from "@perdure/protocol/definitions";
import { valueOf, voidResult } from "@perdure/protocol/messages";
import type { Attempt } from "../attempt/attempt.js";
import { commandBody } from "../attempt/command-body.js";
import { CompletionPromise, SignalPromise } from "../attempt/leaves.js";
import { readValue } from "../attempt/readers.js";
import { failureOf, serialised } from "../attempt/results.js";
import { TerminalError } from "../errors.js";
import type { DurablePromiseNode } from "../futures/durable-promise.js";
import type { Serde } from "../serde/serde.js";
import type {
  InvocationReference,
  InvocationResult,
  InvocationTarget,
  SignalReference,
} from "./context.js";
import { InvocationIdParser } from "./invocation-id.js";
import { checkedLimits } from "./scope.js";

export interface ReferenceMethods {
  signal(name: string, serde?: Serde<unknown>): DurablePromiseNode<unknown>;
  invocation(of: string | InvocationTarget): InvocationReference | InvocationResult;
  cancel(id: string): void;
  attach(id: string, serde?: Serde<unknown>): DurablePromiseNode<unknown>;
}

export function createReferences(attempt: Attempt): ReferenceMethods {
  function ask(
    type: "attach" | "getOutput",
    target: Reference,
    given: Serde<unknown> | undefined,
  ): DurablePromiseNode<unknown> {
    const serde = given ?? outputSerdeOf(target) ?? attempt.defaultSerde;
    const completionId = attempt.journal.newCompletionId();
    attempt.issue("", commandBody(type, { completionId, target }));
    return attempt.expect(
      new CompletionPromise(attempt, completionId, readValue(serde, undefined)),
    );
  }

  /** Where it is known whose result it is. */
  function outputSerdeOf({ reference }: Reference): Serde<unknown> | undefined {
    const { callees } = attempt.options;
    if (reference.case === "workflow") return callees?.(reference.value.workflow, "run")?.output;
    if (reference.case !== "idempotent") return undefined;
    return callees?.(reference.value.service, reference.value.handler)?.output;
  }

  function resultOf(target: Reference): InvocationResult {
    return {
      attach: (serde?: Serde<unknown>) => ask("attach", target, serde),
      output: (serde?: Serde<unknown>) => ask("getOutput", target, serde),
    } as InvocationResult;
  }

  function signalOf(
    invocationId: string,
    name: string,
    own?: Serde<unknown>,
  ): SignalReference<unknown> {
    const signal = { case: "signalName" as const, value: checkedSignalName(name) };
    const send = (result: SendSignalCommand["result"]): void => {
      attempt.issue("", commandBody("sendSignal", { invocationId, signal, result }));
    };
    return {
      resolve(payload, serde = own): void {
        if (payload === undefined && serde === undefined) return send(voidResult);
        const bytes =
          payload === undefined
            ? new Uint8Array()
            : serialised(serde ?? attempt.defaultSerde, payload, `the value of signal "${name}"`);
        send({ case: "value", value: valueOf(bytes) });
      },
      reject(reason): void {
        const error = typeof reason === "string" ? new TerminalError(reason) : reason;
        send({ case: "failure", value: failureOf(error) });
      },
    };
  }

  function byId(given: string): InvocationReference {
    const invocationId = InvocationIdParser.fromString(given);
    return {
      invocationId,
      ...resultOf(referenceOf({ case: "invocationId", value: invocationId })),
      signal: (name: string, serde?: Serde<unknown>) => signalOf(invocationId, name, serde),
      cancel(): void {
        attempt.issue("", commandBody("cancel", { invocationId }));
      },
    } as InvocationReference;
  }

  return {
    signal(name, serde = attempt.defaultSerde): DurablePromiseNode<unknown> {
      const read = readValue<unknown>(serde, undefined);
      return new SignalPromise(attempt, checkedSignalName(name), read);
    },
    invocation: (of) => (typeof of === "object" && of !== null ? resultOf(targetOf(of)) : byId(of)),
    cancel(id): void {
      byId(id).cancel();
    },
    attach: (id, serde) => byId(id).attach(serde) as DurablePromiseNode<unknown>,
  };
}

function targetOf(target: InvocationTarget): Reference {
  const { scope } = checkedLimits({ scope: target.scope });
  const optional = {
    ...(target.key === undefined ? {} : { key: target.key }),
    ...(scope === undefined ? {} : { scope }),
  };
  if ("workflow" in target) {
    const workflow =
      typeof target.workflow === "string" ? target.workflow : nameOf(target.workflow);
    return create(InvocationReferenceSchema, {
      reference: { case: "workflow", value: { workflow, ...optional } },
    });
  }
  const { handler, idempotencyKey } = target;
  const service = typeof target.service === "string" ? target.service : nameOf(target.service);
  return create(InvocationReferenceSchema, {
    reference: { case: "idempotent", value: { service, handler, idempotencyKey, ...optional } },
  });
}

function referenceOf(reference: Reference["reference"]): Reference {
  return { $typeName: "perdure.protocol.v1.InvocationReference", reference };
}

function checkedSignalName(name: string): string {
  if (typeof name === "string" && name !== "") return name;
  throw new TypeError(`a signal has a name, and not ${JSON.stringify(name)} (PDR2029)`);
}
