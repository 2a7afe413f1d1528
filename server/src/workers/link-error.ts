// Errors that one worker meets for the caller of another.

import { Overloaded, Unavailable } from "../shard/invocations.js";
import { LifeOver } from "../shard/watches.js";

/** An error as it travels. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly retryAfterSeconds: number;
  readonly holdBackMs: number;
}

export function sentError(error: unknown): SentError {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const code = error instanceof Unavailable ? error.code : "";
  const { retryAfterSeconds, holdBackMs } =
    error instanceof Overloaded ? error : { retryAfterSeconds: 0, holdBackMs: 0 };
  return { name, message, code, retryAfterSeconds, holdBackMs };
}

export function errorFrom(sent: SentError): Error {
  const { name, message, code, retryAfterSeconds, holdBackMs } = sent;
  switch (name) {
    case "Overloaded":
      return new Overloaded(message, retryAfterSeconds, holdBackMs);
    case "Unavailable":
      return new Unavailable(code, message);
    case "LifeOver":
      return new LifeOver(message);
    default:
      return new Error(message);
  }
}

/** The worker that has what is asked for has ended, and the server with it. */
export function workerGone(): Unavailable {
  return new Unavailable("PDR1301", "the server is stopping");
}
