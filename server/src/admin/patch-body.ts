// The body of PATCH /deployments/{id}, checked member by member.

import type { DeploymentPatch } from "../registry/registrar.js";
import { flag, membersOf, textMap } from "./members.js";
import { checkBuilt, checkHeaders, checkUri } from "./register-body.js";

/** @throws HttpError  PDR4001, PDR4002, PDR4010 */
export function parsePatchBody(body: unknown): DeploymentPatch {
  const members = membersOf(body, "the body", '{"uri":"http://host:port"}');
  checkBuilt(members);
  const { uri } = members;
  const useHttp11 = flag(members, "use_http_11");
  const headers = textMap(members, "additional_headers");
  return {
    ...(uri === undefined || uri === null ? {} : { uri: checkUri(uri) }),
    ...(useHttp11 === undefined ? {} : { useHttp11 }),
    ...(headers === undefined ? {} : { additionalHeaders: checkHeaders(headers) }),
    overwrite: flag(members, "overwrite") ?? false,
    dryRun: flag(members, "dry_run") ?? false,
  };
}
