// Hooks: code around every attempt of a handler and around every step that is executed. What services and handlers
// say about them; how they are called is in attempt/interceptors.ts.

import type { Request } from "../context/context.js";

/** Wraps what it is given: does something, calls `next` once, does something after. */
export interface Interceptor {
  /**
   * Around the handler, on every attempt. `next()` reads the input, runs the handler and writes its output; it rejects
   * with what the handler threw, or with an internal error when the attempt ends without a result (it was suspended or
   * let go): rethrow it. The output is recorded after the outermost interceptor has returned. An error that is thrown is
   * as one of the handler.
   */
  handler?(next: () => Promise<void>): Promise<void>;
  /**
   * Around the closure of a step, when it is executed; not for steps whose result is recorded. `next()` rejects with
   * what the closure threw. An error that is thrown is as one of the closure; one that is not rethrown is none, and the
   * step then gives undefined.
   * @param name  the step's name; "" for none
   */
  run?(name: string, next: () => Promise<void>): Promise<void>;
}

export interface Hooks {
  readonly interceptor?: Interceptor;
}

/** Makes the hooks of one attempt. Called before the handler; an error is as one of the handler. */
export type HooksProvider = (context: { readonly request: Request }) => Hooks;
