// The body of POST /deployments, checked member by member.

import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { RegisterRequest } from "../registry/registrar.js";

type Members = Readonly<Record<string, unknown>>;

/** Members that the field's tools may send and that this server can't act on yet. */
const notBuiltYet = ["arn", "assume_role_arn", "use_http_11", "auth", "breaking"];

/**
 * @param forceDefault  what a body without `force` means
 * @throws HttpError  PDR4001, PDR4002, PDR4010
 */
export function parseRegisterBody(body: Uint8Array, forceDefault: boolean): RegisterRequest {
  const members = parseObject(body);
  for (const name of notBuiltYet) {
    const value = members[name];
    if (value !== undefined && value !== null && value !== false) {
      throw new HttpError(adminErrors.notBuiltYet, `"${name}" is not there yet; leave it out`);
    }
  }
  return {
    uri: checkUri(members["uri"]),
    force: flag(members, "force", forceDefault),
    dryRun: flag(members, "dry_run", false),
    additionalHeaders: checkHeaders(textMap(members, "additional_headers")),
    metadata: textMap(members, "metadata"),
  };
}

function parseObject(body: Uint8Array): Members {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new HttpError(adminErrors.badJson, `the body is not JSON: ${why}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
  throw new HttpError(
    adminErrors.badJson,
    'the body is not a JSON object; send {"uri":"http://host:port"}',
  );
}

/** @throws HttpError  PDR4002 */
export function checkUri(uri: unknown): string {
  if (typeof uri !== "string" || uri === "") {
    throw badRequest('"uri" is missing; send {"uri":"http://host:port"}');
  }
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw badRequest(`"uri" must be an http:// or https:// address, got "${uri}"`);
  }
  return uri;
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e]*$/;

/** @throws HttpError  PDR4002 */
export function checkHeaders(
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    if (!headerName.test(name)) throw badRequest(`"${name}" is no name of a header`);
    if (!headerValue.test(value))
      throw badRequest(`header "${name}" has a value that is not ASCII`);
  }
  return headers;
}

function flag(members: Members, name: string, absent: boolean): boolean {
  const value = members[name];
  if (value === undefined || value === null) return absent;
  if (typeof value === "boolean") return value;
  throw badRequest(`"${name}" must be true or false`);
}

function textMap(members: Members, name: string): Readonly<Record<string, string>> {
  const value = members[name];
  if (value === undefined || value === null) return {};
  const isMap = typeof value === "object" && !Array.isArray(value);
  if (isMap && Object.values(value).every((member) => typeof member === "string")) {
    return value as Readonly<Record<string, string>>;
  }
  throw badRequest(`"${name}" must be an object of strings`);
}

function badRequest(message: string): HttpError {
  return new HttpError(adminErrors.badRequest, message);
}
