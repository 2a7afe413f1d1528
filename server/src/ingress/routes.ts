// Which path means what. The first segment decides: `restate` is reserved, a contract's name goes to
// Connect, anything else is the older form /{service}/[{key}/]{handler}[/send].

import { Ingress } from "@perdure/proto/ingress/v1/ingress";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { HttpHandler } from "../http/messages.js";
import { respond } from "../http/messages.js";
import type { RegisteredService, RegistryView } from "../shard/registry-view.js";
import { completeAwakeable } from "./awakeable.js";
import { preflightHeaders } from "./cors.js";
import { replyError, replyJson } from "./exchange.js";
import type { Exchange } from "./exchange.js";
import { checkReady } from "./failures.js";
import { invoke } from "./invoke.js";
import type { IngressParts } from "./parts.js";
import { decodeKey, splitPath } from "./path.js";
import type { RequestPath } from "./path.js";
import { readHead } from "./request-head.js";
import { answerResult, answerResultOfBody } from "./results.js";
import type { ResultOperation } from "./results.js";
import { checkIdempotencyKeyText, checkKey, isKeyed, kindNameOf, serviceOf } from "./target.js";

const slashesMin = 2;
const slashesMax = 7;

/** @param connect  answers what is for the contracts */
export function createIngressHandler(
  parts: IngressParts,
  connect: (exchange: Exchange) => void,
): HttpHandler {
  return (request, response) => {
    const exchange = { request, response, head: readHead(request) };
    try {
      route(parts, connect, exchange);
    } catch (error) {
      replyError(exchange, error);
    }
  };
}

function route(
  parts: IngressParts,
  connect: (exchange: Exchange) => void,
  exchange: Exchange,
): void {
  const { head } = exchange;
  if (head.method === "OPTIONS") {
    replyPreflight(exchange);
    return;
  }
  const path = splitPath(head.url);
  const { segments } = path;
  const [first] = segments;
  if (first === "health" && segments.length === 1) {
    replyHealth(parts, exchange, {});
    return;
  }
  if (segments.length < slashesMin || segments.length > slashesMax || !head.url.startsWith("/")) {
    throw badPath(path, "it must have 2 to 7 parts, such as /restate/call/{service}/{handler}");
  }
  if (first === Ingress.typeName) connect(exchange);
  else if (first === "restate") routeReserved(parts, exchange, path);
  else if (first === "openapi") throw unknownRoute(path);
  else routeOlder(parts, exchange, path);
}

function routeReserved(parts: IngressParts, exchange: Exchange, path: RequestPath): void {
  const { segments } = path;
  const [, operation = ""] = segments;
  switch (operation) {
    case "call":
    case "send": {
      checkReady(parts);
      const view = parts.registry();
      const service = serviceOf(view, segments[2] ?? "");
      const rest = segments.slice(3);
      if (rest.length !== (isKeyed(service) ? 2 : 1)) {
        throw badPath(path, pathsOf(service, `/restate/${operation}`));
      }
      invokeAt(parts, view, exchange, path, { mode: operation, service, rest });
      return;
    }
    case "attach":
    case "output":
      if (segments.length === 2) {
        checkMethod(exchange, "POST");
        checkReady(parts);
        answerResultOfBody(parts, exchange, operation);
      } else if (segments.length === 3) {
        answerPath(parts, exchange, operation, segments[2] ?? "");
      } else {
        throw badPath(path, `use /restate/${operation}/{invocationId}`);
      }
      return;
    case "lookup":
      if (segments.length !== 2) throw badPath(path, "use /restate/lookup");
      checkMethod(exchange, "POST");
      checkReady(parts);
      answerResultOfBody(parts, exchange, operation);
      return;
    case "workflow":
      routeWorkflow(parts, exchange, path);
      return;
    case "invocation":
      routeInvocation(parts, exchange, path);
      return;
    case "health":
      if (segments.length !== 2) throw badPath(path, "use /restate/health");
      replyHealth(parts, exchange, { services: [...parts.registry().services.keys()] });
      return;
    case "awakeables":
    case "a":
      routeAwakeable(parts, exchange, path);
      return;
    case "scope":
      throw new HttpError(ingressErrors.notBuiltYet, `${path.path}: scopes are not there yet`);
    default:
      throw unknownRoute(path);
  }
}

/** /{service}/[{key}/]{handler}[/send] */
function routeOlder(parts: IngressParts, exchange: Exchange, path: RequestPath): void {
  checkReady(parts);
  const view = parts.registry();
  const [name = "", ...rest] = path.segments;
  const service = serviceOf(view, name);
  const length = isKeyed(service) ? 2 : 1;
  const isSend = rest.length === length + 1 && rest.at(-1) === "send";
  if (isSend) rest.pop();
  else if (rest.length !== length) throw badPath(path, pathsOf(service, ""));
  invokeAt(parts, view, exchange, path, { mode: isSend ? "send" : "call", service, rest });
}

interface Found {
  readonly mode: "call" | "send";
  readonly service: RegisteredService;
  /** The handler, after the key where there is one. */
  readonly rest: readonly string[];
}

function invokeAt(
  parts: IngressParts,
  view: RegistryView,
  exchange: Exchange,
  { query }: RequestPath,
  { mode, service, rest }: Found,
): void {
  const handlerName = rest[rest.length - 1] ?? "";
  const encodedKey = rest.length === 2 ? rest[0] : undefined;
  invoke(parts, view, exchange, { mode, service, handlerName, encodedKey, query });
}

/** /restate/workflow/{workflow}/{key}/attach|output */
function routeWorkflow(parts: IngressParts, exchange: Exchange, path: RequestPath): void {
  const [, , workflow = "", encodedKey = "", operation] = path.segments;
  if (path.segments.length !== 5 || !isWaitOperation(operation)) {
    throw badPath(path, "use /restate/workflow/{workflow}/{key}/attach or …/output");
  }
  checkMethod(exchange, "GET");
  checkReady(parts);
  const key = decodeKey(encodedKey);
  checkKey(key);
  answerResult(parts, exchange, operation, { kind: "workflow", workflow, key });
}

/** /restate/invocation/{id}/attach|output, /restate/invocation/{service}/[{key}/]{handler}/{idempotencyKey}/… */
function routeInvocation(parts: IngressParts, exchange: Exchange, path: RequestPath): void {
  const { segments } = path;
  const operation = segments.at(-1);
  if (segments.length < 4 || segments.length === 5 || !isWaitOperation(operation)) {
    throw badPath(
      path,
      "use /restate/invocation/{id}/attach or /restate/invocation/{service}/[{key}/]{handler}/{idempotencyKey}/attach, or …/output",
    );
  }
  if (segments.length === 4) {
    answerPath(parts, exchange, operation, segments[2] ?? "");
    return;
  }
  checkMethod(exchange, "GET");
  checkReady(parts);
  const service = serviceOf(parts.registry(), segments[2] ?? "");
  if (isKeyed(service) !== (segments.length === 7)) {
    throw badPath(path, pathsOf(service, "/restate/invocation", "/{idempotencyKey}/attach"));
  }
  const key = isKeyed(service) ? decodeKey(segments[3] ?? "") : undefined;
  if (key !== undefined) checkKey(key);
  const idempotencyKey = segments.at(-2) ?? "";
  checkIdempotencyKeyText(idempotencyKey);
  answerResult(parts, exchange, operation, {
    kind: "idempotent",
    service: service.service.name,
    handler: segments.at(-3) ?? "",
    key,
    idempotencyKey,
  });
}

/** /restate/awakeables/{id}/resolve|reject, or /restate/a/… */
function routeAwakeable(parts: IngressParts, exchange: Exchange, path: RequestPath): void {
  const [, , id = "", operation] = path.segments;
  if (path.segments.length !== 4 || (operation !== "resolve" && operation !== "reject")) {
    throw badPath(path, "use /restate/awakeables/{id}/resolve or …/reject");
  }
  checkMethod(exchange, "POST");
  checkReady(parts);
  completeAwakeable(parts, exchange, id, operation);
}

function answerPath(
  parts: IngressParts,
  exchange: Exchange,
  operation: ResultOperation,
  invocationId: string,
): void {
  checkMethod(exchange, "GET");
  checkReady(parts);
  answerResult(parts, exchange, operation, { kind: "id", invocationId });
}

function isWaitOperation(text: string | undefined): text is "attach" | "output" {
  return text === "attach" || text === "output";
}

function replyHealth(parts: IngressParts, exchange: Exchange, body: object): void {
  checkMethod(exchange, "GET");
  checkReady(parts);
  replyJson(exchange, body);
}

function replyPreflight({ request, response, head }: Exchange): void {
  const asked = request.headers["access-control-request-method"];
  const headers = request.headers["access-control-request-headers"];
  const method = Array.isArray(asked) ? asked[0] : asked;
  const names = Array.isArray(headers) ? headers.join(", ") : headers;
  respond(response, 200, preflightHeaders(head.origin, method, names), "");
}

function checkMethod({ head }: Exchange, allow: "GET" | "POST"): void {
  if (head.method === allow) return;
  throw new HttpError(ingressErrors.methodNotAllowed, `method ${head.method} not allowed`, {
    allow,
  });
}

function badPath({ path }: RequestPath, why: string): HttpError {
  return new HttpError(ingressErrors.badPath, `bad path: ${path}; ${why}`);
}

function unknownRoute({ path }: RequestPath): HttpError {
  return new HttpError(ingressErrors.unknownRoute, `nothing is served at ${path}`);
}

function pathsOf(service: RegisteredService, prefix: string, suffix = ""): string {
  const { name } = service.service;
  const key = isKeyed(service) ? "/{key}" : "";
  return `"${name}" is a ${kindNameOf(service)}: use ${prefix}/${name}${key}/{handler}${suffix}`;
}
