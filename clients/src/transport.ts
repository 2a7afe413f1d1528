// One request to the ingress by fetch, sent again where the connection's policy says so, and its answer as
// bytes. Knows nothing of services.
//
// A wait for a result may be longer than fetch waits for an answer (five minutes in Node). Where the
// request may be sent again without starting anything anew, it is, policy or not, and that is no retry.

import { millisOf, type Duration } from "@perdure/protocol/duration";
import { baseOf } from "./base-url.js";
import { answerError, ClientError, ClientErrorCode } from "./errors.js";
import {
  resolveRetryPolicy,
  retryDelayMs,
  type ResolvedRetryPolicy,
  type RetryFailure,
  type RetryPolicy,
} from "./retry.js";
import { sleep, timeoutSignal } from "./timers.js";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface TransportOptions {
  /** Where the ingress is; may have a path, for a proxy. */
  readonly url: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Sends requests again that failed and may be sent twice: those with an idempotency key, submissions of workflows,
   * waits for results. `true` for the defaults of {@link RetryPolicy}. Default false.
   */
  readonly retry?: RetryPolicy | boolean | undefined;
  /** In place of the global one. */
  readonly fetch?: Fetch | undefined;
}

export interface IngressRequest {
  /** The request in words, for messages: `calling Greeter/greet`. */
  readonly what: string;
  /** Default POST. */
  readonly method?: "POST" | "GET" | undefined;
  /** Starts with a slash. */
  readonly path: string;
  readonly body?: Uint8Array | undefined;
  readonly contentType?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly limitKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly timeout?: Duration | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Sending it twice is the same as sending it once. */
  readonly isRepeatable: boolean;
  /** Sent again by the connection's policy. Default: what is repeatable is. */
  readonly isRetried?: boolean;
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
 * @throws ClientError    PDR5301: no answer; PDR5303: a request that can't be sent
 * @throws the signal's reason, or a TimeoutError
 */
export type Transport = (request: IngressRequest) => Promise<IngressAnswer>;

/** @throws ClientError  PDR5303: not an address */
export function createTransport(options: TransportOptions): Transport {
  const base = baseOf(options.url);
  const policy = resolveRetryPolicy(options.retry);
  // Called as a plain function: browsers refuse a fetch whose `this` is another object.
  const send: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));

  return async (request) => {
    checkRequest(request);
    const headers = headersOf(options.headers, request);
    const url = base + request.path;
    const { isRetried = request.isRepeatable } = request;
    const startedAt = performance.now();
    let requests = 0;
    let failures = 0;
    for (;;) {
      headers.set("x-restateclient-retry-attempt", String(++requests));
      const timeout = timeoutOf(request);
      const outcome = await attempt(send, url, {
        method: request.method ?? "POST",
        headers,
        // Cast: the DOM's types ask for bytes that are not shared between threads.
        body: (request.body ?? null) as BodyInit | null,
        signal: request.signal ?? timeout ?? null,
      });
      if (outcome.kind === "answer" && outcome.ok) return outcome.answer;
      const failure = failureOf(outcome);
      const isAborted = request.signal?.aborted === true;
      if (!isAborted && request.isRepeatable && gaveUpWaiting(failure)) continue;
      const delayMs =
        isAborted || !isRetried
          ? undefined
          : decide(policy, failure, failures++, performance.now() - startedAt);
      if (delayMs === undefined) {
        if (outcome.kind === "answer") return accepted(request, outcome);
        throw isAborted || timeout?.aborted === true
          ? outcome.error
          : noAnswer(base, request, outcome.error);
      }
      await sleep(delayMs, request.signal);
    }
  };
}

type Outcome =
  | {
      readonly kind: "answer";
      readonly ok: boolean;
      readonly headers: Headers;
      readonly answer: IngressAnswer;
    }
  | { readonly kind: "network"; readonly error: unknown };

async function attempt(send: Fetch, url: string, init: RequestInit): Promise<Outcome> {
  try {
    const { ok, status, headers, ...rest } = await answered(send(url, init));
    const contentType = headers.get("content-type");
    return { kind: "answer", ok, headers, answer: { status, contentType, bytes: rest.bytes } };
  } catch (error) {
    return { kind: "network", error };
  }
}

/** An answer that breaks off is none. */
async function answered(
  sent: Promise<Response>,
): Promise<Pick<Response, "ok" | "status" | "headers"> & { readonly bytes: Uint8Array }> {
  const response = await sent;
  const { ok, status, headers } = response;
  return { ok, status, headers, bytes: new Uint8Array(await response.arrayBuffer()) };
}

function failureOf(outcome: Outcome): RetryFailure {
  if (outcome.kind === "network") return outcome;
  const { headers, answer } = outcome;
  const body = new TextDecoder().decode(answer.bytes);
  return {
    kind: "response",
    status: answer.status,
    headers,
    ...(body !== "" && { body }),
  };
}

function decide(
  policy: ResolvedRetryPolicy | undefined,
  failure: RetryFailure,
  failedBefore: number,
  elapsedMs: number,
): number | undefined {
  if (policy === undefined) return undefined;
  return retryDelayMs(policy, {
    failure,
    attempt: failedBefore,
    elapsedMs,
    random: Math.random(),
    nowMs: Date.now(),
  });
}

/** @throws HttpCallError  unless the status is one of those that are answers */
function accepted(
  { what, alsoGood }: IngressRequest,
  { headers, answer }: Outcome & { readonly kind: "answer" },
): IngressAnswer {
  if (alsoGood?.includes(answer.status) === true) return answer;
  const responseText = new TextDecoder().decode(answer.bytes);
  throw answerError(what, { status: answer.status, headers, responseText });
}

/** @throws ClientError  PDR5303 */
function checkRequest({ what, method, body, timeout, signal }: IngressRequest): void {
  if (timeout !== undefined && signal !== undefined) {
    throw new ClientError(
      ClientErrorCode.badArgument,
      `${what}: timeout and signal can't be used together; give the signal alone, made by AbortSignal.any([signal, AbortSignal.timeout(ms)])`,
    );
  }
  if (timeout !== undefined && !(millisOf(timeout) >= 0)) {
    throw new ClientError(
      ClientErrorCode.badArgument,
      `${what}: the timeout is ${millisOf(timeout)} ms; expected 0 or more`,
    );
  }
  if (method === "GET" && body !== undefined) {
    throw new ClientError(
      ClientErrorCode.badArgument,
      `${what}: a GET has no input; leave out the method`,
    );
  }
}

function headersOf(
  common: Readonly<Record<string, string>> | undefined,
  request: IngressRequest,
): Headers {
  const { contentType, idempotencyKey, limitKey } = request;
  const all: Record<string, string>[] = [
    { ...common },
    { ...request.headers },
    { ...(contentType !== undefined && { "content-type": contentType }) },
    { ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }) },
    { ...(limitKey !== undefined && { "x-restate-limit-key": limitKey }) },
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

/** A new one for each attempt. */
function timeoutOf({ timeout }: IngressRequest): AbortSignal | undefined {
  return timeout === undefined ? undefined : timeoutSignal(millisOf(timeout));
}

/** Node's fetch: the answer's head did not come in time. */
const waitedTooLong = "UND_ERR_HEADERS_TIMEOUT";
/** Nothing was sent: the other side can't have accepted anything. */
const notSent = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];

function gaveUpWaiting(failure: RetryFailure): boolean {
  return failure.kind === "network" && reasonOf(failure.error) === waitedTooLong;
}

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
