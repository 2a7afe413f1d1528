// Errors that handlers throw and catch. Guards work across two installed copies of the SDK, where
// `instanceof` does not.

import type { Duration } from "@perdure/protocol/duration";

export interface TerminalErrorOptions {
  /** An HTTP status code; 500 unless given. */
  readonly errorCode?: number;
  /** Travels with the failure to whoever waits for the result. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Ends the invocation (or the step) with this failure. It is not tried again. */
export class TerminalError extends Error {
  override readonly name: string = "TerminalError";
  readonly code: number;
  readonly metadata: Readonly<Record<string, string>> | undefined;

  constructor(message: string, options: TerminalErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.errorCode ?? 500;
    this.metadata = options.metadata;
  }
}

/** A durable promise did not settle in the time given to `.orTimeout`. Code 408. */
export class TimeoutError extends TerminalError {
  override readonly name = "TimeoutError";

  constructor(message = "Timeout occurred") {
    super(message, { errorCode: 408 });
  }
}

/** The invocation was cancelled. Thrown where it awaits; compensate, and rethrow. Code 409. */
export class CancelledError extends TerminalError {
  override readonly name = "CancelledError";

  constructor(message = "Cancelled") {
    super(message, { errorCode: 409 });
  }
}

export interface RetryableErrorOptions {
  /** When to try again: milliseconds, or units. Else the retry policy decides. */
  readonly retryAfter?: Duration;
  readonly errorCode?: number;
  readonly cause?: unknown;
}

/** Fails the attempt (or the step) so that it is tried again. Any other error does so too; this one can say when. */
export class RetryableError extends Error {
  override readonly name = "RetryableError";
  readonly retryAfter: RetryableErrorOptions["retryAfter"];
  readonly code: number;

  constructor(message: string, options: RetryableErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfter = options.retryAfter;
    this.code = options.errorCode ?? 500;
  }

  static from(cause: unknown, options: Omit<RetryableErrorOptions, "cause"> = {}): RetryableError {
    return new RetryableError(messageOf(cause), { ...options, cause });
  }
}

const terminalNames = new Set(["TerminalError", "TimeoutError", "CancelledError"]);

export function isTerminalError(error: unknown): error is TerminalError {
  if (error instanceof TerminalError) return true;
  return error instanceof Error && terminalNames.has(error.name) && "code" in error;
}

export function isRetryableError(error: unknown): error is RetryableError {
  return error instanceof Error && error.name === "RetryableError";
}

export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "something was thrown that has no text";
  }
}
