// Ingress.Watch: what happens to an invocation, as a stream.

import type { WatchRequest, WatchResponse } from "@perdure/proto/ingress/v1/ingress";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import { Unavailable } from "../shard/invocations.js";
import { progressOf, type Progress } from "../shard/watch-events.js";
import { LifeOver } from "../shard/watches.js";
import { refOf } from "./connect-requests.js";
import { notFound } from "./failures.js";
import { GoneSignal } from "../shard/gone-signal.js";
import type { OpenStreams } from "./open-streams.js";
import type { IngressParts } from "./parts.js";

/**
 * @param signal  aborted when the client has gone
 * @throws HttpError  for whatever is wrong with the request
 * @throws Unavailable  the server closes; another goes on from the last cursor
 */
export async function* watch(
  parts: IngressParts,
  streams: OpenStreams,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchResponse, void> {
  const ref = refOf(parts, request.invocation);
  const since = request.cursor === "" ? undefined : sinceOf(request.cursor);
  const invocationId = parts.invocations.idOf(ref);
  const gone = new GoneSignal();
  const end = (): void => gone.abort();
  const leave = streams.enter(end);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    const events = await parts.watches.watch(invocationId, since, gone);
    if (events === undefined) throw notFound(parts.registry(), ref);
    let isOver = false;
    for await (const { cursor, event } of events) {
      yield { $typeName: "perdure.ingress.v1.WatchResponse", invocationId, cursor, event };
      isOver = event.case === "completed";
    }
    // An end without an error would say that there is nothing more to come.
    if (isOver) return;
    signal.throwIfAborted();
    if (streams.isClosing) throw stopping();
  } catch (error) {
    throw error instanceof LifeOver ? badCursor(error.message) : error;
  } finally {
    leave();
    signal.removeEventListener("abort", end);
  }
}

function stopping(): Unavailable {
  return new Unavailable(
    "PDR1301",
    "the server is stopping: watch again from the cursor of the last message",
  );
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
