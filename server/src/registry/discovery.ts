// Asks an endpoint what it offers, and finds out how to talk to it: by HTTP/1.1 or HTTP/2, over sessions or request
// by request.

import { setTimeout } from "node:timers/promises";
import {
  Deployment,
  ProtocolMode,
  type DiscoverResponse,
} from "@perdure/proto/protocol/v1/deployment";
import { errorMessage } from "@perdure/protocol/error-message";
import { protocolVersions } from "@perdure/protocol/versions";
import { refusalOf, type AddressGuard } from "../outbound/address-guard.js";
import { negotiateHttp } from "../outbound/alpn.js";
import { CallError } from "../outbound/call-error.js";
import { DeploymentClient } from "../outbound/deployment-client.js";
import type { RequestSigner } from "../outbound/request-signer.js";
import { RegistrationError } from "./registrar.js";

export interface DiscoverOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** HTTP/1.1 only. Else HTTP/2 is tried first, and HTTP/1.1 where nobody understands it. */
  readonly useHttp11: boolean;
  readonly signer?: RequestSigner | undefined;
  /** Which addresses may be connected to. */
  readonly guard?: AddressGuard | undefined;
}

export interface Discovered {
  readonly response: DiscoverResponse;
  readonly useHttp11: boolean;
  /** As the endpoint says. Never SESSION where HTTP/1.1 is used. */
  readonly protocolMode: ProtocolMode;
}

/** Asks an endpoint what it offers. */
export type Discover = (uri: string, options: DiscoverOptions) => Promise<Discovered>;

const timeoutMs = 10_000;
/** A descriptor set, and JSON schemas of all handlers. */
const answerBytesMax = 32 * 1024 * 1024;
/** Before each further try, where the failure may pass: a proxy or a service that is just starting. */
const retryDelaysMs = [100, 300, 900];

/** @throws RegistrationError */
export async function discover(uri: string, options: DiscoverOptions): Promise<Discovered> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const useHttp11 = options.useHttp11 || !(await mayBeHttp2(uri, signal, options.guard));
    try {
      return await ask(uri, { ...options, useHttp11 }, signal);
    } catch (error) {
      const other = error instanceof CallError && error.kind === "protocol" && !useHttp11;
      if (!other) throw error;
      return await ask(uri, { ...options, useHttp11: true }, signal).catch((second: unknown) => {
        throw second instanceof CallError && second.kind === "status" ? second : error;
      });
    }
  } catch (error) {
    throw discoveryFailed(uri, error, signal.aborted);
  }
}

/** In the clear HTTP/2 needs no agreement: it is tried. */
async function mayBeHttp2(
  uri: string,
  signal: AbortSignal,
  guard: AddressGuard | undefined,
): Promise<boolean> {
  if (!uri.startsWith("https:")) return true;
  return (await retried(() => negotiateHttp(uri, signal, guard), signal)) === "h2";
}

async function ask(
  uri: string,
  options: DiscoverOptions,
  signal: AbortSignal,
): Promise<Discovered> {
  const { headers, useHttp11, signer, guard } = options;
  const client = new DeploymentClient({ uri, headers, useHttp11, signer, guard });
  const { min: minProtocolVersion, max: maxProtocolVersion } = protocolVersions;
  const versions = { minProtocolVersion, maxProtocolVersion };
  try {
    const call = (): Promise<DiscoverResponse> =>
      client.call(Deployment.method.discover, versions, { signal, answerBytesMax });
    const response = await retried(call, signal);
    return { response, useHttp11, protocolMode: modeOf(response, useHttp11) };
  } finally {
    client.close();
  }
}

function modeOf({ protocolMode }: DiscoverResponse, useHttp11: boolean): ProtocolMode {
  const session = protocolMode !== ProtocolMode.REQUEST_RESPONSE && !useHttp11;
  return session ? ProtocolMode.SESSION : ProtocolMode.REQUEST_RESPONSE;
}

async function retried<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const delayMs of retryDelaysMs) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof CallError) || !error.transient || signal.aborted) throw error;
      if (refusalOf(error) !== undefined) throw error;
      try {
        await setTimeout(error.retryAfterMs ?? delayMs, undefined, { signal });
      } catch {
        // Out of time: what it said last is told.
        throw error;
      }
    }
  }
  return call();
}

function discoveryFailed(uri: string, error: unknown, late: boolean): RegistrationError {
  const refused = refusalOf(error);
  if (refused !== undefined) {
    return new RegistrationError("PDR4220", "META0003", 403, refused.reason);
  }
  const message = errorMessage(error);
  const status = error instanceof CallError ? error.status : undefined;
  const reason = error instanceof CallError ? error.reason : undefined;
  if (reason === "failed_precondition") {
    const said = message.replace(/^status \d+: /, "");
    return new RegistrationError("PDR4204", "META0012", 400, said);
  }
  if (status === 401) {
    return new RegistrationError(
      "PDR4203",
      "META0013",
      400,
      `the endpoint at ${uri} does not trust this server (${message}). Give it the identity key that the server logs at its start`,
    );
  }
  if (error instanceof CallError && error.kind === "status" && !error.transient) {
    return new RegistrationError(
      "PDR4203",
      "META0013",
      400,
      `${uri} answers, but not as a Perdure endpoint (${message}). Is it the address that a service of yours listens on, with the path where it is mounted?`,
    );
  }
  if (error instanceof CallError && error.kind === "protocol") {
    return new RegistrationError(
      "PDR4203",
      "META0014",
      400,
      `${uri} answers, but neither by HTTP/2 nor by HTTP/1.1 (${message}). Is it the address of a Perdure service?`,
    );
  }
  const what =
    late && status === undefined ? `no answer within ${String(timeoutMs / 1_000)} s` : message;
  return new RegistrationError(
    "PDR4202",
    "META0003",
    500,
    `the endpoint at ${uri} can't be reached: ${what}. Is the service running, and does it listen there?`,
  );
}
