// An error as the answer of a typed request, in the words of its protocol.

import type { ConnectError } from "@connectrpc/connect";
import { constants } from "node:http2";
import type { Exchange } from "../exchange.js";
import type { ContentType } from "./content-type.js";
import { protocolOf } from "./protocols.js";

/** A client that sends nothing for this long is asked to end. */
const idleMs = 200;
/** How long a client that has its answer may go on sending. */
const restMs = 5_000;

export function refuse(
  exchange: Exchange,
  { wire, codec }: ContentType,
  error: ConnectError,
): void {
  const { request } = exchange;
  protocolOf(wire).replyError(exchange, codec, error);
  // A stream of HTTP/2 lives until both of its sides have ended, and a client that has its answer may never end its
  // own. It is asked to, but what is on its way passes by first: Node's client never comes out of sending what nobody
  // takes.
  if (!("stream" in request) || request.stream.readableEnded) return;
  const { stream } = request;
  const close = (): void => stream.close(constants.NGHTTP2_NO_ERROR);
  const timers = [setTimeout(close, idleMs), setTimeout(close, restMs)] as const;
  stream.on("data", () => timers[0].refresh());
  stream.once("close", () => {
    for (const timer of timers) clearTimeout(timer);
  });
}
