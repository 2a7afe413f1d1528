// What a handler takes, from its manifest: which content types, and whether nothing is enough.
// Bodies are never looked into: whether JSON fits a schema is for the service to say.

import type { Handler } from "@perdure/proto/manifest/v1/manifest";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { RegisteredService } from "../shard/registry-view.js";

const anything = { required: false, contentType: "*/*", jsonSchema: "" } as const;

/**
 * Checks a body and its content type against the handler's rule.
 * @throws HttpError  PDR3012
 */
export function checkInput(
  { service }: Pick<RegisteredService, "service">,
  handler: Handler,
  contentType: string | undefined,
  bodyBytes: number,
): void {
  const refuse = (why: string): HttpError =>
    new HttpError(ingressErrors.badInput, `handler "${handler.name}" of "${service.name}" ${why}`);
  const rule = handler.input ?? anything;
  const isBare = contentType === undefined && bodyBytes === 0;
  if (rule.contentType === "") {
    if (isBare) return;
    throw refuse("takes no input: send neither a body nor a content-type");
  }
  if (isBare && !rule.required) return;
  if (contentType === undefined) {
    const wanted = `expects ${rule.contentType}`;
    throw refuse(`${wanted}: Empty content-type; set the content-type header`);
  }
  if (!matches(rule.contentType, contentType)) {
    throw refuse(`expects content-type ${rule.contentType}, got "${contentType}"`);
  }
  if (bodyBytes === 0 && rule.jsonSchema !== "") {
    throw refuse(`expects ${rule.contentType}, got an empty body`);
  }
}

/** The content type of a request that does not say its own: what the rule asks for, where that is one. */
export function impliedContentType(handler: Handler): string | undefined {
  const { contentType } = handler.input ?? anything;
  return contentType === "" || contentType.includes("*") ? undefined : contentType;
}

function matches(expected: string, contentType: string): boolean {
  if (expected === contentType || expected === "*/*") return true;
  const parameters = contentType.indexOf(";");
  const given = (parameters === -1 ? contentType : contentType.slice(0, parameters)).trim();
  return expected.endsWith("/*") ? given.startsWith(expected.slice(0, -1)) : given === expected;
}
