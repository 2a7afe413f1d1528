// What the handler was asked for.

import type { Start } from "@perdure/proto/protocol/v1/deployment";
import type { Header, InputCommand } from "@perdure/proto/protocol/v1/journal";
import { bytesOf } from "@perdure/protocol/messages";
import type { InvocationId, Request, Target } from "./context.js";

export function createRequest(
  start: Start,
  input: InputCommand,
  signal: () => AbortSignal,
): Request {
  const { service = "", handler = "", key, scope, limitKey } = start.target ?? {};
  const target: Target = {
    service,
    handler,
    key,
    toString: () => [service, ...(key === undefined ? [] : [key]), handler].join("/"),
  };
  return {
    target,
    id: start.invocationId as InvocationId,
    headers: headerMap(input.headers),
    attemptHeaders: headerMap(start.attemptHeaders),
    body: bytesOf(input.value),
    extraArgs: [],
    idempotencyKey: start.idempotencyKey,
    scope,
    limitKey,
    get attemptCompletedSignal(): AbortSignal {
      return signal();
    },
  };
}

function headerMap(headers: readonly Header[]): ReadonlyMap<string, string> {
  return new Map(headers.map(({ name, value }) => [name.toLowerCase(), value]));
}
