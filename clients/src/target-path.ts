// The ingress's paths of calls and sends. A key is one segment, and may be empty: `/restate/call/Cart//add`
// is handler `add` of the object whose key is "".
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
}

/** @throws ClientError  PDR5303: a part that can't stand in a URL */
export function callPath(target: HandlerTarget): string {
  return `/restate/call/${segmentsOf(target)}`;
}

/** @throws ClientError  PDR5303: a part that can't stand in a URL */
export function sendPath(target: HandlerTarget, delayMs: number): string {
  const query = delayMs > 0 ? `?delay=${delayMs}ms` : "";
  return `/restate/send/${segmentsOf(target)}${query}`;
}

/** A target in words: `Counter/alice/add`. */
export function targetName({ service, key, handler }: HandlerTarget): string {
  return key === undefined ? `${service}/${handler}` : `${service}/${key}/${handler}`;
}

function segmentsOf({ service, key, handler }: HandlerTarget): string {
  const keyPart = key === undefined ? "" : `${segment("key", key)}/`;
  return `${nameSegment("service", service)}/${keyPart}${nameSegment("handler", handler)}`;
}

function nameSegment(what: string, name: string): string {
  if (name === "") throw new ClientError(ClientErrorCode.badArgument, `the ${what} has no name`);
  return segment(`${what} name`, name);
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
