// How long a caller waits, as Connect and gRPC say it. A deadline ends the wait, never the invocation.

import { ingressErrors } from "../../http/error-codes.js";
import { HttpError } from "../../http/http-error.js";
import type { Wire } from "./content-type.js";

/** What a timer of node's can wait; whoever waits longer has no deadline that matters. */
const timerMsMax = 2 ** 31 - 1;

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * Milliseconds until the deadline; undefined for none.
 * @throws HttpError  PDR3036
 */
export function timeoutMsOf(text: string | undefined, wire: Wire): number | undefined {
  if (text === undefined) return undefined;
  const ms = wire === "connect" ? connectMs(text) : grpcMs(text);
  if (ms === undefined) {
    const wanted =
      wire === "connect"
        ? 'header "connect-timeout-ms" must be milliseconds in up to 10 digits'
        : 'header "grpc-timeout" must be up to 8 digits and one of H, M, S, m, u, n';
    throw new HttpError(ingressErrors.badMessage, `bad timeout "${text}": ${wanted}`);
  }
  return ms > timerMsMax ? undefined : ms;
}

function connectMs(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function grpcMs(text: string): number | undefined {
  const unit = unitMs[text.slice(-1)];
  const digits = text.slice(0, -1);
  return unit !== undefined && /^\d{1,8}$/.test(digits) ? Number(digits) * unit : undefined;
}

export function deadlineExceeded(): HttpError {
  return new HttpError(
    ingressErrors.deadlineExceeded,
    "the caller's deadline passed before there was a result; what was submitted goes on",
  );
}
