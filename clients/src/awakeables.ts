// The requests that complete an awakeable. Sending one twice is harmless, since the first to arrive wins; yet they
// are not retried by a connection's policy: callers of the field's clients count on exactly one request.

import type { Connection } from "./connection.js";
import { awakeablePath } from "./target-path.js";
import type { MaybeSerde } from "./values.js";

/** @throws HttpCallError  400: no awakeable's id */
export async function resolveAwakeable(
  { transport, values }: Connection,
  id: string,
  payload: unknown,
  serde: MaybeSerde,
): Promise<void> {
  const what = `resolving awakeable ${id}`;
  const path = awakeablePath(id, "resolve");
  const body = values.write(what, payload, [serde]);
  await transport({ what, path, ...body, isRepeatable: true, isRetried: false });
}

/** @throws HttpCallError  400: no awakeable's id */
export async function rejectAwakeable(
  { transport }: Connection,
  id: string,
  reason: string,
): Promise<void> {
  await transport({
    what: `rejecting awakeable ${id}`,
    path: awakeablePath(id, "reject"),
    body: new TextEncoder().encode(reason),
    contentType: "text/plain",
    isRepeatable: true,
    isRetried: false,
  });
}
