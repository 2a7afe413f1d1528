// The admin port's REST routes, with and without a version in front: /v2, /v3 and /v4 differ in details only. Finds
// the route, reads the body, writes the answer. Errors have one body: {"message", "restate_code", "errorCode"}.
//
// A body that says what it is must say JSON, and one that says nothing must not come from a page in a browser: such
// a page can't send anything else across origins without being asked first, and this port never says yes to that. Nor is
// a page let in that has its own name lead here (http/host-check.ts).

import { DeploymentService } from "@perdure/proto/admin/v1/admin";
import { errorMessage } from "@perdure/protocol/error-message";
import { readBody } from "../http/body.js";
import { adminErrors } from "../http/error-codes.js";
import { isKnownHost } from "../http/host-check.js";
import { HttpError } from "../http/http-error.js";
import { createRequestSlots, slotRetryAfterSeconds } from "../http/request-slots.js";
import { respond } from "../http/messages.js";
import type { HttpHandler, HttpRequest, HttpResponse } from "../http/messages.js";
import { checkReady, toHttpError } from "./admin-errors.js";
import { descriptionRoute } from "./api-description.js";
import { compressed } from "./compression.js";
import { batchRoutes } from "./batch-routes.js";
import { deploymentRoutes } from "./deployment-routes.js";
import { invocationRoutes } from "./invocation-routes.js";
import { findNotOffered } from "./not-offered.js";
import type { AdminParts } from "./parts.js";
import type { Answer, Route } from "./route.js";
import { ruleRoutes } from "./rule-routes.js";
import { apiVersionMax, apiVersionMin, serverRoutes } from "./server-routes.js";
import { serviceRoutes } from "./service-routes.js";
import { stateRoutes } from "./state-routes.js";

const described: readonly Route[] = [
  ...serverRoutes,
  ...deploymentRoutes,
  ...serviceRoutes,
  ...stateRoutes,
  ...invocationRoutes,
  ...batchRoutes,
  ...ruleRoutes,
];

export const routes: readonly Route[] = [...described, descriptionRoute(described)];

interface Found {
  readonly route: Route;
  readonly params: ReadonlyMap<string, string>;
}

interface Asked {
  readonly method: string;
  /** As it came. */
  readonly path: string;
  /** Without the version, not decoded. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly apiVersion: number;
}

/** @param connect  answers what is for the contracts */
export function createAdminHandler(parts: AdminParts, connect: HttpHandler): HttpHandler {
  const slots = createRequestSlots(parts.requestsMax);
  return (request, response) => {
    const [path = "/", ...query] = (request.url ?? "/").split("?");
    const during = `${request.method ?? "GET"} ${path}`;
    try {
      checkHost(parts, request);
      if (!slots.take(response)) throw tooManyRequests(slots.max);
      if (path.startsWith(`/${DeploymentService.typeName}/`)) return connect(request, response);
      const asked = askedOf(request.method ?? "GET", path, query.join("?"));
      answer(parts, asked, request, response).catch((error: unknown) => {
        replyError(response, error, during);
      });
    } catch (error) {
      replyError(response, error, during);
    }
  };
}

/** @throws HttpError  PDR4040 */
function checkHost({ hosts }: AdminParts, { headers }: HttpRequest): void {
  const said = headers[":authority"] ?? headers.host;
  const host = Array.isArray(said) ? said.join() : said;
  if (isKnownHost(host, hosts)) return;
  throw new HttpError(
    adminErrors.unknownHost,
    `the admin port is not called ${JSON.stringify(host)}. Use its address or localhost, or add the name to adminHosts`,
  );
}

function tooManyRequests(max: number): HttpError {
  return new HttpError(
    adminErrors.tooManyRequests,
    `the admin port serves ${max} requests at the same time, and no more; try again in a moment`,
    { retryAfterSeconds: slotRetryAfterSeconds },
  );
}

function askedOf(method: string, path: string, query: string): Asked {
  const segments = path.split("/").filter((segment) => segment !== "");
  const asked = { method, path, query: new URLSearchParams(query) };
  const prefix = /^v(\d+)$/.exec(segments[0] ?? "");
  if (prefix === null) return { ...asked, segments, apiVersion: apiVersionMax };
  const apiVersion = Number(prefix[1]);
  if (apiVersion < apiVersionMin || apiVersion > apiVersionMax) {
    throw new HttpError(
      adminErrors.unsupportedVersion,
      `unsupported version v${apiVersion} of the admin API; there are v${apiVersionMin} to v${apiVersionMax}`,
    );
  }
  return { ...asked, segments: segments.slice(1), apiVersion };
}

async function answer(
  parts: AdminParts,
  asked: Asked,
  request: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const { route, params } = findRoute(asked);
  if (route.early !== true) checkReady(parts);
  const { bodyBytesMax } = route;
  const body = bodyBytesMax === undefined ? undefined : await jsonOf(request, bodyBytesMax);
  const { apiVersion, query } = asked;
  const answered = await route.answer(parts, { apiVersion, params, query, body });
  await reply(response, answered, String(request.headers["accept-encoding"] ?? ""));
}

/** @throws HttpError  PDR4002, PDR4003, PDR4004, PDR4010 */
function findRoute({ method, path, segments, apiVersion }: Asked): Found {
  const found = routes.flatMap((route) => {
    const params = matched(route.path, segments);
    return params === undefined ? [] : [{ route, params }];
  });
  const meant = found.find(
    ({ route }) => route.method === method && (route.onlyIn ?? apiVersion) === apiVersion,
  );
  if (meant !== undefined) return meant;
  if (found.length > 0) {
    const there = found.filter(({ route }) => (route.onlyIn ?? apiVersion) === apiVersion);
    const allow = there.map(({ route }) => route.method).join(", ");
    throw new HttpError(
      adminErrors.methodNotAllowed,
      `method ${method} not allowed at ${path}; it takes ${allow}`,
      { allow },
    );
  }
  throw (
    findNotOffered(segments) ??
    new HttpError(adminErrors.unknownRoute, `nothing is served at ${path}`)
  );
}

function matched(
  path: string,
  segments: readonly string[],
): ReadonlyMap<string, string> | undefined {
  const wanted = path.slice(1).split("/");
  if (wanted.length !== segments.length) return undefined;
  const params = new Map<string, string>();
  for (const [at, part] of wanted.entries()) {
    const segment = segments[at] ?? "";
    if (part.startsWith(":")) params.set(part.slice(1), decoded(segment));
    else if (part !== segment) return undefined;
  }
  return params;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError(
      adminErrors.badRequest,
      `"${segment}" in the path is not percent-encoded UTF-8`,
    );
  }
}

async function jsonOf(request: HttpRequest, bytesMax: number): Promise<unknown> {
  checkContentType(request);
  const length = request.headers["content-length"];
  const size = { contentLength: length === undefined ? undefined : Number(length), expected: true };
  const body = await new Promise<Uint8Array>((complete, reject) => {
    readBody(request, size, bytesMax, {
      complete,
      tooLarge: () => {
        const message = `the request body is larger than ${bytesMax} bytes`;
        reject(new HttpError(adminErrors.bodyTooLarge, message));
      },
    });
  });
  try {
    return JSON.parse(
      Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString(),
    ) as unknown;
  } catch (error) {
    const why = errorMessage(error);
    throw new HttpError(adminErrors.badJson, `the body is not JSON: ${why}`);
  }
}

/** @throws HttpError  PDR4008 */
function checkContentType({ headers }: HttpRequest): void {
  const said = headers["content-type"];
  const [type = ""] = (said ?? "").split(";", 1);
  if (type.trim().toLowerCase() === "application/json") return;
  const isFromPage = headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
  if (said === undefined && !isFromPage) return;
  throw new HttpError(
    adminErrors.notJson,
    `expected "content-type: application/json", got ${said === undefined ? "none" : `"${said}"`}`,
  );
}

function replyError(response: HttpResponse, error: unknown, during: string): void {
  const known = toHttpError(error, during);
  const body = {
    message: known.message,
    restate_code: known.restateCode ?? null,
    errorCode: known.code,
  };
  const headers = [...known.headers(), "content-type", "application/json"];
  respond(response, known.status, headers, JSON.stringify(body));
}

/** @param accepted  the encodings that the client takes */
async function reply(
  response: HttpResponse,
  { status, body, location }: Answer,
  accepted: string,
): Promise<void> {
  const headers = location === undefined ? [] : ["location", location];
  if (body === undefined) return respond(response, status, headers, "");
  headers.push("content-type", "application/json");
  const { encoding, bytes } = await compressed(JSON.stringify(body), accepted);
  if (encoding !== undefined) headers.push("content-encoding", encoding);
  respond(response, status, [...headers, "vary", "accept-encoding"], bytes);
}
