// The address of an ingress, as a user writes it.

import { ClientError, ClientErrorCode } from "./errors.js";

/**
 * What paths are put behind: no slash at its end.
 * @throws ClientError  PDR5303: not an address
 */
export function baseOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "http:" && parsed?.protocol !== "https:") {
    throw badUrl(url, 'expected an address such as "http://127.0.0.1:8080"');
  }
  if (parsed.search !== "" || parsed.hash !== "") throw badUrl(url, "it has a query or a fragment");
  if (parsed.username !== "" || parsed.password !== "") {
    throw badUrl(url, "it has a password; send an authorization header instead");
  }
  return parsed.href.replace(/\/+$/, "");
}

function badUrl(url: string, why: string): ClientError {
  return new ClientError(
    ClientErrorCode.badArgument,
    `"${url}" is not a url to connect to: ${why}`,
  );
}
