// How requests are refused whose path or method fits nothing.

import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { RegisteredService } from "../shard/registry-view.js";
import type { Exchange } from "./exchange.js";
import type { RequestPath } from "./path.js";
import { isKeyed, kindNameOf } from "./target.js";

/** @param why  what would be right */
export function badPath({ path }: RequestPath, why: string): HttpError {
  return new HttpError(ingressErrors.badPath, `bad path: ${path}; ${why}`);
}

export function unknownRoute({ path }: RequestPath): HttpError {
  return new HttpError(ingressErrors.unknownRoute, `nothing is served at ${path}`);
}

/** @throws HttpError  PDR3003 */
export function checkMethod({ head }: Exchange, ...allowed: readonly string[]): void {
  if (allowed.includes(head.method)) return;
  const allow = allowed.join(", ");
  const path = head.url.split("?", 1)[0] ?? head.url;
  const message = `method ${head.method} not allowed at ${path}; it takes ${allow}`;
  throw new HttpError(ingressErrors.methodNotAllowed, message, { allow });
}

/** The path that fits the service, for a message. */
export function pathsOf(service: RegisteredService, prefix: string, suffix = ""): string {
  const { name } = service.service;
  const key = isKeyed(service) ? "/{key}" : "";
  return `"${name}" is a ${kindNameOf(service)}: use ${prefix}/${name}${key}/{handler}${suffix}`;
}
