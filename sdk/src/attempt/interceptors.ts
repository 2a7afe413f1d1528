// The hooks of one attempt: their interceptors, composed, the first provider's outermost.

import type { Hooks, HooksProvider } from "../definitions/hooks.js";
import type { Request } from "../context/context.js";
import { RestateError, suspendedCode } from "../errors.js";
import type { Attempt } from "./attempt.js";

type Next = () => Promise<void>;

export type HandlerInterceptor = (next: Next) => Promise<void>;
export type RunInterceptor = (name: string, next: Next) => Promise<void>;

export interface Interceptors {
  readonly handler: HandlerInterceptor | undefined;
  readonly run: RunInterceptor | undefined;
}

export function interceptorsOf(
  providers: readonly HooksProvider[],
  request: Request,
): Interceptors {
  const all = providers.map(
    (provider) => (provider({ request }) as Hooks | undefined)?.interceptor,
  );
  const handlers = all.filter((interceptor) => interceptor?.handler !== undefined);
  const runs = all.filter((interceptor) => interceptor?.run !== undefined);
  return {
    handler:
      handlers.length === 0
        ? undefined
        : (next) => nested(handlers, next, async (each, inner) => each?.handler?.(inner)),
    run:
      runs.length === 0
        ? undefined
        : (name, next) => nested(runs, next, async (each, inner) => each?.run?.(name, inner)),
  };
}

function nested<I>(
  interceptors: readonly I[],
  innermost: Next,
  call: (interceptor: I, inner: Next) => Promise<void>,
): Promise<void> {
  return interceptors.reduceRight<Next>(
    (inner, interceptor) => () => call(interceptor, inner),
    innermost,
  )();
}

/**
 * The code, for interceptors: their `next` rejects when the attempt is over before the code is, so that they can clean
 * up. The code itself never learns of it.
 */
export function untilOver(attempt: Attempt, code: Next): Promise<void> {
  const { signal } = attempt;
  const over = new Promise<never>((_, reject) => {
    const ended = (): void => {
      reject((attempt.failure ?? endedWithoutResult()) as Error);
    };
    if (signal.aborted) ended();
    else signal.addEventListener("abort", ended, { once: true });
  });
  return Promise.race([code(), over]);
}

function endedWithoutResult(): RestateError {
  return new RestateError("The attempt has ended without a result: it was suspended or let go", {
    errorCode: suspendedCode,
  });
}
