// Tells a wait that its client has gone.

import { isGone, type HttpResponse } from "../http/messages.js";
import { GoneSignal } from "../shard/gone-signal.js";

/** A signal that is aborted when the client goes away before it has its answer. */
export function goneSignal(response: HttpResponse): GoneSignal {
  const signal = new GoneSignal();
  // What has closed before says it no more.
  if (isGone(response)) signal.abort();
  response.on("close", () => {
    if (!response.writableEnded) signal.abort();
  });
  return signal;
}
