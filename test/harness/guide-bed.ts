// For tests of examples: an environment in this process, what is registered with it, how things fail. All of it
// ends after each test, and what the examples say on the console is not news.

import { TestEnvironment, type TestEnvironmentOptions } from "@perdure/testing";
import type { HttpCallError } from "@perdure/clients";
import { serve, type ServeOptions } from "@perdure/sdk";
import { afterEach, beforeEach, expect, vi } from "vitest";

export interface GuideBed {
  /** Does something after the test; last come, first served. */
  after(close: () => unknown): void;
  start(
    services: TestEnvironmentOptions["services"],
    options?: Omit<TestEnvironmentOptions, "services">,
  ): Promise<TestEnvironment>;
  /** Services at an address of their own. */
  serveAt(services: ServeOptions["services"]): Promise<string>;
}

/** For one test file. */
export function useGuideBed(): GuideBed {
  const closing: (() => unknown)[] = [];

  beforeEach(() => {
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    vi.spyOn(console, "error").mockImplementation(() => undefined);
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    for (const close of closing.splice(0).reverse()) await close();
  });

  return {
    after(close): void {
      closing.push(close);
    },
    async start(services, options = {}): Promise<TestEnvironment> {
      const env = await TestEnvironment.start({ services, ...options });
      closing.push(() => env.stop());
      return env;
    },
    async serveAt(services): Promise<string> {
      const listening = await serve({ services, port: 0 });
      closing.push(() => listening.close());
      return `http://127.0.0.1:${listening.port}`;
    },
  };
}

export function register(env: TestEnvironment, uri: string, more: object = {}): Promise<Response> {
  return fetch(`${env.adminAPIBaseUrl()}/deployments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uri, ...more }),
  });
}

/** The error with which it ends. */
export async function failureOf(ending: Promise<unknown>): Promise<HttpCallError> {
  return ending.then(
    (value) => expect.fail(`it ended with ${JSON.stringify(value)}`),
    (error: unknown) => error as HttpCallError,
  );
}
