// One TCP port that speaks HTTP/1.1 and HTTP/2 in the clear (with prior knowledge), told apart by the
// first bytes of a connection: an HTTP/2 client begins with "PRI * HTTP/2.0", and no method of
// HTTP/1.1 is called PRI. Each connection is then handed to one of node's two servers, which never
// listen themselves; both call the same handler.
//
// What must hold: a connection that says nothing, or nothing of HTTP, or too slowly, doesn't stay; neither
// does one too many; close() returns when no handler can be called any more.

import { createServer as createHttp1Server } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { Connections } from "./connections.js";
import { closeWhenIdle } from "./idle-session.js";
import { listenerOn, type ConnectionSource, type PortAddress } from "./listener.js";
import { respond } from "./messages.js";
import type { HttpHandler, HttpRequest, HttpResponse } from "./messages.js";
import { errorBody, excessOfHead, headBytesMax, refuseUnreadable } from "./raw-answer.js";

export interface PortOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly handler: HttpHandler;
  /** How long a connection may take to show what it speaks. Default 10 s. */
  readonly startTimeoutMs?: number;
  /** How long an HTTP/1.1 request's headers may take. Default 60 s. */
  readonly headersTimeoutMs?: number;
  /** How long a whole HTTP/1.1 request may take to arrive. Default 5 minutes. */
  readonly requestTimeoutMs?: number;
  /** How long an HTTP/2 connection stays open on which nothing is asked. Default 5 minutes. */
  readonly idleTimeoutMs?: number;
  /** Connections that may be open at the same time; more are answered with 503. Default 0: no limit. */
  readonly connectionsMax?: number;
  /** How long close() waits for requests that are being answered. Default 5 s. */
  readonly drainMs?: number;
  /** Where connections come from. Default: they are listened for, on `host` and `port`. */
  readonly source?: ConnectionSource;
}

export interface Port {
  readonly address: PortAddress;
  /**
   * Takes no new connections, lets requests in progress end for up to `drainMs`, then destroys what is
   * left. Idempotent: every call returns when the port is closed.
   */
  close(): Promise<void>;
}

/** How long an HTTP/1.1 connection stays open between requests; pools hold theirs for less. */
const keepAliveMs = 75_000;
/** Requests that one HTTP/2 connection may have open at the same time. */
const streamsMax = 1_000;
/** Streams that a client opened although it knew better, and those it may have refused before it is sent away. */
const rejectedStreamsMax = 100;
/** How often a draining port looks for connections that have become idle. */
const drainStepMs = 20;

/**
 * Opens the port. Resolves once it listens.
 * @throws PortError  PDR5001: in use, not allowed, or no such address
 */
export async function openPort(options: PortOptions): Promise<Port> {
  const { startTimeoutMs = 10_000, headersTimeoutMs = 60_000, drainMs = 5_000 } = options;
  const { requestTimeoutMs = 300_000, idleTimeoutMs = 300_000 } = options;
  const connections = new Connections(options.connectionsMax ?? 0);
  const { sockets } = connections;
  const handler = withinHead(options.handler);
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;

  const http1 = createHttp1Server({
    keepAliveTimeout: keepAliveMs,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(30_000, headersTimeoutMs, requestTimeoutMs),
    maxHeaderSize: headBytesMax,
  });
  // Node would drop what is beyond the 2000th without a word.
  http1.maxHeadersCount = 0;
  http1.on("clientError", refuseUnreadable);
  http1.on("request", (request: IncomingMessage, response: ServerResponse) => {
    if (draining) response.shouldKeepAlive = false;
    handler(request, response);
  });
  // What a server does when it begins to listen: look for requests that take too long.
  http1.emit("listening");

  const http2 = createHttp2Server({
    maxSessionMemory: 128,
    maxSessionRejectedStreams: rejectedStreamsMax,
    settings: { maxConcurrentStreams: streamsMax, maxHeaderListSize: headBytesMax },
  });
  http2.on("request", handler);
  http2.on("session", (session) => {
    sessions.add(session);
    closeWhenIdle(session, idleTimeoutMs);
    session.once("close", () => sessions.delete(session));
  });

  const { source = listenerOn(options.host, options.port) } = options;
  const take = (socket: Socket): void => {
    if (draining) socket.destroy();
    else if (connections.take(socket))
      greet(socket, startTimeoutMs, (protocol) => {
        if (protocol === "http2") {
          socket.allowHalfOpen = false;
          http2.emit("connection", socket);
        } else {
          http1.emit("connection", socket);
          socket.resume();
        }
      });
  };

  const address = await source.open(take).catch((error: unknown) => {
    http1.close();
    throw error;
  });
  let closed: Promise<void> | undefined;

  /** Each answer makes its connection idle, of which node tells nobody: so it is looked for. */
  function closeIdle(): void {
    // To node a connection is idle while its answer is still being written to a slow reader.
    for (const socket of sockets) if (socket.writableLength > 0) return;
    http1.closeIdleConnections();
  }
  async function drain(): Promise<void> {
    draining = true;
    const gone = source.close();
    for (const session of sessions) session.close();
    for (const socket of sockets) if (isUngreeted(socket)) socket.destroy();
    closeIdle();
    const sweep = setInterval(closeIdle, drainStepMs);
    const deadline = setTimeout(() => {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
    }, drainMs);
    await gone;
    clearInterval(sweep);
    clearTimeout(deadline);
    http1.close();
    http2.close();
  }
  return { address, close: () => (closed ??= drain()) };
}

/** Refuses what is well-formed and too large, before anybody looks into it. */
function withinHead(handler: HttpHandler): HttpHandler {
  return (request: HttpRequest, response: HttpResponse) => {
    const excess = excessOfHead(request.url ?? "", request.rawHeaders);
    if (excess === undefined) return handler(request, response);
    const [kind, message] = excess;
    const headers = ["content-type", "application/json"];
    respond(response, kind.status, headers, errorBody(kind, message));
    request.resume();
  };
}

type Protocol = "http1" | "http2";

const preface = Buffer.from("PRI ");
const ungreeted = new WeakSet<Socket>();

function isUngreeted(socket: Socket): boolean {
  return ungreeted.has(socket);
}

/** Waits for the first bytes, gives them back to the socket and says whose they are. */
function greet(socket: Socket, timeoutMs: number, hand: (protocol: Protocol) => void): void {
  let start: Buffer | undefined;
  ungreeted.add(socket);

  function giveUp(): void {
    socket.destroy();
  }
  function look(chunk: Buffer): void {
    start = start === undefined ? chunk : Buffer.concat([start, chunk]);
    const protocol = protocolOf(start);
    if (protocol === "unclear") return;
    clearTimeout(timer);
    socket.off("data", look).off("end", giveUp).off("error", giveUp);
    ungreeted.delete(socket);
    if (protocol === "other") {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    socket.pause();
    socket.unshift(start);
    hand(protocol);
  }
  // Not socket.setTimeout: a byte now and then must not extend it.
  const timer = setTimeout(giveUp, timeoutMs);
  socket.once("close", () => clearTimeout(timer));
  socket.on("data", look).on("end", giveUp).on("error", giveUp).resume();
}

/** Told from the first bytes; `unclear` while there are too few of them. */
export function protocolOf(start: Uint8Array): Protocol | "other" | "unclear" {
  const shared = Math.min(start.byteLength, preface.byteLength);
  if (preface.compare(start, 0, shared, 0, shared) === 0) {
    return shared === preface.byteLength ? "http2" : "unclear";
  }
  const [first = 0] = start;
  const isMethod = first >= 0x41 && first <= 0x5a;
  const isLineEnd = first === 0x0d || first === 0x0a;
  return isMethod || isLineEnd ? "http1" : "other";
}
