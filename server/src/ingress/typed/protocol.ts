// What tells the three protocols apart, for a unary call: how the request's message stands in its body, and how a
// response and an error are written. All else is the same for all of them (typed-call.ts).

import type { ConnectError } from "@connectrpc/connect";
import type { Exchange } from "../exchange.js";
import type { Codec } from "./content-type.js";
import type { Message } from "./frames.js";
import type { RpcHead } from "./rpc-head.js";

export interface RpcProtocol {
  /**
   * What must hold of the head.
   * @throws HttpError  PDR3035, PDR3036
   */
  check(head: RpcHead): void;
  /**
   * The message of a request.
   * @throws HttpError  PDR3036
   */
  messageOf(body: Uint8Array, head: RpcHead): Message;
  /**
   * Answers with a message.
   * @param headers  names and values in turn; added to
   */
  reply(exchange: Exchange, codec: Codec, headers: string[], message: Message): void;
  replyError(exchange: Exchange, codec: Codec, error: ConnectError): void;
}
