// An ingress for a table of requests: opened for each test with what the row says, asked as a client would.

import { formatAwakeableId } from "@perdure/protocol/awakeable-id";
import { afterEach } from "vitest";
import { openTestIngress } from "./ingress.fixture.js";
import type { MemoryInvocations, TestIngress } from "./ingress.fixture.js";
import type { IngressOptions } from "./start-ingress.js";

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly json?: unknown;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export interface AskedIngress {
  /** Opens it; it is closed after the test. */
  open(options?: Partial<IngressOptions>): Promise<MemoryInvocations>;
  /** POST unless `asked` says otherwise. */
  ask(asked: Asked): Promise<Answer>;
}

/** Well formed, and nobody's. */
export const unknownId: string = `inv_1${"0".repeat(33)}`;
export const awakeableId: string = formatAwakeableId({ invocationId: unknownId, signalId: 17 });

export function useIngress(): AskedIngress {
  let ingress: TestIngress | undefined;
  afterEach(() => ingress?.port.close());
  return {
    open: async (options = {}) => {
      ingress = await openTestIngress(options);
      return ingress.invocations;
    },
    ask: async ({ method = "POST", path, json, body, headers = {} }) => {
      const content = json === undefined ? body : JSON.stringify(json);
      const type = json === undefined ? {} : { "content-type": "application/json" };
      const response = await fetch((ingress?.url ?? "") + path, {
        method,
        headers: { ...type, ...headers },
        ...(content === undefined ? {} : { body: content }),
      });
      return { status: response.status, headers: response.headers, body: await response.text() };
    },
  };
}
