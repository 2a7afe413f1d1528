// One request to the ingress by fetch, and its answer as bytes. Knows nothing of services.
//
// A wait for a result may be longer than fetch waits for an answer (five minutes in Node). Where the
// request may be sent again without starting anything anew, it is.

import { millisOf, type Duration } from "@perdure/protocol/duration";
import { ClientError, ClientErrorCode, HttpCallError } from "./errors.js";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface TransportOptions {
  /** Where the ingress is; may have a path, for a proxy. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly fetch?: Fetch | undefined;
}

export interface IngressRequest {
  /** The request in words, for messages: `calling Greeter/greet`. */
  readonly what: string;
  /** Starts with a slash. */
  readonly path: string;
  readonly body?: Uint8Array | undefined;
  readonly contentType?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly timeout?: Duration | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Sending it twice is the same as sending it once. */
  readonly isRepeatable: boolean;
  /** Statuses that are answers, beside 2xx. */
  readonly alsoGood?: readonly number[];
}

export interface IngressAnswer {
  readonly status: number;
  readonly contentType: string | null;
  readonly bytes: Uint8Array;
}

/**
 * @throws HttpCallError  the ingress answered with an error
 * @throws ClientError    PDR5301: no answer; PDR5303: a header that can't be sent
 */
export type Transport = (request: IngressRequest) => Promise<IngressAnswer>;

/** @throws ClientError  PDR5303: not an address */
export function createTransport(options: TransportOptions): Transport {
  const base = baseOf(options.url);
  // Called as a plain function: browsers refuse a fetch whose `this` is another object.
  const send: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));

  return async (request) => {
    const signal = signalOf(request);
    const init: RequestInit = {
      method: "POST",
      headers: headersOf(options.headers, request),
      // Cast: the DOM's types ask for bytes that are not shared between threads.
      body: (request.body ?? null) as BodyInit | null,
      ...(signal !== undefined && { signal }),
    };
    for (;;) {
      try {
        const response = await send(base + request.path, init);
        const bytes = new Uint8Array(await response.arrayBuffer());
        return checked(request, response, bytes);
      } catch (error) {
        if (error instanceof HttpCallError || signal?.aborted === true) throw error;
        if (request.isRepeatable && reasonOf(error) === waitedTooLong) continue;
        throw noAnswer(base, request, error);
      }
    }
  };
}

function checked(request: IngressRequest, response: Response, bytes: Uint8Array): IngressAnswer {
  const { status, headers } = response;
  if (response.ok || request.alsoGood?.includes(status) === true) {
    return { status, contentType: headers.get("content-type"), bytes };
  }
  const responseText = new TextDecoder().decode(bytes);
  throw new HttpCallError(request.what, { status, headers, responseText });
}

function baseOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "http:" && parsed?.protocol !== "https:") {
    throw badUrl(url, 'expected an address such as "http://127.0.0.1:8080"');
  }
  if (parsed.search !== "" || parsed.hash !== "") throw badUrl(url, "it has a query or a fragment");
  if (parsed.username !== "" || parsed.password !== "") {
    throw badUrl(url, "it has a password; send an authorization header instead");
  }
  return parsed.href.replace(/\/+$/, "");
}

function badUrl(url: string, why: string): ClientError {
  return new ClientError(
    ClientErrorCode.badArgument,
    `"${url}" is not a url to connect to: ${why}`,
  );
}

function headersOf(
  common: Readonly<Record<string, string>> | undefined,
  request: IngressRequest,
): Headers {
  const { contentType, idempotencyKey } = request;
  const all: Record<string, string>[] = [
    { ...common },
    { ...request.headers },
    { ...(contentType !== undefined && { "content-type": contentType }) },
    { ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }) },
  ];
  const headers = new Headers();
  for (const [name, value] of all.flatMap((some) => Object.entries(some))) {
    try {
      headers.set(name, value);
    } catch (cause) {
      throw new ClientError(
        ClientErrorCode.badArgument,
        `${request.what}: the header ${JSON.stringify(name)} can't be sent with the value ${JSON.stringify(value)}`,
        { cause },
      );
    }
  }
  return headers;
}

function signalOf({ signal, timeout }: IngressRequest): AbortSignal | undefined {
  const signals = [
    ...(signal === undefined ? [] : [signal]),
    ...(timeout === undefined ? [] : [AbortSignal.timeout(millisOf(timeout))]),
  ];
  return signals.length > 1 ? AbortSignal.any(signals) : signals[0];
}

/** Node's fetch: the answer's head did not come in time. */
const waitedTooLong = "UND_ERR_HEADERS_TIMEOUT";
/** Nothing was sent: the other side can't have accepted anything. */
const notSent = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];

/** What is behind a "fetch failed": Node keeps it in the cause, browsers keep it to themselves. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  if ("code" in cause && typeof cause.code === "string") return cause.code;
  return cause.message;
}

function noAnswer(base: string, request: IngressRequest, cause: unknown): ClientError {
  const reason = reasonOf(cause);
  const advice = notSent.includes(reason)
    ? "Check the address, and that a server runs there: npx perdure server"
    : request.isRepeatable
      ? "It may be sent again as it is"
      : "It may have been accepted all the same: only a request with an idempotency key can be sent again safely";
  return new ClientError(
    ClientErrorCode.noAnswer,
    `${request.what}: no answer from the ingress at ${base} (${reason}). ${advice}`,
    { cause },
  );
}
