// The body of POST /deployments, checked member by member.

import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ManifestSchema, type Manifest } from "@perdure/proto/manifest/v1/manifest";
import { errorMessage } from "@perdure/protocol/error-message";
import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { RegisterRequest } from "../registry/registrar.js";
import { badRequest, flag, membersOf, textMap, type Members } from "./members.js";

/** Members that the field's tools may send and that this server can't act on. */
const notBuiltYet = ["arn", "assume_role_arn", "auth"];

/**
 * @param forceDefault  what a body without `force` means
 * @throws HttpError  PDR4001, PDR4002, PDR4010
 */
export function parseRegisterBody(body: unknown, forceDefault: boolean): RegisterRequest {
  const members = membersOf(body, "the body", '{"uri":"http://host:port"}');
  checkBuilt(members);
  // What `breaking` would allow is allowed anyway, but for a change of type, which nothing allows.
  flag(members, "breaking");
  return {
    uri: checkUri(members["uri"]),
    force: flag(members, "force") ?? forceDefault,
    dryRun: flag(members, "dry_run") ?? false,
    additionalHeaders: checkHeaders(textMap(members, "additional_headers") ?? {}),
    metadata: textMap(members, "metadata") ?? {},
    useHttp11: flag(members, "use_http_11") ?? false,
    requestResponse: flag(members, "request_response"),
    strict: flag(members, "strict") ?? false,
    manifest: manifestOf(members["manifest"]),
  };
}

/**
 * What codegen writes as manifest.json. Members of a newer codegen are left out.
 * @throws HttpError  PDR4002
 */
function manifestOf(value: unknown): Manifest | undefined {
  if (value === undefined || value === null) return undefined;
  try {
    return fromJson(ManifestSchema, value as JsonValue, { ignoreUnknownFields: true });
  } catch (error) {
    const why = errorMessage(error);
    throw badRequest(`"manifest" is not what codegen writes as manifest.json: ${why}`);
  }
}

/** @throws HttpError  PDR4010 */
export function checkBuilt(members: Members): void {
  for (const name of notBuiltYet) {
    const value = members[name];
    if (value === undefined || value === null || value === false) continue;
    throw new HttpError(adminErrors.notBuiltYet, `"${name}" is not there yet; leave it out`);
  }
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
