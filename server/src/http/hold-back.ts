// Connections that are not read for a moment. Where more requests come in one turn of the loop than can be refused in time,
// the turn never ends: whatever is ready is handed out first, and more is ready by then. Whoever has just been refused and
// asks again at once on the same connection waits this moment, in the socket's own buffer.
//
// node has no way to say it: its parser reads the handle of the socket itself, past `pause`.

import type { HttpResponse } from "./messages.js";

interface Handle {
  readStop(): void;
  readStart(): void;
}

interface WithHandle {
  readonly _handle?: Partial<Handle> | null;
}

/** Those of this turn, by for how long. */
const held = new Map<number, WithHandle[]>();

/** The connection of a response over HTTP/1.1 that was just given; those of HTTP/2 have limits of their own. */
export function holdBack(response: HttpResponse, ms: number): void {
  if ("stream" in response) return;
  const { socket } = response;
  if (socket === null) return;
  const owner = socket as WithHandle;
  if (typeof owner._handle?.readStop !== "function") return;
  owner._handle.readStop();
  const others = held.get(ms);
  if (others === undefined) {
    held.set(ms, [owner]);
    setImmediate(letGo, ms);
  } else others.push(owner);
}

function letGo(ms: number): void {
  const owners = held.get(ms);
  held.delete(ms);
  if (owners !== undefined) setTimeout(readAgain, ms, owners);
}

function readAgain(owners: readonly WithHandle[]): void {
  // One that was closed meanwhile has no handle any more.
  for (const { _handle } of owners) _handle?.readStart?.();
}
