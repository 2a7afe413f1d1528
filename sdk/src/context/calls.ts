// Calls and sends to other handlers.

import { millisOf } from "@perdure/protocol/duration";
import type { Header, Target } from "@perdure/proto/protocol/v1/journal";
import { valueOf } from "@perdure/protocol/messages";
import type { Attempt } from "../attempt/attempt.js";
import { commandBody } from "../attempt/command-body.js";
import { CompletionPromise } from "../attempt/leaves.js";
import { readInvocationId, readValue } from "../attempt/readers.js";
import { serialised } from "../attempt/results.js";
import type { DeclaredSerdes } from "../definitions/declared-serdes.js";
import type { DurablePromiseNode } from "../futures/durable-promise.js";
import { serde, type Serde } from "../serde/serde.js";
import {
  Opts,
  type SendOpts,
  type CallOptions,
  type InvocationHandle,
  type InvocationPromise,
  type SendOptions,
} from "./clients.js";
import type { GenericCall, GenericSend } from "./context.js";
import { checkedLimits } from "./scope.js";

type AnyOpts = Opts<unknown, unknown> | SendOpts<unknown> | undefined;

/** Whom a client calls. */
export interface Callee {
  readonly service: string;
  readonly handler: string;
  readonly key: string | undefined;
  readonly scope: string | undefined;
}

/**
 * Serdes come from the call's own options, from what the callee declares, from what a manifest says of it, or are the
 * default.
 */
export interface Calls {
  call(
    callee: Callee,
    declared: DeclaredSerdes,
    input: unknown,
    options: AnyOpts,
  ): InvocationPromise<unknown>;
  send(
    callee: Callee,
    declared: DeclaredSerdes,
    input: unknown,
    options: AnyOpts,
  ): InvocationHandle;
  genericCall(call: GenericCall<unknown, unknown>): InvocationPromise<unknown>;
  genericSend(send: GenericSend<unknown>): InvocationHandle;
}

export function createCalls(attempt: Attempt): Calls {
  function call(
    target: Target,
    parameter: Uint8Array,
    options: CallOptions<unknown, unknown>,
    output: Serde<unknown>,
  ): InvocationPromise<unknown> {
    const invocationIdCompletionId = attempt.journal.newCompletionId();
    const resultCompletionId = attempt.journal.newCompletionId();
    attempt.issue(
      options.name ?? "",
      commandBody("call", {
        invocationIdCompletionId,
        resultCompletionId,
        target,
        headers: headersOf(options.headers),
        parameter: valueOf(parameter),
        ...idempotencyOf(options),
      }),
    );
    const invocationId = expectId(invocationIdCompletionId);
    const result = attempt.expect(
      new CompletionPromise(attempt, resultCompletionId, readValue(output, undefined)),
    );
    attempt.cancellation.track(resultCompletionId, invocationId);
    return Object.assign(result, { invocationId }) as InvocationPromise<unknown>;
  }

  function send(
    target: Target,
    parameter: Uint8Array,
    options: SendOptions<unknown>,
  ): InvocationHandle {
    const invocationIdCompletionId = attempt.journal.newCompletionId();
    attempt.issue(
      options.name ?? "",
      commandBody("send", {
        invocationIdCompletionId,
        target,
        headers: headersOf(options.headers),
        parameter: valueOf(parameter),
        delayMs: delayOf(options),
        ...idempotencyOf(options),
      }),
    );
    return { invocationId: expectId(invocationIdCompletionId) };
  }

  function knownOf({ service, handler }: Callee): DeclaredSerdes | undefined {
    return attempt.options.callees?.(service, handler);
  }

  function expectId(completionId: number): DurablePromiseNode<string> {
    return attempt.expect(new CompletionPromise(attempt, completionId, readInvocationId));
  }

  return {
    call(callee, declared, input, given): InvocationPromise<unknown> {
      const options = given instanceof Opts ? given.options : {};
      const known = knownOf(callee);
      const inputSerde = options.input ?? declared.input ?? known?.input ?? attempt.defaultSerde;
      const outputSerde =
        options.output ?? declared.output ?? known?.output ?? attempt.defaultSerde;
      const target = targetOf(callee, options.limitKey);
      return call(target, inputOf(target, input, inputSerde), options, outputSerde);
    },
    send(callee, declared, input, given): InvocationHandle {
      const options = given?.options ?? {};
      const inputSerde =
        options.input ?? declared.input ?? knownOf(callee)?.input ?? attempt.defaultSerde;
      const target = targetOf(callee, options.limitKey);
      return send(target, inputOf(target, input, inputSerde), options);
    },
    genericCall({ service, method, key, scope, parameter, inputSerde, outputSerde, ...options }) {
      const target = targetOf({ service, handler: method, key, scope }, options.limitKey);
      const input = (inputSerde ?? serde.binary) as Serde<unknown>;
      const output = (outputSerde ?? serde.binary) as Serde<unknown>;
      return call(target, inputOf(target, parameter, input), options, output);
    },
    genericSend({ service, method, key, scope, parameter, inputSerde, ...options }) {
      const target = targetOf({ service, handler: method, key, scope }, options.limitKey);
      const input = (inputSerde ?? serde.binary) as Serde<unknown>;
      return send(target, inputOf(target, parameter, input), options);
    },
  };
}

function targetOf({ service, handler, key, scope }: Callee, limitKey: string | undefined): Target {
  const target: Target = { $typeName: "perdure.protocol.v1.Target", service, handler };
  if (key !== undefined) target.key = key;
  if (scope === undefined && limitKey === undefined) return target;
  return Object.assign(target, checkedLimits({ scope, limitKey }));
}

function inputOf(target: Target, input: unknown, serde: Serde<unknown>): Uint8Array {
  return serialised(serde, input, `the input of ${target.service}/${target.handler}`);
}

function delayOf({ delay = 0 }: SendOptions<unknown>): bigint {
  const delayMs = millisOf(delay);
  if (Number.isSafeInteger(delayMs)) return BigInt(Math.max(0, delayMs));
  throw new RangeError(`the delay of a send is a duration, not ${String(delayMs)}`);
}

function headersOf(headers: Readonly<Record<string, string>> = {}): Header[] {
  return Object.entries(headers).map(([name, value]) => ({
    $typeName: "perdure.protocol.v1.Header",
    name,
    value,
  }));
}

/** @throws TypeError  PDR2024 */
function idempotencyOf({ idempotencyKey }: CallOptions<unknown, unknown>): {
  idempotencyKey?: string;
} {
  if (idempotencyKey === undefined) return {};
  // Most likely a value that was not set: without a key, the callee would run more than once.
  if (idempotencyKey === "") {
    throw new TypeError(
      "the idempotency key of a call or send is empty: give one, or leave it out (PDR2024)",
    );
  }
  return { idempotencyKey };
}
