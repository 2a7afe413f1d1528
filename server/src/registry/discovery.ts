// Asks an endpoint what it offers.

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Deployment, type DiscoverResponse } from "@perdure/proto/protocol/v1/deployment";
import { protocolVersions } from "@perdure/protocol/versions";
import { RegistrationError } from "./registrar.js";

const timeoutMs = 10_000;

/** @throws RegistrationError */
export async function discover(
  uri: string,
  headers: Readonly<Record<string, string>>,
): Promise<DiscoverResponse> {
  const transport = createConnectTransport({
    baseUrl: uri.replace(/\/$/, ""),
    httpVersion: "2",
    idleConnectionTimeoutMs: 1_000,
  });
  const client = createClient(Deployment, transport);
  const { min, max } = protocolVersions;
  try {
    return await client.discover(
      { minProtocolVersion: min, maxProtocolVersion: max },
      { timeoutMs, headers },
    );
  } catch (error) {
    throw discoveryFailed(uri, ConnectError.from(error));
  }
}

function discoveryFailed(uri: string, error: ConnectError): RegistrationError {
  if (error.code === Code.FailedPrecondition) {
    return new RegistrationError("PDR4204", "META0012", 400, error.rawMessage);
  }
  if (error.code === Code.Unimplemented || error.code === Code.NotFound) {
    return new RegistrationError(
      "PDR4203",
      "META0013",
      400,
      `${uri} answers, but not as a Perdure endpoint (${error.rawMessage}). Is it the address that a service of yours listens on?`,
    );
  }
  if (/protocol error/i.test(error.rawMessage)) {
    return new RegistrationError(
      "PDR4203",
      "META0014",
      400,
      `${uri} answers, but does not speak HTTP/2 in the clear, as serve() does. Is it the address of a Perdure service?`,
    );
  }
  return new RegistrationError(
    "PDR4202",
    "META0003",
    500,
    `the endpoint at ${uri} can't be reached: ${error.rawMessage}. Is the service running, and does it listen there?`,
  );
}
