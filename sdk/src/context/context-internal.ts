// What contexts can do beyond what most code should use. Every context has it:
// `const internals = ctx as restate.internal.ContextInternal`.

import type { DurablePromise } from "../futures/names.js";
import type { Context, InvocationId } from "./context.js";

export interface ContextInternal extends Context {
  /** Whether the code does something new, as opposed to being replayed. Nothing may be decided by it, except what to log. */
  isProcessing(): boolean;
  /**
   * Settles when the invocation is cancelled, once for each time: the promise stays the same until it has settled; then the
   * next one is for the next time. Only with the option `explicitCancellation`; else it never settles.
   */
  cancellation(): DurablePromise<void>;
  /**
   * Cancels the calls (not the sends) that the handler has made so far and that are under way. Only with the option
   * `explicitCancellation`; else it does nothing.
   * @returns the ids of what was cancelled
   */
  cancelPreviousCalls(): DurablePromise<InvocationId[]>;
}
