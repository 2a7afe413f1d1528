// The ingress's paths of calls and sends. A key is one segment, and may be empty: `/restate/call/Cart//add`
// is handler `add` of the object whose key is "". Within a scope they begin with `/restate/scope/{scope}`.
//
// Two keys can't be written into a URL: "." and "..", which every fetch resolves away, percent-encoded
// or not. They are refused here, before the request goes somewhere else.

import { ClientError, ClientErrorCode } from "./errors.js";

/** A handler, by name. */
export interface HandlerTarget {
  readonly service: string;
  /** Of a virtual object or a workflow. */
  readonly key?: string | undefined;
  readonly handler: string;
  /** The part of the world that the invocation and the object belong to. Default: none. */
  readonly scope?: string | undefined;
}

/** @throws ClientError  PDR5303: a part that can't stand in a URL */
export function callPath(target: HandlerTarget): string {
  return pathOf("call", target);
}

/** @throws ClientError  PDR5303: a part that can't stand in a URL */
export function sendPath(target: HandlerTarget, delayMs: number): string {
  const query = delayMs > 0 ? `?delay=${delayMs}ms` : "";
  return pathOf("send", target) + query;
}

/** @throws ClientError  PDR5303: no id */
export function awakeablePath(id: string, operation: "resolve" | "reject"): string {
  return `/restate/a/${namedSegment("awakeable's id", id)}/${operation}`;
}

/** A target in words: `Counter/alice/add`, `Counter/alice/add in scope acme`. */
export function targetName({ service, key, handler, scope }: HandlerTarget): string {
  const path = key === undefined ? `${service}/${handler}` : `${service}/${key}/${handler}`;
  return path + scopeName(scope);
}

/** What is added to a name within a scope. */
export function scopeName(scope: string | undefined): string {
  return scope === undefined ? "" : ` in scope ${scope}`;
}

function pathOf(operation: "call" | "send", target: HandlerTarget): string {
  const { service, key, handler, scope } = target;
  const scopePart = scope === undefined ? "" : `scope/${namedSegment("scope", scope)}/`;
  const keyPart = key === undefined ? "" : `${segment("key", key)}/`;
  const servicePart = namedSegment("service name", service);
  const handlerPart = namedSegment("handler name", handler);
  return `/restate/${scopePart}${operation}/${servicePart}/${keyPart}${handlerPart}`;
}

function namedSegment(what: string, text: string): string {
  if (typeof text === "string" && text !== "") return segment(what, text);
  throw new ClientError(
    ClientErrorCode.badArgument,
    `the ${what} is ${text === "" ? "empty" : "no text"}`,
  );
}

function segment(what: string, text: string): string {
  if (text === "." || text === "..") {
    throw new ClientError(
      ClientErrorCode.badArgument,
      `the ${what} "${text}" can't be sent: "." and ".." have a meaning of their own in URLs. Use another ${what}`,
    );
  }
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw new ClientError(
      ClientErrorCode.badArgument,
      `the ${what} ${JSON.stringify(text)} can't be sent: it is not well-formed Unicode text`,
      { cause },
    );
  }
}
