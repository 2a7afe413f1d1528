// A request that is refused: what was wrong, with its stable code and its HTTP status. Thrown while
// a request is understood, turned into an answer in one place by each face.

import { Code } from "@connectrpc/connect";
import type { HttpErrorKind } from "./error-codes.js";

export interface HttpErrorOptions {
  /** Seconds after which another try makes sense. */
  readonly retryAfterSeconds?: number;
  /** The methods that a path takes, for 405. */
  readonly allow?: string;
  readonly cause?: unknown;
}

export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: string;
  readonly status: number;
  readonly restateCode: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly allow: string | undefined;

  constructor(kind: HttpErrorKind, message: string, options: HttpErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = kind.code;
    this.status = kind.status;
    this.restateCode = kind.restateCode;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.allow = options.allow;
  }

  /** What the error adds to the answer's headers: names and values in turn. */
  headers(): string[] {
    const headers: string[] = [];
    if (this.allow !== undefined) headers.push("allow", this.allow);
    if (this.retryAfterSeconds !== undefined) {
      headers.push("retry-after", String(Math.max(1, Math.ceil(this.retryAfterSeconds))));
    }
    return headers;
  }
}

/** The Connect code that says the same as an HTTP status. */
export function connectCodeOf(status: number): Code {
  switch (status) {
    case 400:
    case 405:
    case 415:
    case 422:
      return Code.InvalidArgument;
    case 401:
      return Code.Unauthenticated;
    case 403:
      return Code.PermissionDenied;
    case 404:
    case 410:
      return Code.NotFound;
    case 408:
    case 504:
      return Code.DeadlineExceeded;
    case 409:
      return Code.Aborted;
    case 412:
      return Code.FailedPrecondition;
    case 413:
    case 429:
      return Code.ResourceExhausted;
    case 501:
      return Code.Unimplemented;
    case 502:
    case 503:
      return Code.Unavailable;
    default:
      return status >= 500 && status < 600 ? Code.Internal : Code.Unknown;
  }
}
