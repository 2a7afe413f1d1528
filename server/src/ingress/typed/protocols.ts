// The three protocols (and the text form of one) by what content types call them.

import { connectUnary } from "./connect-unary.js";
import type { Wire } from "./content-type.js";
import { grpc } from "./grpc.js";
import { grpcWeb, grpcWebText } from "./grpc-web.js";
import type { RpcProtocol } from "./protocol.js";

export function protocolOf(wire: Wire): RpcProtocol {
  switch (wire) {
    case "connect":
      return connectUnary;
    case "grpc":
      return grpc;
    case "grpc-web":
      return grpcWeb;
    case "grpc-web-text":
      return grpcWebText;
  }
}
