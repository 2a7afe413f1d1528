// One HTTP/2 connection to a deployment, opened when it is wanted: Connect's manager of them, made safe. That one
// stops listening to a connection when it is told to abort it, and where the connection fails a moment later (a
// server that speaks no HTTP/2 does that) nobody hears its error, which would end the process. And where it is told to
// ping connections without streams, the last stream that closes with its connection starts the timer of a ping that
// throws in the timer: so it is never told to.

import type { LookupFunction } from "node:net";
import type { ClientHttp2Stream, Http2Session, OutgoingHttpHeaders } from "node:http2";
import type { ClientSessionRequestOptions } from "node:http2";
import { Http2SessionManager, type Http2SessionOptions } from "@connectrpc/connect-node";

export class Http2Connection {
  readonly #manager: Http2SessionManager;
  readonly #guarded = new WeakSet<Http2Session>();

  /** @param socket  how names are resolved, where that is not the system's business */
  constructor(
    uri: string,
    options: Omit<Http2SessionOptions, "pingIdleConnection">,
    socket: { readonly lookup?: LookupFunction } = {},
  ) {
    // Options of the socket are taken by http2.connect as well, in the clear and not; its types say so of TLS alone.
    this.#manager = new Http2SessionManager(uri, options, socket as object);
  }

  get authority(): string {
    return this.#manager.authority;
  }

  async request(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    options: Omit<ClientSessionRequestOptions, "signal">,
  ): Promise<ClientHttp2Stream> {
    const stream = await this.#manager.request(method, path, headers, options);
    const { session } = stream;
    if (session !== undefined && !this.#guarded.has(session)) {
      this.#guarded.add(session);
      session.on("error", () => undefined);
    }
    return stream;
  }

  notifyResponseByteRead(stream: ClientHttp2Stream): void {
    this.#manager.notifyResponseByteRead(stream);
  }

  /** Closes it, and every stream on it. */
  abort(): void {
    this.#manager.abort();
  }
}
