// The address of a deployment, in the one form in which addresses are compared.

import { RegistrationError } from "./registrar.js";

/**
 * @returns the address as a URL writes itself
 * @throws RegistrationError  PDR4201
 */
export function addressOf(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw badAddress(text, "it is not a URL");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw badAddress(text, `the scheme "${url.protocol}" is neither http nor https`);
  }
  if (url.username !== "" || url.password !== "") {
    // Not repeated: addresses are shown and logged.
    throw badAddress(
      `${url.protocol}//…@${url.host}${url.pathname}`,
      "it has a user name or a password, which would be shown and logged wherever addresses are. Send what authenticates the server as additional_headers",
    );
  }
  return url.href;
}

function badAddress(text: string, reason: string): RegistrationError {
  return new RegistrationError(
    "PDR4201",
    "META0003",
    400,
    `"${text}" can't be the address of a deployment: ${reason}. Give one like http://localhost:9080`,
  );
}
