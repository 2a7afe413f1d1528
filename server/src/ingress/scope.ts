// Scopes and limit keys, wherever they come from: a path, a query, a header, a body, a contract. A limit key
// has a meaning only within a scope.

import { isLimitKey, isScopePart } from "@perdure/protocol/scope";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import { decodeSegment } from "./path.js";

const letters = 'a-z, A-Z, 0-9, "_", "." and "-"';

/**
 * The scope that a segment of a path stands for.
 * @throws HttpError  PDR3024
 */
export function scopeOfSegment(segment: string): string {
  const scope = decodeSegment(segment);
  if (scope.kind === "malformed") throw badScope(segment);
  checkScope(scope.text);
  return scope.text;
}

/** @throws HttpError  PDR3024 */
export function checkScope(scope: string): void {
  if (!isScopePart(scope)) throw badScope(scope);
}

/** @throws HttpError  PDR3021, PDR3025 */
export function checkLimitKey(limitKey: string, scope: string | undefined): void {
  if (scope === undefined) {
    throw new HttpError(
      ingressErrors.limitKeyWithoutScope,
      `a limit key requires a scope: "${limitKey}" came without one; use /restate/scope/{scope}/…`,
    );
  }
  if (isLimitKey(limitKey)) return;
  throw new HttpError(
    ingressErrors.badLimitKey,
    `bad limit key "${limitKey}": one or two parts joined by "/", each 1 to 36 of ${letters}`,
  );
}

function badScope(scope: string): HttpError {
  return new HttpError(ingressErrors.badScope, `bad scope "${scope}": 1 to 36 of ${letters}`);
}
