// gRPC-Web for unary calls, over any HTTP: the frames of gRPC, with the trailers as a last frame of the body. The text
// form is the same in base64.

import { ingressErrors } from "../../http/error-codes.js";
import { HttpError } from "../../http/http-error.js";
import { respond } from "../../http/messages.js";
import { addCorsHeaders } from "../cors.js";
import type { Exchange } from "../exchange.js";
import { isGzip } from "./compression.js";
import type { Codec } from "./content-type.js";
import { compressedFlag, frameOf, trailersFlag } from "./frames.js";
import { framedMessageOf, trailersOf } from "./grpc-status.js";
import type { RpcProtocol } from "./protocol.js";

const okTrailers = frameOf(trailersFlag, Buffer.from("grpc-status: 0\r\n"));

export const grpcWeb: RpcProtocol = form(
  "application/grpc-web",
  (body) => body,
  (bytes) => bytes,
);

export const grpcWebText: RpcProtocol = form("application/grpc-web-text", bytesOfText, (bytes) =>
  bytes.toString("base64"),
);

function form(
  contentType: string,
  read: (body: Uint8Array) => Uint8Array,
  write: (bytes: Buffer) => Uint8Array | string,
): RpcProtocol {
  function reply(exchange: Exchange, codec: Codec, headers: string[], bytes: Buffer): void {
    headers.push("content-type", `${contentType}+${codec}`);
    respond(exchange.response, 200, addCorsHeaders(headers, exchange.head.origin), write(bytes));
  }
  return {
    check: ({ encoding }) => void isGzip(encoding),

    messageOf: (body, head) => framedMessageOf(read(body), head),

    reply: (exchange, codec, headers, { bytes, isCompressed }) => {
      if (isCompressed) headers.push("grpc-encoding", "gzip");
      const frame = frameOf(isCompressed ? compressedFlag : 0, bytes, okTrailers.byteLength);
      frame.set(okTrailers, frame.byteLength - okTrailers.byteLength);
      reply(exchange, codec, headers, frame);
    },

    replyError: (exchange, codec, error) => {
      const lines = trailersOf(error, false).map(([name, value]) => `${name}: ${value}\r\n`);
      reply(exchange, codec, [], frameOf(trailersFlag, Buffer.from(lines.join(""), "latin1")));
    },
  };
}

/** Base64, which may have been encoded piece by piece: padding may stand in the middle. */
function bytesOfText(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  if (!/^[A-Za-z0-9+/=\s]*$/.test(text)) {
    throw new HttpError(ingressErrors.badMessage, "malformed request: the body is no base64");
  }
  const pieces = text.match(/[^=]+/g) ?? [];
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64")));
}
