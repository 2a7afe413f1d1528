// Which path means what. The first segment decides: `restate` is reserved, a contract's name goes to
// Connect, a typed service's to its methods, anything else is the older form
// /{service}/[{key}/]{handler}[/send].

import { Ingress } from "@perdure/proto/ingress/v1/ingress";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { HttpHandler } from "../http/messages.js";
import { respond } from "../http/messages.js";
import { createRequestSlots, type RequestSlots } from "../http/request-slots.js";
import { completeAwakeable } from "./awakeable.js";
import { isContractPath, isHealthPath } from "./contracts.js";
import { preflightHeaders } from "./cors.js";
import { replyError, replyJson } from "./exchange.js";
import type { Exchange } from "./exchange.js";
import { checkReady, noSlot } from "./failures.js";
import { invoke } from "./invoke.js";
import type { IngressParts } from "./parts.js";
import { splitPath } from "./path.js";
import type { RequestPath } from "./path.js";
import { badPath, checkMethod, pathsOf, unknownRoute } from "./refusals.js";
import { readHead } from "./request-head.js";
import { routeInvocation, routeLookup, routeResult, routeWorkflow } from "./result-routes.js";
import { isKeyed, serviceOf } from "./target.js";
import { routeTyped } from "./typed/typed-routes.js";

const slashesMin = 2;
const slashesMax = 7;

/** The field's contract for event bridges, which this release does not have. */
const ingestionService = "dev.restate.ingress.ingestion.v1.IngestionSvc";

/** Answers what is for the contracts; with an error, in the contract's own words, where one is given. */
export type ConnectHandler = (exchange: Exchange, refusal: HttpError | undefined) => void;

export function createIngressHandler(parts: IngressParts, connect: ConnectHandler): HttpHandler {
  const slots = createRequestSlots(parts.requestsMax);
  return (request, response) => {
    const exchange = { request, response, head: readHead(request) };
    try {
      route(parts, slots, connect, exchange);
    } catch (error) {
      replyError(exchange, error);
    }
  };
}

function route(
  parts: IngressParts,
  slots: RequestSlots,
  connect: ConnectHandler,
  exchange: Exchange,
): void {
  const { head } = exchange;
  if (head.method === "OPTIONS") {
    replyPreflight(exchange);
    return;
  }
  const path = splitPath(head.url);
  const { segments } = path;
  const [first, second] = segments;
  // A busy server is a healthy one: health has no need of a slot.
  if (first === "health" && segments.length === 1) {
    replyHealth(parts, exchange, {});
    return;
  }
  if (first === "restate" && second === "health") {
    if (segments.length !== 2) throw badPath(path, "use /restate/health");
    replyHealth(parts, exchange, { services: [...parts.registry().services.keys()] });
    return;
  }
  if (isHealthPath(path.path) && isContractPath(path.path)) {
    connect(exchange, undefined);
    return;
  }
  const refusal = slots.take(exchange.response) ? undefined : noSlot(slots.max);
  if (isContractPath(path.path)) {
    connect(exchange, refusal);
    return;
  }
  if (routeTyped(parts, exchange, path, refusal)) return;
  if (refusal !== undefined) throw refusal;
  if (segments.length < slashesMin || segments.length > slashesMax || !head.url.startsWith("/")) {
    throw badPath(path, "it must have 2 to 7 parts, such as /restate/call/{service}/{handler}");
  }
  if (first === "restate") routeReserved(parts, exchange, path);
  else if (first === "openapi" || first === Ingress.typeName) throw unknownRoute(path);
  else if (first === ingestionService) throw notBuiltYet(ingestionService);
  else routeOlder(parts, exchange, path);
}

function routeReserved(parts: IngressParts, exchange: Exchange, path: RequestPath): void {
  const { segments } = path;
  const [, operation = ""] = segments;
  switch (operation) {
    case "call":
    case "send":
      routeTarget(parts, exchange, path, { mode: operation, prefix: 2, encodedScope: undefined });
      return;
    case "scope": {
      const [, , encodedScope = "", mode] = segments;
      if (mode !== "call" && mode !== "send") {
        throw badPath(
          path,
          "use /restate/scope/{scope}/call/{service}/[{key}/]{handler} or …/send/…",
        );
      }
      routeTarget(parts, exchange, path, { mode, prefix: 4, encodedScope });
      return;
    }
    case "attach":
    case "output":
    case "status":
      routeResult(parts, exchange, path, operation);
      return;
    case "lookup":
      routeLookup(parts, exchange, path);
      return;
    case "workflow":
      routeWorkflow(parts, exchange, path);
      return;
    case "invocation":
      routeInvocation(parts, exchange, path);
      return;
    case "awakeables":
    case "a":
      routeAwakeable(parts, exchange, path);
      return;
    default:
      throw unknownRoute(path);
  }
}

interface TargetRoute {
  readonly mode: "call" | "send";
  /** Segments before the service. */
  readonly prefix: number;
  readonly encodedScope: string | undefined;
}

/** …/{service}/[{key}/]{handler} */
function routeTarget(
  parts: IngressParts,
  exchange: Exchange,
  path: RequestPath,
  { mode, prefix, encodedScope }: TargetRoute,
): void {
  checkReady(parts);
  const { segments, query } = path;
  const view = parts.registry();
  const service = serviceOf(view, segments[prefix] ?? "");
  const rest = segments.slice(prefix + 1);
  if (rest.length !== (isKeyed(service) ? 2 : 1)) {
    throw badPath(path, pathsOf(service, `/${segments.slice(0, prefix).join("/")}`));
  }
  invoke(parts, view, exchange, { mode, service, ...targetOf(rest), encodedScope, query });
}

/** /{service}/[{key}/]{handler}[/send] */
function routeOlder(parts: IngressParts, exchange: Exchange, path: RequestPath): void {
  checkReady(parts);
  const { query } = path;
  const view = parts.registry();
  const [name = "", ...rest] = path.segments;
  const service = serviceOf(view, name);
  const length = isKeyed(service) ? 2 : 1;
  const isSend = rest.length === length + 1 && rest.at(-1) === "send";
  if (isSend) rest.pop();
  else if (rest.length !== length) throw badPath(path, pathsOf(service, ""));
  const mode = isSend ? "send" : "call";
  const encodedScope = undefined;
  invoke(parts, view, exchange, { mode, service, ...targetOf(rest), encodedScope, query });
}

/** The handler, after the key where there is one. */
function targetOf(rest: readonly string[]): {
  handlerName: string;
  encodedKey: string | undefined;
} {
  const handlerName = rest[rest.length - 1] ?? "";
  return { handlerName, encodedKey: rest.length === 2 ? rest[0] : undefined };
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

function notBuiltYet(what: string): HttpError {
  return new HttpError(ingressErrors.notBuiltYet, `${what} is not part of this release`);
}
