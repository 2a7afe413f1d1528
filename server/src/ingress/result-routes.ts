// Paths that ask for an invocation that is there already: attach, output, status and lookup, by id, by
// workflow key or by idempotency key.

import { decodeKey, type RequestPath } from "./path.js";
import type { Exchange } from "./exchange.js";
import { checkReady } from "./failures.js";
import type { IngressParts } from "./parts.js";
import { badPath, checkMethod, pathsOf } from "./refusals.js";
import { answerResult, answerResultOfBody } from "./results.js";
import { checkIdempotencyKeyText, checkKey, isKeyed, serviceOf } from "./target.js";

/** What can be asked of an invocation by its path. */
type PathOperation = "attach" | "output" | "status";

/** /restate/attach|output|status/{id}, or without the id and with a target body */
export function routeResult(
  parts: IngressParts,
  exchange: Exchange,
  path: RequestPath,
  operation: PathOperation,
): void {
  const { segments } = path;
  if (segments.length === 2) answerBody(parts, exchange, operation);
  else if (segments.length === 3) answerId(parts, exchange, operation, segments[2] ?? "");
  else throw badPath(path, `use /restate/${operation}/{invocationId}`);
}

/** /restate/lookup */
export function routeLookup(parts: IngressParts, exchange: Exchange, path: RequestPath): void {
  if (path.segments.length !== 2) throw badPath(path, "use /restate/lookup");
  answerBody(parts, exchange, "lookup");
}

/** /restate/workflow/{workflow}/{key}/attach|output|status */
export function routeWorkflow(parts: IngressParts, exchange: Exchange, path: RequestPath): void {
  const [, , workflow = "", encodedKey = "", operation] = path.segments;
  if (path.segments.length !== 5 || !isPathOperation(operation)) {
    throw badPath(path, "use /restate/workflow/{workflow}/{key}/attach, …/output or …/status");
  }
  checkMethod(exchange, "GET");
  checkReady(parts);
  const key = decodeKey(encodedKey);
  checkKey(key);
  const scope = undefined;
  answerResult(parts, exchange, operation, { kind: "workflow", workflow, key, scope });
}

/**
 * /restate/invocation/{id}/attach|output|status,
 * /restate/invocation/{service}/[{key}/]{handler}/{idempotencyKey}/attach|output|status
 */
export function routeInvocation(parts: IngressParts, exchange: Exchange, path: RequestPath): void {
  const { segments } = path;
  const operation = segments.at(-1);
  if (segments.length < 4 || segments.length === 5 || !isPathOperation(operation)) {
    throw badPath(
      path,
      "use /restate/invocation/{id}/attach or /restate/invocation/{service}/[{key}/]{handler}/{idempotencyKey}/attach, or …/output or …/status",
    );
  }
  if (segments.length === 4) {
    answerId(parts, exchange, operation, segments[2] ?? "");
    return;
  }
  checkMethod(exchange, "GET");
  checkReady(parts);
  const service = serviceOf(parts.registry(), segments[2] ?? "");
  if (isKeyed(service) !== (segments.length === 7)) {
    throw badPath(path, pathsOf(service, "/restate/invocation", `/{idempotencyKey}/${operation}`));
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
    scope: undefined,
  });
}

function answerBody(
  parts: IngressParts,
  exchange: Exchange,
  operation: PathOperation | "lookup",
): void {
  checkMethod(exchange, "POST");
  checkReady(parts);
  answerResultOfBody(parts, exchange, operation);
}

function answerId(
  parts: IngressParts,
  exchange: Exchange,
  operation: PathOperation,
  invocationId: string,
): void {
  checkMethod(exchange, "GET");
  checkReady(parts);
  answerResult(parts, exchange, operation, { kind: "id", invocationId });
}

function isPathOperation(text: string | undefined): text is PathOperation {
  return text === "attach" || text === "output" || text === "status";
}
