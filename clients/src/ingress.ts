// What a connection to an ingress offers.

import type { DefinableAs, HandlersOf, ServiceName } from "@perdure/protocol/definitions";
import type {
  IngressClient,
  IngressSendClient,
  IngressWorkflowClient,
  Send,
} from "./client-types.js";
import type { Opts, SendOpts } from "./options.js";
import type { Serde } from "./serde.js";
import type { HandlerTarget } from "./target-path.js";

/** A handler, by name, and what it gets. */
export interface GenericCall<I = unknown, O = unknown> extends HandlerTarget {
  readonly parameter?: I;
  readonly opts?: Opts<I, O> | undefined;
}

export interface GenericSend<I = unknown> extends HandlerTarget {
  readonly parameter?: I;
  readonly opts?: SendOpts<I> | undefined;
}

type Keyed = DefinableAs<"object"> | DefinableAs<"workflow">;

/** Makers of clients, all for one scope or for none. */
export interface ScopedIngress {
  serviceClient<D extends DefinableAs<"service">>(definition: D): IngressClient<HandlersOf<D>>;
  serviceClient<D>(name: ServiceName): IngressClient<HandlersOf<D>>;

  serviceSendClient<D extends DefinableAs<"service">>(
    definition: D,
  ): IngressSendClient<HandlersOf<D>>;
  serviceSendClient<D>(name: ServiceName): IngressSendClient<HandlersOf<D>>;

  objectClient<D extends DefinableAs<"object">>(
    definition: D,
    key: string,
  ): IngressClient<HandlersOf<D>>;
  objectClient<D>(name: ServiceName, key: string): IngressClient<HandlersOf<D>>;

  objectSendClient<D extends DefinableAs<"object">>(
    definition: D,
    key: string,
  ): IngressSendClient<HandlersOf<D>>;
  objectSendClient<D>(name: ServiceName, key: string): IngressSendClient<HandlersOf<D>>;

  workflowClient<D extends DefinableAs<"workflow">>(
    definition: D,
    key: string,
  ): IngressWorkflowClient<HandlersOf<D>>;
  workflowClient<D>(name: ServiceName, key: string): IngressWorkflowClient<HandlersOf<D>>;

  /**
   * Calls, whatever the kind: an object or a workflow takes a key, a service none. Of a workflow, `run` is a
   * handler like the others; its submission and its result are with {@link ScopedIngress.workflowClient}.
   */
  client<D extends DefinableAs<"service">>(definition: D): IngressClient<HandlersOf<D>>;
  client<D extends Keyed>(definition: D, key: string): IngressClient<HandlersOf<D>>;

  /** Sends, whatever the kind: an object or a workflow takes a key, a service none. */
  sendClient<D extends DefinableAs<"service">>(definition: D): IngressSendClient<HandlersOf<D>>;
  sendClient<D extends Keyed>(definition: D, key: string): IngressSendClient<HandlersOf<D>>;
}

/**
 * A connection to an ingress. Holds no socket of its own and needs no closing.
 *
 * A service type is named by its decorated class, by its definition or interface descriptor, or by `{ name }` with a
 * type argument: `serviceClient(Greeter)`, `serviceClient<typeof Greeter>({ name: "Greeter" })`. The first two also
 * say how values become bytes, where the service says so.
 */
export interface Ingress extends ScopedIngress {
  /**
   * The same makers for one scope: a part of the world of its own, in which keys and idempotency keys mean something
   * else than outside, and whose concurrency can be limited.
   * @param key  1 to 36 of the characters a-z, A-Z, 0-9, `_`, `.` and `-`
   * @throws ClientError  PDR5303: no text, or empty
   */
  scope(key: string): ScopedIngress;

  /**
   * Completes an awakeable with a value, or with none. Resolves when that is durable, also where nobody waits for it
   * any more. Never retried.
   * @param serde  Default: the connection's, else JSON
   * @throws HttpCallError  400: no awakeable's id
   */
  resolveAwakeable<T>(id: string, payload?: T, serde?: Serde<T>): Promise<void>;

  /**
   * Completes an awakeable with a failure: a TerminalError with this message and the code 500 is thrown where it is
   * awaited. Never retried.
   * @throws HttpCallError  400: no awakeable's id
   */
  rejectAwakeable(id: string, reason: string): Promise<void>;

  /**
   * Waits for the result of something that was submitted. Retried where the connection retries.
   * @param how  a serde for the result, or options. Default: what the definition declares, where `send` comes from a
   *   client of this package, else the connection's serde, else JSON
   * @throws HttpCallError  the failure with which it ended; 404 if nothing is known of it any more
   * @throws ClientError  PDR5303: it is not attachable, since it was sent without an idempotency key
   */
  result<O>(send: Send<O>, how?: Serde<O> | Opts<void, O>): Promise<O>;

  /** Calls any handler and waits for its result. */
  call<I = unknown, O = unknown>(call: GenericCall<I, O>): Promise<O>;

  /** Submits an invocation of any handler. Resolves when it is durable. */
  send<I = unknown>(send: GenericSend<I>): Promise<Send>;
}
