// What can go wrong for a caller of the ingress:
// - the ingress answered, and the answer is an error: HttpCallError;
// - there is no usable answer, or the request could not be made: ClientError, with its stable code;
// - the caller's own signal or timeout: the AbortError or TimeoutError of fetch, as it is.

/** Stable codes of what goes wrong on the caller's side (docs/errors.md). */
export const ClientErrorCode = {
  noAnswer: "PDR5301",
  badAnswer: "PDR5302",
  badArgument: "PDR5303",
  notKept: "PDR5304",
  noIngress: "PDR5305",
} as const;
export type ClientErrorCode = (typeof ClientErrorCode)[keyof typeof ClientErrorCode];

export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}

/** An answer of the ingress, as far as an error needs it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Pick<Headers, "get">;
  readonly responseText: string;
}

/** The ingress answered with an error: its own, or the failure with which the invocation ended. */
export class HttpCallError extends Error {
  override readonly name = "HttpCallError";
  /** The HTTP status. */
  readonly status: number;
  /** The body of the answer, as it came. */
  readonly responseText: string;
  /** The number of the failure: the `errorCode` of a handler's TerminalError, else the status. */
  readonly code: number | undefined;
  /** The server's stable code, PDR…. */
  readonly errorCode: string | undefined;
  /** Who failed: `ingress`, the request was refused; `invocation`, the handler ended with a failure. */
  readonly source: "ingress" | "invocation" | undefined;
  /** What the handler's TerminalError was given as metadata. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** The invocation that failed, where there is one. */
  readonly invocationId: string | undefined;

  constructor(
    status: number,
    responseText: string,
    message: string,
    headers?: Pick<Headers, "get">,
  ) {
    super(message);
    const { code, errorCode, source, metadata } = failureOf(responseText);
    const said = source ?? headers?.get("x-restate-error-source");
    this.status = status;
    this.responseText = responseText;
    this.code = code;
    this.errorCode = errorCode;
    this.source = said === "ingress" || said === "invocation" ? said : undefined;
    this.metadata = metadata;
    this.invocationId = headers?.get("x-restate-id") ?? undefined;
  }
}

/** @param what  the request in words, as the subject of the message: `calling Greeter/greet` */
export function answerError(
  what: string,
  { status, headers, responseText }: ErrorAnswer,
): HttpCallError {
  const { message, errorCode } = failureOf(responseText);
  const reason = message ?? (responseText.slice(0, 200) || "the answer gives no reason");
  const told = `${what} failed with HTTP ${status}: ${reason}${errorCode === undefined ? "" : ` (${errorCode})`}`;
  return new HttpCallError(status, responseText, told, headers);
}

interface Failure {
  readonly message?: string;
  readonly code?: number;
  readonly errorCode?: string;
  readonly source?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What of the body has the expected form; a proxy in between answers with anything. */
function failureOf(text: string): Failure {
  const body = parseObject(text);
  const { message, code, errorCode, source, metadata } = body as Record<keyof Failure, unknown>;
  return {
    ...(typeof message === "string" && { message }),
    ...(typeof code === "number" && { code }),
    ...(typeof errorCode === "string" && { errorCode }),
    ...(typeof source === "string" && { source }),
    ...(isObject(metadata) && { metadata: metadata as Record<string, string> }),
  };
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
