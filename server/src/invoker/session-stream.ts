// The stream of one session, as its client: gRPC's framing directly over an HTTP/2 stream. Messages are handed over from
// the event that brings them, without a promise for each; what ends the stream is told once, in words.
//   T1. `closed` is called once, and nothing after it.
//   T2. `write` says false where the other side takes less than it gets; `drained` is called when it has taken it.

import type { ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from "node:http2";
import { Code } from "@connectrpc/connect";
import { GrpcReader, writeGrpcMessage } from "@perdure/protocol/grpc-framing";
import type { Http2Connection } from "../outbound/http2-connection.js";
import { serverVersion } from "../observe/version.js";

export interface StreamListener {
  /** The largest message that is taken, by what is known of the other side. */
  readonly messageBytesTaken: number;
  /** @throws whatever ends the stream */
  message(bytes: Uint8Array): void;
  drained(): void;
  closed(error: Error): void;
}

export interface StreamOptions {
  readonly connection: Http2Connection;
  readonly path: string;
  /** Before anything is connected to. @throws why it must not be */
  readonly check: () => void;
  readonly headers: Readonly<Record<string, string>>;
  readonly listener: StreamListener;
}

/** Lowest time between two signs of life that are told to the keep-alive. */
const noteEveryMs = 1_000;

export class SessionStream {
  readonly #options: StreamOptions;
  readonly #reader: GrpcReader;
  #stream: ClientHttp2Stream | undefined;
  #notedAtMs = 0;
  #status: Error | undefined;
  #closed = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    const { listener } = options;
    this.#reader = new GrpcReader(
      () => listener.messageBytesTaken,
      (message) => {
        if (!this.#closed) listener.message(message);
      },
    );
  }

  /** Opens it. Whatever goes wrong is told to `closed`. */
  async open(): Promise<void> {
    const { connection, path, headers, check } = this.#options;
    try {
      // Whoever opens a session hears of its end later, never before it has it.
      await Promise.resolve();
      check();
      const all = {
        "user-agent": `perdure-server/${serverVersion()}`,
        ...headers,
        "content-type": "application/grpc+proto",
        te: "trailers",
      };
      const stream = await connection.request("POST", path, all, {});
      // Errors come with a close, which tells them; without a listener one would end the process.
      stream.on("error", (error: Error) => {
        this.#over(error);
      });
      if (this.#closed) return stream.close();
      this.#attach(stream);
    } catch (error) {
      this.#over(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** @param parts  of a message, behind the room for its head */
  write(parts: readonly [Uint8Array, ...Uint8Array[]]): boolean {
    const stream = this.#stream;
    if (stream === undefined || this.#closed) return true;
    return writeGrpcMessage(stream, parts);
  }

  /** Ends it from this side. Nothing more is told. */
  close(): void {
    this.#closed = true;
    this.#stream?.close();
  }

  #attach(stream: ClientHttp2Stream): void {
    this.#stream = stream;
    stream.on("response", (headers) => {
      this.#responded(headers);
    });
    stream.on("trailers", (trailers) => {
      this.#status = statusError(trailers);
    });
    stream.on("data", (chunk: Uint8Array) => {
      this.#received(stream, chunk);
    });
    stream.on("drain", () => {
      if (!this.#closed) this.#options.listener.drained();
    });
    stream.on("end", () => {
      stream.end();
      this.#over(this.#status ?? this.#endError());
    });
    stream.on("close", () => {
      this.#over(this.#status ?? resetError(stream.rstCode));
    });
    this.#options.listener.drained();
  }

  #responded(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    const status = headers[":status"] ?? 0;
    if (status !== 200) return this.#over(new Error(`HTTP ${String(status)}`));
    const type = headers["content-type"] ?? "";
    if (!/^application\/grpc(\+proto)?(;|$)/.test(type)) {
      return this.#over(new Error(`the answer's content type is "${type}", which is not gRPC's`));
    }
    this.#status = statusError(headers);
    if (this.#status !== undefined) this.#over(this.#status);
  }

  #received(stream: ClientHttp2Stream, chunk: Uint8Array): void {
    if (this.#closed) return;
    const nowMs = performance.now();
    if (nowMs - this.#notedAtMs > noteEveryMs) {
      this.#notedAtMs = nowMs;
      this.#options.connection.notifyResponseByteRead(stream);
    }
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#over(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #endError(): Error {
    return new Error(
      this.#reader.isWithinMessage
        ? "the session ended within a message"
        : "the deployment ended the session",
    );
  }

  #over(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#options.listener.closed(error);
  }
}

/** What gRPC's trailers (or the headers of an answer without content) say went wrong; undefined for nothing. */
function statusError(headers: IncomingHttpHeaders): Error | undefined {
  const status = headers["grpc-status"];
  if (status === undefined || status === "0") return undefined;
  const code = String(status);
  const name = Code[Number(code)] ?? "Unknown";
  const message = decodeMessage(String(headers["grpc-message"] ?? ""));
  return new Error(`${message === "" ? "no message" : message} (gRPC status ${code}, ${name})`);
}

function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function resetError(code: number | undefined): Error {
  return code === undefined || code === 0
    ? new Error("the deployment ended the session")
    : new Error(`the stream was reset with HTTP/2 error code ${String(code)}`);
}
