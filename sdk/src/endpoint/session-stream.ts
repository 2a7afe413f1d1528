// A session directly on an HTTP/2 stream of Node, in gRPC's framing: messages are handed over from the event that brings
// them, and what a turn has to say is one write. Everything else about a request stays with Connect, also sessions that
// ask for more than this (compression, a deadline) or come through something that hides the stream.

import type { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, Http2ServerResponse, type ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { grpcHeadBytes, GrpcReader, writeGrpcMessage } from "@perdure/protocol/grpc-framing";
import {
  decodeSessionRequest,
  encodeSessionResponseParts,
} from "@perdure/protocol/session-messages";
import { sdkVersion } from "../version.js";
import type { EndpointCore } from "./endpoint-core.js";
import { IdentityError } from "./request-identity.js";
import type { EndpointSession } from "./session.js";

const path = "/perdure.protocol.v1.Deployment/Session";
const contentType = "application/grpc+proto";

/** Whether a request can be carried here. */
export function isSessionRequest(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): request is Http2ServerRequest {
  if (!(request instanceof Http2ServerRequest) || !(response instanceof Http2ServerResponse)) {
    return false;
  }
  const { method, headers } = request;
  return (
    method === "POST" &&
    pathOf(request).endsWith(path) &&
    /^application\/grpc(\+proto)?$/.test(headers["content-type"] ?? "") &&
    (headers["grpc-encoding"] ?? "identity") === "identity" &&
    headers["grpc-timeout"] === undefined &&
    // Nothing in front has begun to read it.
    request.readableFlowing === null &&
    !request.readableDidRead
  );
}

/** Carries a session until its stream ends. */
export async function carrySession(
  core: EndpointCore,
  request: Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): Promise<void> {
  const { stream } = request;
  let session: EndpointSession;
  try {
    session = await core.openSession(signatureOf(request), pathOf(request));
  } catch (error) {
    return refuse(stream, error);
  }
  try {
    carry(session, stream, response as Http2ServerResponse);
    stream.once("close", () => {
      core.closed(session);
    });
  } catch {
    // The stream was closed meanwhile.
    core.closed(session);
  }
}

function carry(
  session: EndpointSession,
  stream: ServerHttp2Stream,
  response: Http2ServerResponse,
): void {
  response.writeHead(200, { "content-type": contentType, "x-restate-server": sdkVersion });
  const reader = new GrpcReader(
    () => session.messageBytesTaken,
    (message) => {
      session.receive(decodeSessionRequest(message));
    },
  );
  let over = false;
  const end = (error?: Error): void => {
    if (over) return;
    over = true;
    session.end(error);
  };
  stream.on("drain", () => {
    session.drained();
  });
  stream.on("data", (chunk: Uint8Array) => {
    if (over) return;
    try {
      reader.push(chunk);
    } catch (error) {
      end(error instanceof Error ? error : new Error(String(error)));
    }
  });
  stream.on("end", () => {
    end(reader.isWithinMessage ? new Error("the stream ended within a message") : undefined);
  });
  stream.on("error", end);
  stream.on("close", () => {
    end(new Error("the stream was closed"));
  });
  session.open({
    write: (frames) => {
      if (stream.destroyed || stream.closed) return true;
      return writeGrpcMessage(stream, encodeSessionResponseParts(frames, grpcHeadBytes));
    },
    end: () => {
      if (stream.destroyed || stream.closed) return;
      response.addTrailers({ "grpc-status": "0" });
      response.end();
    },
  });
}

/** No session: said as gRPC says it, or as HTTP does where gRPC has no word. */
function refuse(stream: ServerHttp2Stream, error: unknown): void {
  if (stream.destroyed || stream.closed) return;
  if (error instanceof IdentityError) {
    stream.respond({ ":status": 401, "x-restate-server": sdkVersion });
    stream.end("Unauthorized");
    return;
  }
  const { code, rawMessage } = ConnectError.from(error, Code.Internal);
  stream.respond(
    {
      ":status": 200,
      "content-type": contentType,
      "grpc-status": String(code),
      // As gRPC has it: what is printable stays.
      "grpc-message": rawMessage.replace(/[^\x20-\x24\x26-\x7e]+/gu, encodeURIComponent),
      "x-restate-server": sdkVersion,
    },
    { endStream: true },
  );
}

/** Empty where there is none: `//` comes from anybody who can reach the port. */
function pathOf(request: Http2ServerRequest): string {
  try {
    // Frameworks that mount a handler shorten `url`; the identity's token is for what is left of it.
    return new URL(request.url, "http://endpoint").pathname;
  } catch {
    return "";
  }
}

/** The headers as the fetch API has them, for the check of the request's identity. */
function signatureOf({ headers }: Http2ServerRequest): Headers {
  const signature = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string" && !name.startsWith(":")) signature.set(name, value);
  }
  return signature;
}
