// What generated code is made of: a definition per service, as data, and the clients that come of it. The methods of
// a client (`Calls`, `Sends`) are interfaces that codegen writes.

import type { Output, Send } from "../client-types.js";
import type { ScopedIngress } from "../ingress.js";
import type { AttachOptions } from "./options.js";

/** How a handler's values travel, where plain JSON would not do. */
export interface HandlerData {
  /** false: it takes none. Else the JSON Schema of an input with Date, bigint or Uint8Array in it. */
  readonly input?: false | object;
  /** The JSON Schema of an output with Date, bigint or Uint8Array in it. */
  readonly output?: object;
  /** The input is bytes as they are. */
  readonly inputBytes?: true;
  /** The output is bytes as they are. */
  readonly outputBytes?: true;
}

/** A service, as its callers need it. */
export interface ServiceData {
  /** The name that it is registered by. */
  readonly name: string;
  /** By name. */
  readonly handlers: Readonly<Record<string, HandlerData>>;
}

/** What was submitted and is not waited for. */
export interface Submission<O = unknown> extends Send<O> {
  /**
   * Waits for the result. Retried where the connection retries.
   * @throws HttpCallError  the failure with which it ended; 404 if nothing is known of it any more
   * @throws ClientError  PDR5304: nobody keeps the result, since it was sent without an idempotency key
   */
  attach(options?: AttachOptions): Promise<O>;
  /**
   * The result, without waiting for it. Retried where the connection retries.
   * @throws HttpCallError  the failure with which it ended; 404 if nothing is known of it any more
   * @throws ClientError  PDR5304: nobody keeps the result, since it was sent without an idempotency key
   */
  output(options?: AttachOptions): Promise<Output<O>>;
}

/** Clients of a service: `greeter(ingress).greet("Ada")`, `greeter.send(ingress).greet("Ada", { delay: 500 })`. */
export interface ServiceClient<Calls extends object, Sends extends object> {
  /**
   * Calls: each method resolves with the handler's result.
   * @param ingress  from `connect`, or a scope of it: `ingress.scope("acme")`
   * @throws ClientError  PDR5305: it is no ingress
   */
  (ingress: ScopedIngress): Calls;
  /**
   * Sends: each method resolves when the invocation is durable.
   * @param ingress  from `connect`, or a scope of it: `ingress.scope("acme")`
   * @throws ClientError  PDR5305: it is no ingress
   */
  send(ingress: ScopedIngress): Sends;
}

/** Clients of a virtual object: `counter(ingress, "k").add(1)`, `counter.send(ingress, "k").add(1)`. */
export interface ObjectClient<Calls extends object, Sends extends object> {
  /**
   * Calls: each method resolves with the handler's result.
   * @param ingress  from `connect`, or a scope of it: `ingress.scope("acme")`
   * @throws ClientError  PDR5305: it is no ingress; PDR5303: the key is not text
   */
  (ingress: ScopedIngress, key: string): Calls;
  /**
   * Sends: each method resolves when the invocation is durable.
   * @param ingress  from `connect`, or a scope of it: `ingress.scope("acme")`
   * @throws ClientError  PDR5305: it is no ingress; PDR5303: the key is not text
   */
  send(ingress: ScopedIngress, key: string): Sends;
}

/** The client of a workflow: `signup(ingress, "ada").submit(user)`, `.attach()`, `.output()`, `.verifyEmail(…)`. */
export interface WorkflowClient<Calls extends object> {
  /**
   * `submit` begins the run, once for each key, and does not wait for it; `attach` waits for its result, `output` looks
   * whether there is one; the other methods call the shared handlers.
   * @param ingress  from `connect`, or a scope of it: `ingress.scope("acme")`
   * @throws ClientError  PDR5305: it is no ingress; PDR5303: the key is not text
   */
  (ingress: ScopedIngress, key: string): Calls;
}
