// One keep-alive HTTP/1.1 connection on a bare socket: a request out, its response in, one at a time.
// It costs the load generator a tenth of what node:http would, which matters when client and server
// share the cores. Not here: what to send, and what to do when the connection breaks.
import * as net from "node:net";
import { MalformedResponseError, parseResponse } from "./http-response.js";

const readBufferBytes = 16 * 1024;

/** What the owner of a connection hears from it. */
export interface ConnectionListener {
  response(status: number, body: string): void;
  /** The connection can't be used any more; called at most once, never after `close`. */
  broken(reason: string): void;
}

export class Connection {
  readonly #listener: ConnectionListener;
  readonly #socket: net.Socket;
  /** Bytes of a response that came in several pieces; empty nearly always. */
  #partial: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(port: number, listener: ConnectionListener) {
    this.#listener = listener;
    this.#socket = net.connect({
      host: "127.0.0.1",
      port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(readBufferBytes),
        callback: (bytes, buffer) => this.#received(buffer as Buffer, bytes),
      },
    });
    this.#socket.on("error", (error) => this.#break(error.message));
    this.#socket.on("close", () => this.#break("connection closed by the server"));
  }

  /** Send one request, head and body as ASCII text; only after the last response has arrived. */
  send(request: string): void {
    this.#socket.write(request, "latin1");
  }

  close(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  #received(buffer: Buffer, bytes: number): boolean {
    let source = buffer;
    let end = bytes;
    if (this.#partial.length > 0) {
      source = Buffer.concat([this.#partial, buffer.subarray(0, bytes)]);
      end = source.length;
    }
    try {
      const response = parseResponse(source, 0, end);
      if (response === undefined) {
        this.#partial = Buffer.from(source.subarray(0, end));
        return true;
      }
      if (response.end !== end) throw new MalformedResponseError("bytes after the response");
      if (this.#partial.length > 0) this.#partial = Buffer.alloc(0);
      if (!this.#ended) this.#listener.response(response.status, response.body);
      if (!response.keepAlive) this.#break("connection closed after the response, as it announced");
    } catch (error) {
      if (!(error instanceof MalformedResponseError)) throw error;
      this.#break(error.message);
    }
    return true;
  }

  #break(reason: string): void {
    if (this.#ended) return;
    this.close();
    this.#listener.broken(reason);
  }
}
