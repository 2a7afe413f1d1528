// Errors that handlers throw and catch. Guards work across two installed copies of the SDK, where
// `instanceof` does not.

import type { Duration } from "@perdure/protocol/duration";
import { errorMessage } from "@perdure/protocol/error-message";

export interface TerminalErrorOptions {
  /** An HTTP status code; 500 unless given. */
  readonly errorCode?: number;
  /** Travels with the failure to whoever waits for the result. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

export interface RestateErrorOptions {
  /** An HTTP status code; 500 unless given. */
  readonly errorCode?: number;
  readonly cause?: unknown;
}

/** What the errors of invocations have in common. Not thrown as such: see {@link TerminalError}. */
export class RestateError extends Error {
  override readonly name: string = "RestateError";
  readonly code: number;

  constructor(message: string, options: RestateErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.errorCode ?? 500;
  }
}

/** Ends the invocation (or the step) with this failure. It is not tried again. */
export class TerminalError extends RestateError {
  override readonly name: string = "TerminalError";
  readonly metadata: Readonly<Record<string, string>> | undefined;

  constructor(message: string, options: TerminalErrorOptions = {}) {
    super(message, options);
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
    return new RetryableError(errorMessage(cause), { ...options, cause });
  }
}

/**
 * Thrown by the closure of a step: pauses the invocation until somebody resumes it; the step is then run again. Thrown
 * elsewhere it fails the attempt as any other error does.
 */
export class PauseError extends Error {
  override readonly name = "PauseError";
  readonly code = 500;

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
  }

  static from(cause: unknown): PauseError {
    return new PauseError(errorMessage(cause), { cause });
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

export function isPauseError(error: unknown): error is PauseError {
  return error instanceof Error && error.name === "PauseError";
}

/** Code of the error that interceptors of hooks get when an attempt ends without a result. */
export const suspendedCode = 599;

/**
 * Whether an error says no more than that the attempt has ended without a result: it was suspended, or let go. For the
 * interceptors of hooks, which see such errors; handlers don't.
 */
export function isSuspendedError(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === "RestateError" &&
    (error as Partial<RestateError>).code === suspendedCode
  );
}
