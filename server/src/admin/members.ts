// Members of JSON bodies and of queries, checked one by one. Every refusal names the member. null is as good as
// absent everywhere: that is how the field's tools write what is not set.

import { parseDuration } from "@perdure/protocol/duration";
import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { DeploymentChoice } from "../shard/operators.js";

export type Members = Readonly<Record<string, unknown>>;

export function badRequest(message: string): HttpError {
  return new HttpError(adminErrors.badRequest, message);
}

/**
 * @param what     what is read, for the message
 * @param example  of what it looks like
 * @throws HttpError  PDR4001
 */
export function membersOf(value: unknown, what: string, example: string): Members {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
  throw new HttpError(adminErrors.badJson, `${what} is not a JSON object; send ${example}`);
}

/** @throws HttpError  PDR4001 */
export function listOf(value: unknown, what: string, example: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new HttpError(adminErrors.badJson, `${what} is not a JSON array; send ${example}`);
}

/** @throws HttpError  PDR4002 */
export function flag(members: Members, name: string): boolean | undefined {
  const value = members[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return value;
  throw badRequest(`"${name}" must be true or false`);
}

/** @throws HttpError  PDR4002 */
export function text(members: Members, name: string): string | undefined {
  const value = members[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw badRequest(`"${name}" must be a string`);
}

/** @throws HttpError  PDR4002 */
export function requiredText(members: Members, name: string): string {
  const value = text(members, name);
  if (value !== undefined) return value;
  throw badRequest(`"${name}" is missing; it must be a string`);
}

/**
 * A whole number that is not negative.
 * @throws HttpError  PDR4002
 */
export function count(members: Members, name: string): number | undefined {
  const value = members[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw badRequest(`"${name}" must be a whole number, 0 or more`);
}

/**
 * @returns milliseconds
 * @throws HttpError  PDR4002
 */
export function duration(members: Members, name: string): bigint | undefined {
  const value = text(members, name);
  if (value === undefined) return undefined;
  const ms = parseDuration(value);
  if (ms !== undefined) return BigInt(ms);
  throw badRequest(
    `"${name}" must be a duration such as "500ms", "10s", "1h 5m" or "PT1H5M", got "${value}"`,
  );
}

/** @throws HttpError  PDR4002 */
export function textMap(
  members: Members,
  name: string,
): Readonly<Record<string, string>> | undefined {
  const value = members[name];
  if (value === undefined || value === null) return undefined;
  const isMap = typeof value === "object" && !Array.isArray(value);
  if (isMap && Object.values(value).every((member) => typeof member === "string")) {
    return value as Readonly<Record<string, string>>;
  }
  throw badRequest(`"${name}" must be an object of strings`);
}

/**
 * A flag of the query: `?force=true`; `?force` alone is true, absent is false.
 * @throws HttpError  PDR4002
 */
export function queryFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  if (value === null || value === "false") return false;
  if (value === "true" || value === "") return true;
  throw badRequest(`"${name}" in the query must be true or false, got "${value}"`);
}

/**
 * Which deployment is meant: latest, keep, or an id.
 * @throws HttpError  PDR4002
 */
export function deploymentChoice(
  value: string | null | undefined,
  absent: "latest" | "keep",
): DeploymentChoice {
  if (value === null || value === undefined) return absent;
  const word = value.toLowerCase();
  if (word === "latest" || word === "keep") return word;
  if (value.startsWith("dp_")) return { id: value };
  throw badRequest(
    `"deployment" must be "latest", "keep" or the id of a deployment (dp_…), got "${value}"`,
  );
}
