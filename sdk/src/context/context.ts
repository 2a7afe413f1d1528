// What handlers are given. One interface for each kind of handler: what a handler may not do is not there.

import type { Duration } from "@perdure/protocol/duration";
import type { DefinableAs, HandlersOf, ServiceName } from "@perdure/protocol/definitions";
import type { DurablePromise } from "../futures/names.js";
import type { TerminalError } from "../errors.js";
import type { Serde } from "../serde/serde.js";
import type { ClientOf, InvocationHandle, InvocationPromise, SendClientOf } from "./clients.js";

/** How a step is tried again when its closure fails. */
export interface RunOptions<T> {
  readonly serde?: Serde<T>;
  /** The first one included. Default: no limit. */
  readonly maxRetryAttempts?: number;
  /** Counted from the first attempt. Default: no limit. */
  readonly maxRetryDuration?: Duration;
  /** Default 50 ms. */
  readonly initialRetryInterval?: Duration;
  /** Default 10 s. */
  readonly maxRetryInterval?: Duration;
  /** Default 2. */
  readonly retryIntervalFactor?: number;
}

/** What the closure of a step is given. */
export interface StepContext {
  /** Fires when the attempt is over (its connection is lost, it was aborted): what the closure gives is not recorded then. */
  readonly signal: AbortSignal;
}

export type RunAction<T> = (step: StepContext) => T | Promise<T>;

/** Random numbers that are the same on every replay. */
export interface Rand {
  /** 0 inclusive to 1 exclusive. */
  random(): number;
  /** A version 4 UUID. Not for secrets that must withstand someone who knows the invocation. */
  uuidv4(): string;
}

/** The time, recorded as a step. */
export interface ContextDate {
  /** Epoch milliseconds. */
  now(): Promise<number>;
  /** ISO 8601. */
  toJSON(): Promise<string>;
}

/** What was asked for. */
export interface Request {
  readonly target: Target;
  readonly id: InvocationId;
  /** Of the request that submitted the invocation. Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Of this attempt. */
  readonly attemptHeaders: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  readonly extraArgs: readonly unknown[];
  readonly idempotencyKey: string | undefined;
  readonly scope: string | undefined;
  readonly limitKey: string | undefined;
  /** Fires when this attempt ends, for whatever reason. */
  readonly attemptCompletedSignal: AbortSignal;
}

export interface Target {
  readonly service: string;
  readonly handler: string;
  readonly key: string | undefined;
  toString(): string;
}

/** inv_… as text. */
export type InvocationId = string & { readonly __brand?: "InvocationId" };

/** A call whose target is known only at run time. Values are bytes unless serdes say otherwise. */
export interface GenericCall<I, O> {
  readonly service: string;
  readonly method: string;
  readonly parameter: I;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly inputSerde?: Serde<I>;
  readonly outputSerde?: Serde<O>;
  readonly idempotencyKey?: string;
  readonly scope?: string;
  /** Requires a scope. */
  readonly limitKey?: string;
  readonly name?: string;
}

export type GenericSend<I> = Omit<GenericCall<I, never>, "outputSerde"> & {
  readonly delay?: Duration;
};

export interface Awakeable<T> {
  /** sign_1… Give it to whoever completes it. */
  readonly id: string;
  readonly promise: DurablePromise<T>;
}

/** Clients of handlers: for calls, which wait for the result, and sends, which do not. */
export interface ClientMakers {
  /**
   * Calls a handler of a plain service. Services are named by their class, by their definition, or by `{ name }` with a
   * type argument: `ctx.serviceClient<typeof Greeter>({ name: "Greeter" })`.
   */
  serviceClient<D extends DefinableAs<"service">>(definition: D): ClientOf<HandlersOf<D>>;
  serviceClient<D>(name: ServiceName): ClientOf<HandlersOf<D>>;
  /** Calls a handler of a virtual object. */
  objectClient<D extends DefinableAs<"object">>(
    definition: D,
    key: string,
  ): ClientOf<HandlersOf<D>>;
  objectClient<D>(name: ServiceName, key: string): ClientOf<HandlersOf<D>>;
  /** Calls a handler of a workflow. */
  workflowClient<D extends DefinableAs<"workflow">>(
    definition: D,
    key: string,
  ): ClientOf<HandlersOf<D>>;
  workflowClient<D>(name: ServiceName, key: string): ClientOf<HandlersOf<D>>;
  /** As the clients, without waiting for the result. */
  serviceSendClient<D extends DefinableAs<"service">>(definition: D): SendClientOf<HandlersOf<D>>;
  serviceSendClient<D>(name: ServiceName): SendClientOf<HandlersOf<D>>;
  objectSendClient<D extends DefinableAs<"object">>(
    definition: D,
    key: string,
  ): SendClientOf<HandlersOf<D>>;
  objectSendClient<D>(name: ServiceName, key: string): SendClientOf<HandlersOf<D>>;
  workflowSendClient<D extends DefinableAs<"workflow">>(
    definition: D,
    key: string,
  ): SendClientOf<HandlersOf<D>>;
  workflowSendClient<D>(name: ServiceName, key: string): SendClientOf<HandlersOf<D>>;
  /**
   * Calls handlers of whatever kind: a definition, a decorated class or an interface, with a key where its kind has one.
   */
  client<D extends DefinableAs<"service">>(definition: D): ClientOf<HandlersOf<D>>;
  client<D extends DefinableAs<"object" | "workflow">>(
    definition: D,
    key: string,
  ): ClientOf<HandlersOf<D>>;
  /** As {@link ClientMakers.client}, without waiting for the result. */
  sendClient<D extends DefinableAs<"service">>(definition: D): SendClientOf<HandlersOf<D>>;
  sendClient<D extends DefinableAs<"object" | "workflow">>(
    definition: D,
    key: string,
  ): SendClientOf<HandlersOf<D>>;
}

/** Clients whose calls and sends belong to a scope: keys, ids and concurrency limits of its own. */
export interface ScopedContext extends ClientMakers {
  genericCall<I = Uint8Array, O = Uint8Array>(
    call: Omit<GenericCall<I, O>, "scope">,
  ): InvocationPromise<O>;
  genericSend<I = Uint8Array>(send: Omit<GenericSend<I>, "scope">): InvocationHandle;
}

/** What is known of another invocation, however it is named. */
export interface InvocationResult {
  /**
   * Waits for its result.
   * @throws TerminalError  its failure; 404 where there is no such invocation
   */
  attach<T = unknown>(serde?: Serde<T>): DurablePromise<T>;
  /** Its result, without waiting: undefined while there is none. */
  output<T = unknown>(serde?: Serde<T>): DurablePromise<T | undefined>;
}

/** Another invocation. */
export interface InvocationReference extends InvocationResult {
  readonly invocationId: InvocationId;
  /** A signal to it, which it gets from its `ctx.signal(name)`. */
  signal<T = unknown>(name: string, serde?: Serde<T>): SignalReference<T>;
  /** Asks it to stop. It may compensate, and take its time. */
  cancel(): void;
}

/** A named signal of another invocation. Each call sends one; they are queued there. */
export interface SignalReference<T> {
  resolve(payload?: T, serde?: Serde<T>): void;
  reject(reason: string | TerminalError): void;
}

/** The run of a workflow, by its key. */
export interface WorkflowTarget {
  readonly workflow: string | DefinableAs<"workflow">;
  readonly key: string;
  readonly scope?: string;
}

/** A call or a send that was made with an idempotency key. */
export interface IdempotentTarget {
  readonly service: string | DefinableAs<"service" | "object">;
  readonly handler: string;
  readonly idempotencyKey: string;
  /** Of a virtual object. */
  readonly key?: string;
  readonly scope?: string;
}

/** An invocation that is named by what its id is derived from. */
export type InvocationTarget = WorkflowTarget | IdempotentTarget;

declare const contextKind: unique symbol;

/** What every handler can do. */
export interface Context extends ClientMakers {
  /**
   * A step: runs the closure once and records its result. On replay the recorded result is returned and the closure does
   * not run. It starts when the promise is awaited. Don't use the context inside.
   * @throws TerminalError  thrown by the closure, or when its retries are used up
   */
  run<T>(action: RunAction<T>): DurablePromise<T>;
  run<T>(name: string, action: RunAction<T>): DurablePromise<T>;
  run<T>(name: string, action: RunAction<T>, options: RunOptions<T>): DurablePromise<T>;
  /** Waits, for seconds or for months; costs nothing meanwhile. */
  sleep(duration: Duration, name?: string): DurablePromise<void>;
  genericCall<I = Uint8Array, O = Uint8Array>(call: GenericCall<I, O>): InvocationPromise<O>;
  genericSend<I = Uint8Array>(send: GenericSend<I>): InvocationHandle;
  /**
   * Clients whose calls and sends belong to a scope.
   * @throws TypeError  PDR2014: a scope is 1 to 36 of a-z, A-Z, 0-9, "_", "." and "-"
   */
  scope(key: string): ScopedContext;
  /**
   * The next signal of this name. They are queued for each name: each await takes one, and what comes while nobody waits is
   * kept. Sent with `ctx.invocation(id).signal(name)`; the id is `ctx.request().id`.
   */
  signal<T = unknown>(name: string, serde?: Serde<T>): DurablePromise<T>;
  /**
   * Another invocation: its result, signals to it, its cancellation.
   * @throws TerminalError  400: that is no invocation id
   */
  invocation(id: InvocationId): InvocationReference;
  /** The same by what the id is derived from: the key of a workflow, or an idempotency key. */
  invocation(target: InvocationTarget): InvocationResult;
  /** @deprecated Use `ctx.invocation(id).cancel()`. */
  cancel(id: InvocationId): void;
  /** @deprecated Use `ctx.invocation(id).attach()`. */
  attach<T = unknown>(id: InvocationId, serde?: Serde<T>): DurablePromise<T>;
  /**
   * A result that someone outside completes by its id: a handler, or a request to the ingress
   * (`POST /restate/awakeables/{id}/resolve`).
   */
  awakeable<T = unknown>(serde?: Serde<T>): Awakeable<T>;
  /**
   * Completes an awakeable. One that is completed already, or whose invocation is over, stays as it is. No payload is null,
   * or no bytes at all with a serde.
   * @throws TerminalError  400: that is no awakeable id
   */
  resolveAwakeable<T>(id: string, payload?: T, serde?: Serde<T>): void;
  rejectAwakeable(id: string, reason: string | TerminalError): void;
  request(): Request;
  readonly rand: Rand;
  readonly date: ContextDate;
  /** As the global console, but silent while the handler is replayed. */
  readonly console: Console;
}

/** State keys and the types of their values. */
export type TypedState = Record<string, unknown>;
/**
 * State of which no shape is given: any keys, values as each call says. Not a record of unknown values, so that contexts with
 * and without a shape stand for each other in the signatures of handlers and helpers.
 */
// oxlint-disable-next-line typescript/no-explicit-any
type AnyState = any;
type Keys<S extends object> = string extends keyof S ? string : keyof S & string;
/** The value of a key, or what the call says where no shape is given. */
type ValueOf<S extends object, K extends string, T> = string extends keyof S
  ? T
  : K extends keyof S
    ? S[K]
    : never;

interface StateReader<S extends object> {
  /** The object key, or the workflow key. */
  readonly key: string;
  /** Null where the key is not set. */
  get<T = unknown, K extends Keys<S> = Keys<S>>(
    name: K,
    serde?: Serde<ValueOf<S, K, T>>,
  ): DurablePromise<ValueOf<S, K, T> | null>;
  stateKeys(): DurablePromise<string[]>;
}

interface StateWriter<S extends object> {
  /** Recorded together with the handler's progress. */
  set<T = unknown, K extends Keys<S> = Keys<S>>(
    name: K,
    value: ValueOf<S, K, T>,
    serde?: Serde<ValueOf<S, K, T>>,
  ): void;
  clear(name: Keys<S>): void;
  clearAll(): void;
}

/** A promise of a workflow, by name, shared by its handlers. Survives everything. */
export interface WorkflowPromise<T> extends Promise<T> {
  /** As awaiting it, but a durable promise that can be combined. */
  get(): DurablePromise<T>;
  /** Undefined while it is not completed. */
  peek(): DurablePromise<T | undefined>;
  /** @throws TerminalError 409  it was completed before */
  resolve(value: T): DurablePromise<void>;
  /** @throws TerminalError 409  it was completed before */
  reject(message: string): DurablePromise<void>;
}

interface Promises {
  promise<T = unknown>(name: string, serde?: Serde<T>): WorkflowPromise<T>;
}

/** Of shared handlers of a virtual object: state can be read. */
export interface ObjectSharedContext<S extends object = AnyState> extends Context, StateReader<S> {
  readonly [contextKind]?: "object";
}

/** Of exclusive handlers of a virtual object: one at a time for each key. */
export interface ObjectContext<S extends object = AnyState>
  extends ObjectSharedContext<S>, StateWriter<S> {}

/** Of shared handlers of a workflow. */
export interface WorkflowSharedContext<S extends object = AnyState>
  extends Context, StateReader<S>, Promises {
  readonly [contextKind]?: "workflow";
}

/** Of a workflow's `run`. */
export interface WorkflowContext<S extends object = AnyState>
  extends WorkflowSharedContext<S>, StateWriter<S> {}
