// The form of an invocation id, checked before anyone looks for it: what can't be one is told so.

import { isInvocationId } from "@perdure/protocol/ids";
import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";

/** @throws HttpError  PDR4016 */
export function checkInvocationId(id: string): string {
  if (isInvocationId(id)) return id;
  throw new HttpError(
    adminErrors.badInvocationId,
    `"${id}" is not an invocation id: one is "inv_1" and 33 letters and digits`,
  );
}

export function unknownInvocation(id: string): HttpError {
  return new HttpError(adminErrors.unknownInvocation, `invocation "${id}" not found`);
}
