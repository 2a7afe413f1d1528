// What callers can do, as the ingress sees it: submit, wait, look. Every promise here resolves only when
// what it says is durable.

import type { Handler } from "@perdure/proto/manifest/v1/manifest";
import type { Failure, Header, Signal } from "@perdure/proto/protocol/v1/journal";
import type { RegisteredService } from "./registry-view.js";

export interface SubmitRequest {
  readonly service: RegisteredService;
  readonly handler: Handler;
  /** Present exactly for virtual objects and workflows. */
  readonly key: string | undefined;
  readonly scope: string | undefined;
  /** Only with a scope. */
  readonly limitKey: string | undefined;
  readonly headers: readonly Header[];
  readonly parameter: Uint8Array;
  readonly idempotencyKey: string | undefined;
  /** 0: at once. */
  readonly delayMs: number;
  /** {@link Invocations.admit} was asked before. */
  readonly admitted?: boolean;
}

export interface Submitted {
  readonly invocationId: string;
  /** False: it was accepted before, under the same workflow key or idempotency key. */
  readonly accepted: boolean;
  /** Epoch milliseconds; undefined unless the invocation is scheduled. */
  readonly executionTimeMs: number | undefined;
}

/** How an invocation ended. */
export type Outcome = (
  | { readonly kind: "value"; readonly value: Uint8Array }
  | { readonly kind: "failure"; readonly failure: Failure }
) & {
  readonly invocationId: string;
  /** What it ran, to find the rule of its output's content type. */
  readonly service: string;
  readonly handler: string;
  /** Epoch milliseconds until which the result is kept; undefined where no key names it. */
  readonly retainedUntilMs: number | undefined;
};

/** An invocation, by id or by what its id is derived from. */
export type InvocationRef =
  | { readonly kind: "id"; readonly invocationId: string }
  | {
      readonly kind: "workflow";
      readonly workflow: string;
      readonly key: string;
      readonly scope: string | undefined;
    }
  | {
      readonly kind: "idempotent";
      readonly service: string;
      readonly handler: string;
      readonly key: string | undefined;
      readonly idempotencyKey: string;
      readonly scope: string | undefined;
    };

/** How far an invocation is. Created: it waits for its time, its key or a limit. */
export interface Stage {
  readonly invocationId: string;
  readonly stage: "created" | "started" | "completed";
  /** How the last attempt failed, or how it ended. */
  readonly failure: Failure | undefined;
}

/** Tells a wait that nobody waits any more: what is used of an AbortSignal. */
export interface Gone {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
}

export type SignalResult = Signal["result"];

export interface Invocations {
  /**
   * Asked before the body of a submission is read, by those who can: whoever did says so in its request.
   * @throws Overloaded, Unavailable
   */
  admit(mode: "call" | "send", service: string): void;
  /** Resolves once the invocation is durable, not when it has run. */
  submit(request: SubmitRequest): Promise<Submitted>;
  /**
   * Submits and waits for the result. A second call with the same idempotency key waits for the first's; a second call
   * of a workflow's run ends with failure 409.
   */
  call(request: SubmitRequest, gone?: Gone): Promise<Outcome>;
  /** Waits for the result; undefined where there is no such invocation. */
  attach(ref: InvocationRef, gone?: Gone): Promise<Outcome | undefined>;
  /** The result if there is one; undefined where there is no such invocation. */
  output(ref: InvocationRef): Promise<Outcome | "notReady" | undefined>;
  /** How far it is; undefined where there is no such invocation. */
  status(ref: InvocationRef): Promise<Stage | undefined>;
  /** Sends a signal to an invocation, by the signal's number. One that is over gets none. Durable when it resolves. */
  signal(invocationId: string, signalId: number, result: SignalResult): Promise<void>;
  /** The id that a reference stands for, whether it exists or not. */
  idOf(ref: InvocationRef): string;
}

/** The engine takes no more work at the moment. Safe to retry. */
export class Overloaded extends Error {
  override readonly name = "Overloaded";
  readonly retryAfterSeconds: number;
  /** So many are refused that whoever was is not listened to for so long. */
  readonly holdBackMs: number;

  constructor(message: string, retryAfterSeconds: number, holdBackMs = 0) {
    super(message);
    this.holdBackMs = holdBackMs;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The engine can't store anything now (a full disk). Nothing was accepted; safe to retry. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
