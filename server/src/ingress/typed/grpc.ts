// gRPC for unary calls: framed messages over HTTP/2, the status in trailers; an error is trailers alone.

import { isGone, type HttpResponse } from "../../http/messages.js";
import type { Http2ServerResponse } from "node:http2";
import { addCorsHeaders } from "../cors.js";
import { isGzip } from "./compression.js";
import type { Codec } from "./content-type.js";
import { compressedFlag, frameOf } from "./frames.js";
import { framedMessageOf, trailersOf } from "./grpc-status.js";
import type { RpcProtocol } from "./protocol.js";

const okTrailers = { "grpc-status": "0" };

export const grpc: RpcProtocol = {
  check: ({ encoding }) => void isGzip(encoding),

  messageOf: framedMessageOf,

  reply: ({ response, head }, codec, headers, { bytes, isCompressed }) => {
    if (response.headersSent || isGone(response)) return;
    headers.push("content-type", contentTypeOf(codec));
    if (isCompressed) headers.push("grpc-encoding", "gzip");
    const http2 = http2ResponseOf(response);
    http2.addTrailers(okTrailers);
    http2.writeHead(200, addCorsHeaders(headers, head.origin) as unknown as undefined);
    http2.end(frameOf(isCompressed ? compressedFlag : 0, bytes));
  },

  replyError: ({ response, head }, codec, error) => {
    if (response.headersSent || isGone(response)) return;
    const http2 = http2ResponseOf(response);
    http2.setHeader("content-type", contentTypeOf(codec));
    for (const [name, value] of trailersOf(error, true)) http2.setHeader(name, value);
    const cors = addCorsHeaders([], head.origin);
    for (let at = 0; at + 1 < cors.length; at += 2)
      http2.setHeader(cors[at] ?? "", cors[at + 1] ?? "");
    // Headers that end the stream: what gRPC calls a trailers-only response.
    http2.end();
  },
};

/** Only requests over HTTP/2 come here. */
function http2ResponseOf(response: HttpResponse): Http2ServerResponse {
  return response as Http2ServerResponse;
}

function contentTypeOf(codec: Codec): string {
  return codec === "json" ? "application/grpc+json" : "application/grpc+proto";
}
