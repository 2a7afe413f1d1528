// Errors of the admin port as errors of a request.

import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import { unexpected } from "../http/unexpected.js";
import { RegistrationError } from "../registry/registrar.js";
import { Overloaded, Unavailable } from "../shard/invocations.js";
import type { AdminParts } from "./parts.js";

/** @param during  what was asked for; logged with an error that nobody expected */
export function toHttpError(error: unknown, during: string): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof RegistrationError) {
    const { code, httpStatus: status, restateCode, message } = error;
    return new HttpError({ code, status, restateCode }, message, { cause: error });
  }
  if (error instanceof Overloaded) {
    const { message, retryAfterSeconds } = error;
    return new HttpError(adminErrors.overloaded, message, { retryAfterSeconds, cause: error });
  }
  if (error instanceof Unavailable) {
    return new HttpError({ code: error.code, status: 503 }, error.message, { cause: error });
  }
  return unexpected(adminErrors.internal, error, during);
}

/** @throws HttpError  PDR4009 while the server recovers */
export function checkReady(parts: AdminParts): void {
  if (parts.ready()) return;
  throw new HttpError(
    adminErrors.recovering,
    "the server is recovering and takes no requests yet; it is safe to retry",
    { retryAfterSeconds: 1 },
  );
}

export function unknownDeployment(id: string): HttpError {
  return new HttpError(adminErrors.unknownDeployment, `deployment "${id}" not found`);
}
