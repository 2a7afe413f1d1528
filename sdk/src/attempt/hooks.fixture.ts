// Hooks for tests: some that write down what they see, and some that do one thing.

import type { Hooks, HooksProvider } from "../definitions/hooks.js";
import type { AttemptDriver, Code } from "../endpoint/session.fixture.js";

/** Hooks that write down what they see, in order. */
export function recorder(name = "hook"): { provider: HooksProvider; events: string[] } {
  const events: string[] = [];
  return { provider: () => recording(events, name), events };
}

export function recording(events: string[], name: string): Hooks {
  const around = async (what: string, next: () => Promise<void>): Promise<void> => {
    events.push(`${name}: ${what}`);
    try {
      await next();
      events.push(`${name}: ${what} done`);
    } catch (error) {
      events.push(`${name}: ${what} failed: ${(error as Error).message}`);
      throw error;
    }
  };
  return {
    interceptor: {
      handler: (next) => around("handler", next),
      run: (step, next) => around(`run ${step}`, next),
    },
  };
}

export const stepped: Code = async (ctx) => ctx.run("a", () => 5);

/** Accepts the proposal of the one step, as entry 2. */
export async function accepted(driver: AttemptDriver): Promise<string[]> {
  await driver.until("proposeCompletion");
  driver.accept(2, 1);
  return driver.until("end");
}

export function handlerOnly(handler: (next: () => Promise<void>) => Promise<void>): HooksProvider {
  return () => ({ interceptor: { handler } });
}

export function runOnly(
  runs: (name: string, next: () => Promise<void>) => Promise<void>,
): HooksProvider {
  return () => ({ interceptor: { run: runs } });
}
