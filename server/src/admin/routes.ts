// The admin port's REST routes, with and without a version in front: /v2, /v3 and /v4 differ in
// details only. Errors have one body: {"message", "restate_code", "errorCode"}.
//
// A body must say that it is JSON: a page in a browser can't send such a request across origins
// without being asked first, and this port never says yes to that.

import { DeploymentService } from "@perdure/proto/admin/v1/admin";
import { readBody } from "../http/body.js";
import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import { respond } from "../http/messages.js";
import type { HttpHandler, HttpRequest, HttpResponse } from "../http/messages.js";
import { checkReady, toHttpError, unknownDeployment } from "./admin-errors.js";
import { deploymentBody, deploymentListBody, registeredBody } from "./deployment-body.js";
import { describeInvocation, resumeInvocation } from "./invocations.js";
import type { AdminParts } from "./parts.js";
import { parseRegisterBody } from "./register-body.js";
import { serverVersion } from "../observe/version.js";

const apiVersionMin = 2;
const apiVersionMax = 4;
/** A registration is an address and a few headers. */
const bodyBytesMax = 1024 * 1024;

/** What the field's tools ask an admin port for and this one does not do yet. */
const notBuiltYet: ReadonlySet<string> = new Set([
  "cluster-health",
  "internal",
  "invocations",
  "kafka-clusters",
  "limits",
  "openapi",
  "query",
  "services",
  "subscriptions",
  "ui",
]);

interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly method: string;
  readonly path: string;
  /** Without the version. */
  readonly segments: readonly string[];
  readonly apiVersion: number;
}

/** @param connect  answers what is for the contracts */
export function createAdminHandler(parts: AdminParts, connect: HttpHandler): HttpHandler {
  const version = serverVersion();
  return (request, response) => {
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    const method = request.method ?? "GET";
    try {
      if (path.startsWith(`/${DeploymentService.typeName}/`)) connect(request, response);
      else route(parts, version, exchangeOf(request, response, method, path));
    } catch (error) {
      replyError(response, error, `${method} ${path}`);
    }
  };
}

function exchangeOf(
  request: HttpRequest,
  response: HttpResponse,
  method: string,
  path: string,
): Exchange {
  const segments = path.split("/").filter((segment) => segment !== "");
  const prefix = /^v(\d+)$/.exec(segments[0] ?? "");
  if (prefix === null) {
    return { request, response, method, path, segments, apiVersion: apiVersionMax };
  }
  const apiVersion = Number(prefix[1]);
  if (apiVersion < apiVersionMin || apiVersion > apiVersionMax) {
    throw new HttpError(
      adminErrors.unsupportedVersion,
      `unsupported version v${apiVersion} of the admin API; there are v${apiVersionMin} to v${apiVersionMax}`,
    );
  }
  return { request, response, method, path, segments: segments.slice(1), apiVersion };
}

function route(parts: AdminParts, version: string, exchange: Exchange): void {
  const { segments, method, path, response } = exchange;
  const [first = "", id] = segments;
  if (first === "health" && segments.length === 1) {
    checkMethod(exchange, "GET");
    checkReady(parts);
    reply(response, 200, [], {});
  } else if (first === "version" && segments.length === 1) {
    checkMethod(exchange, "GET");
    reply(response, 200, [], {
      version,
      min_admin_api_version: apiVersionMin,
      max_admin_api_version: apiVersionMax,
      ingress_endpoint: parts.ingressUrl,
      features: {},
    });
  } else if (first === "deployments" && segments.length === 1) {
    if (method === "POST") register(parts, exchange);
    else list(parts, exchange);
  } else if (first === "deployments" && id !== undefined && segments.length === 2) {
    describe(parts, exchange, id);
  } else if (first === "invocations" && id !== undefined && isInvocationRoute(exchange)) {
    routeInvocation(parts, exchange, id);
  } else if (notBuiltYet.has(first)) {
    throw new HttpError(adminErrors.notBuiltYet, `${path} is not there yet`);
  } else {
    throw new HttpError(adminErrors.unknownRoute, `nothing is served at ${path}`);
  }
}

/** /invocations/{id}, /invocations/{id}/resume; other verbs are not there yet. */
function isInvocationRoute({ method, segments }: Exchange): boolean {
  if (segments.length === 2) return method === "GET";
  return segments.length === 3 && segments[2] === "resume";
}

function routeInvocation(parts: AdminParts, exchange: Exchange, id: string): void {
  const { response, method, path, segments } = exchange;
  const resumes = segments.length === 3;
  if (resumes) checkMethod(exchange, "PATCH");
  checkReady(parts);
  const answer = resumes
    ? resumeInvocation(parts.operators, id).then(() => ({}))
    : describeInvocation(parts.operators, id);
  answer.then(
    (body) => reply(response, 200, [], body),
    (error: unknown) => replyError(response, error, `${method} ${path}`),
  );
}

function list(parts: AdminParts, exchange: Exchange): void {
  checkMethod(exchange, "GET", "GET, POST");
  checkReady(parts);
  const deployments = [...parts.registrar.view.deployments.values()].map(deploymentListBody);
  reply(exchange.response, 200, [], { deployments });
}

function describe(parts: AdminParts, exchange: Exchange, id: string): void {
  const { method, response } = exchange;
  if (method === "PATCH" || method === "PUT" || method === "DELETE") {
    throw new HttpError(adminErrors.notBuiltYet, `${method} of a deployment is not there yet`);
  }
  checkMethod(exchange, "GET");
  checkReady(parts);
  const deployment = parts.registrar.view.deployments.get(id);
  if (deployment === undefined) throw unknownDeployment(id);
  reply(response, 200, [], deploymentBody(deployment, parts.defaults));
}

function register(parts: AdminParts, exchange: Exchange): void {
  const { request, response, method, path } = exchange;
  checkReady(parts);
  checkJson(request);
  const length = request.headers["content-length"];
  const size = {
    contentLength: length === undefined ? undefined : Number(length),
    expected: true,
  };
  readBody(request, size, bodyBytesMax, {
    complete: (body) => {
      registerBody(parts, exchange, body).catch((error: unknown) =>
        replyError(response, error, `${method} ${path}`),
      );
    },
    tooLarge: () => {
      const message = `the request body is larger than ${bodyBytesMax} bytes`;
      replyError(response, new HttpError(adminErrors.bodyTooLarge, message), path);
    },
  });
}

async function registerBody(
  parts: AdminParts,
  exchange: Exchange,
  body: Uint8Array,
): Promise<void> {
  const { registrar } = parts;
  const isV2 = exchange.apiVersion === 2;
  const request = parseRegisterBody(body, isV2);
  const known = registrar.view.deployments;
  const { deployment, created } = await registrar.register(request);
  // Discovered again under an address that was known: overwritten, not created.
  const isNew = created && !known.has(deployment.id);
  if (isV2 && !created) {
    throw new HttpError(
      adminErrors.alreadyRegistered,
      `${request.uri} is already registered as ${deployment.id}; send "force": true to discover it again`,
    );
  }
  const location = request.dryRun ? [] : ["location", `deployments/${deployment.id}`];
  reply(
    exchange.response,
    isNew || isV2 ? 201 : 200,
    location,
    registeredBody(deployment, parts.defaults),
  );
}

function checkJson(request: HttpRequest): void {
  const [type = ""] = (request.headers["content-type"] ?? "").split(";", 1);
  if (type.trim().toLowerCase() === "application/json") return;
  throw new HttpError(
    adminErrors.notJson,
    `expected "content-type: application/json", got "${type}"`,
  );
}

function checkMethod({ method }: Exchange, expected: string, allow: string = expected): void {
  if (method === expected) return;
  throw new HttpError(adminErrors.methodNotAllowed, `method ${method} not allowed`, { allow });
}

function replyError(response: HttpResponse, error: unknown, during: string): void {
  const known = toHttpError(error, during);
  reply(response, known.status, known.headers(), {
    message: known.message,
    restate_code: known.restateCode ?? null,
    errorCode: known.code,
  });
}

function reply(response: HttpResponse, status: number, headers: string[], body: object): void {
  headers.push("content-type", "application/json");
  respond(response, status, headers, JSON.stringify(body));
}
