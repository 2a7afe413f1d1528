// Connect's protocol for unary calls: the body is the message, and an error is a status and a JSON body.

import { createRegistry } from "@bufbuild/protobuf";
import { codeToHttpStatus, errorToJson } from "@connectrpc/connect/protocol-connect";
import { FailureDetailSchema } from "@perdure/proto/ingress/v1/ingress";
import { ingressErrors } from "../../http/error-codes.js";
import { HttpError } from "../../http/http-error.js";
import { respond } from "../../http/messages.js";
import { addCorsHeaders } from "../cors.js";
import { isGzip } from "./compression.js";
import type { RpcProtocol } from "./protocol.js";

/** For `debug` of a detail: its JSON, for people. */
const jsonOptions = { registry: createRegistry(FailureDetailSchema) };

export const connectUnary: RpcProtocol = {
  check: ({ connectVersion, encoding }) => {
    isGzip(encoding);
    if (connectVersion === undefined || connectVersion === "1") return;
    throw new HttpError(
      ingressErrors.badMessage,
      `header "connect-protocol-version" must be "1", not "${connectVersion}"`,
    );
  },

  messageOf: (body, { encoding }) => ({
    bytes: body,
    isCompressed: body.byteLength > 0 && isGzip(encoding),
  }),

  reply: ({ response, head }, codec, headers, { bytes, isCompressed }) => {
    headers.push("content-type", `application/${codec}`);
    if (isCompressed) headers.push("content-encoding", "gzip");
    respond(response, 200, addCorsHeaders(headers, head.origin), bytes);
  },

  replyError: ({ response, head }, _codec, error) => {
    const headers = ["content-type", "application/json"];
    error.metadata.forEach((value, name) => headers.push(name, value));
    const body = JSON.stringify(errorToJson(error, jsonOptions));
    respond(response, codeToHttpStatus(error.code), addCorsHeaders(headers, head.origin), body);
  },
};
