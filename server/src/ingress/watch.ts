// Ingress.Watch: what happens to an invocation, as a stream.

import type { WatchRequest, WatchResponse } from "@perdure/proto/ingress/v1/ingress";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { Gone } from "../shard/invocations.js";
import { progressOf, type Progress } from "../shard/watch-events.js";
import { LifeOver } from "../shard/watches.js";
import { refOf } from "./connect-requests.js";
import { notFound } from "./failures.js";
import type { IngressParts } from "./parts.js";

/** @throws HttpError  for whatever is wrong with the request */
export async function* watch(
  parts: IngressParts,
  request: WatchRequest,
  gone: Gone,
): AsyncGenerator<WatchResponse, void> {
  const ref = refOf(parts, request.invocation);
  const since = request.cursor === "" ? undefined : sinceOf(request.cursor);
  const invocationId = parts.invocations.idOf(ref);
  const events = await parts.watches.watch(invocationId, since, gone).catch((error: unknown) => {
    throw error instanceof LifeOver ? badCursor(error.message) : error;
  });
  if (events === undefined) throw notFound(parts.registry(), ref);
  for await (const { cursor, event } of events) {
    yield { $typeName: "perdure.ingress.v1.WatchResponse", invocationId, cursor, event };
  }
}

function sinceOf(cursor: string): Progress {
  const progress = progressOf(cursor);
  if (progress !== undefined) return progress;
  throw badCursor(
    `"${cursor.slice(0, 64)}" is no cursor: take it from a message of an earlier Watch`,
  );
}

function badCursor(message: string): HttpError {
  return new HttpError(
    ingressErrors.badCursor,
    `${message}; leave it empty to watch from the beginning`,
  );
}
