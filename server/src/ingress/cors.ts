// Cross-origin requests: any page may call, with credentials, and read every header of the answer.
// Only requests that name their origin (browsers do) pay for it.

/** What a page may read beside the few headers that it always may. */
const exposed = [
  "x-restate-id",
  "x-restate-error-source",
  "idempotency-expires",
  "retry-after",
  "x-perdure-error-code",
  "grpc-status",
  "grpc-message",
  "grpc-status-details-bin",
].join(", ");

/** Adds to an answer's headers (names and values in turn) what lets the page at `origin` read it. */
export function addCorsHeaders(headers: string[], origin: string | undefined): string[] {
  if (origin === undefined) return headers;
  headers.push(
    "access-control-allow-origin",
    origin,
    "access-control-allow-credentials",
    "true",
    "access-control-expose-headers",
    exposed,
    "vary",
    "origin",
  );
  return headers;
}

/** The headers that answer a preflight: whatever was asked for is allowed. */
export function preflightHeaders(
  origin: string | undefined,
  requestedMethod: string | undefined,
  requestedHeaders: string | undefined,
): string[] {
  const headers = ["access-control-allow-origin", origin ?? "*"];
  if (origin !== undefined) headers.push("access-control-allow-credentials", "true");
  headers.push("access-control-allow-methods", requestedMethod ?? "GET, POST");
  if (requestedHeaders !== undefined) {
    headers.push("access-control-allow-headers", requestedHeaders);
  }
  headers.push(
    "access-control-max-age",
    "7200",
    "vary",
    "origin, access-control-request-method, access-control-request-headers",
  );
  return headers;
}
