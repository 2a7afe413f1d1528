// Why a request to a deployment brought no answer, so that callers can tell what may pass from what won't.

export type CallErrorKind =
  /** No connection, or it broke. */
  | "unreachable"
  /** Something answered that does not speak our version of HTTP. */
  | "protocol"
  /** An answer with a status other than 200. */
  | "status";

export interface CallErrorOptions {
  readonly status?: number | undefined;
  /** The answer asks to come back after this long. */
  readonly retryAfterMs?: number | undefined;
  /** Of a Connect error: "unimplemented", "failed_precondition". */
  readonly reason?: string | undefined;
  readonly cause?: unknown;
}

export class CallError extends Error {
  override readonly name = "CallError";
  readonly kind: CallErrorKind;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly reason: string | undefined;

  constructor(kind: CallErrorKind, message: string, options: CallErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.reason = options.reason;
  }

  /** Whether the same request may well be answered a little later. */
  get transient(): boolean {
    if (this.kind === "unreachable") return true;
    return this.status !== undefined && transientStatuses.has(this.status);
  }
}

/** Too many requests; and what gateways say of a service that is away. */
const transientStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Header Retry-After: seconds, or a date. */
export function parseRetryAfter(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
