// An error as the answer of a typed request, in the words of its protocol.

import type { ConnectError } from "@connectrpc/connect";
import { constants } from "node:http2";
import type { Exchange } from "../exchange.js";
import type { ContentType } from "./content-type.js";
import { protocolOf } from "./protocols.js";

export function refuse(
  exchange: Exchange,
  { wire, codec }: ContentType,
  error: ConnectError,
): void {
  const { request } = exchange;
  protocolOf(wire).replyError(exchange, codec, error);
  // A stream of HTTP/2 lives until both of its sides have ended, and a client that has its answer may never end its
  // own. It is asked to, once the answer is on its way.
  if ("stream" in request && !request.stream.readableEnded) {
    request.stream.close(constants.NGHTTP2_NO_ERROR);
  }
}
