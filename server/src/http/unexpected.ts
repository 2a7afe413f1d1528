// Errors that nobody foresaw. The caller learns that there was one, the log has the rest.

import { createLog } from "../observe/log.js";
import type { HttpErrorKind } from "./error-codes.js";
import { HttpError } from "./http-error.js";

// At any level: such a line is a bug to report.
const log = createLog("error");

/**
 * Logs the error and makes one of it that can be answered with.
 * @param during  what was asked for
 */
export function unexpected(kind: HttpErrorKind, error: unknown, during: string): HttpError {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error(`${kind.code} unexpected error during ${during}: ${what}`);
  return new HttpError(kind, "unexpected error; the server's log has it", { cause: error });
}
