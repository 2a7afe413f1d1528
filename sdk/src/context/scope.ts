// Scopes and limit keys: which calls share concurrency limits. Checked where they are given, so that the stack
// names the code that gave them.

import { isLimitKey, isScopePart } from "@perdure/protocol/scope";

/** Where a call goes beside its target. */
export interface ScopeAndLimit {
  readonly scope?: string | undefined;
  readonly limitKey?: string | undefined;
}

/** @throws TypeError  PDR2014 */
export function checkedScope(scope: string): string {
  if (typeof scope === "string" && isScopePart(scope)) return scope;
  throw new TypeError(
    `a scope is 1 to 36 of a-z, A-Z, 0-9, "_", "." and "-", not ${JSON.stringify(scope)} (PDR2014)`,
  );
}

/** @throws TypeError  PDR2014 */
export function checkedLimits(given: ScopeAndLimit): { scope?: string; limitKey?: string } {
  const scope = given.scope === undefined ? undefined : checkedScope(given.scope);
  if (given.limitKey === undefined) return scope === undefined ? {} : { scope };
  if (typeof given.limitKey !== "string" || !isLimitKey(given.limitKey)) {
    throw new TypeError(
      'a limit key is one or two parts joined by "/", each 1 to 36 of a-z, A-Z, 0-9, "_", "." and "-", ' +
        `not ${JSON.stringify(given.limitKey)} (PDR2014)`,
    );
  }
  if (scope === undefined) {
    throw new TypeError(
      `a limit key requires a scope: "${given.limitKey}" was given without one. Use ctx.scope(…), or \`scope\` of a generic call (PDR2014)`,
    );
  }
  return { scope, limitKey: given.limitKey };
}
