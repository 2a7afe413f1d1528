// What a connection to an ingress offers.

import type { DefinableAs, HandlersOf, ServiceName } from "@perdure/protocol/definitions";
import type { CallClient, SendClient, SendHandle, WorkflowClient } from "./client-types.js";
import type { Opts, SendOpts } from "./options.js";
import type { HandlerTarget } from "./target-path.js";

/** A handler, by name, and what it gets. */
export interface UntypedCall extends HandlerTarget {
  readonly input?: unknown;
  readonly options?: Opts | undefined;
}

export interface UntypedSend extends HandlerTarget {
  readonly input?: unknown;
  readonly options?: SendOpts | undefined;
}

/**
 * A connection to an ingress. Holds no socket of its own and needs no closing.
 *
 * A service type is named by its decorated class, by its definition, or by `{ name }` with a type argument:
 * `serviceClient(Greeter)`, `serviceClient<typeof Greeter>({ name: "Greeter" })`.
 */
export interface Ingress {
  serviceClient<D extends DefinableAs<"service">>(definition: D): CallClient<HandlersOf<D>>;
  serviceClient<D>(name: ServiceName): CallClient<HandlersOf<D>>;

  serviceSendClient<D extends DefinableAs<"service">>(definition: D): SendClient<HandlersOf<D>>;
  serviceSendClient<D>(name: ServiceName): SendClient<HandlersOf<D>>;

  objectClient<D extends DefinableAs<"object">>(
    definition: D,
    key: string,
  ): CallClient<HandlersOf<D>>;
  objectClient<D>(name: ServiceName, key: string): CallClient<HandlersOf<D>>;

  objectSendClient<D extends DefinableAs<"object">>(
    definition: D,
    key: string,
  ): SendClient<HandlersOf<D>>;
  objectSendClient<D>(name: ServiceName, key: string): SendClient<HandlersOf<D>>;

  workflowClient<D extends DefinableAs<"workflow">>(
    definition: D,
    key: string,
  ): WorkflowClient<HandlersOf<D>>;
  workflowClient<D>(name: ServiceName, key: string): WorkflowClient<HandlersOf<D>>;

  /**
   * Waits for the result of something that was submitted.
   * @throws HttpCallError  the failure with which it ended; 404 if nothing is known of it any more
   */
  result<Output>(handle: SendHandle<Output>, options?: Opts): Promise<Output>;

  /** Calls any handler and waits for its result. */
  call<Output = unknown>(call: UntypedCall): Promise<Output>;

  /** Submits an invocation of any handler. Resolves when it is durable. */
  send<Output = unknown>(send: UntypedSend): Promise<SendHandle<Output>>;
}
