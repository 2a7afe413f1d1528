// What travels in bodies, for an OpenAPI document: a handler's input and output after its manifest, and the JSON
// body that names an invocation.

import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import type { Handler, Service } from "@perdure/proto/manifest/v1/manifest";
import { isEmbeddable, schemaReference } from "./openapi-schemas.js";

export type JsonObject = Readonly<Record<string, unknown>>;

const anyContent: JsonObject = { "*/*": {} };

/** The request body of a call or a send; none where the handler takes none. */
export function requestBodyOf({ name, input }: Handler): JsonObject {
  if (input === undefined) return { requestBody: { content: anyContent } };
  if (input.contentType === "") return {};
  const schema = mediaTypeOf(input.contentType, `${name}.input`, input.jsonSchema);
  return { requestBody: { required: input.required, content: { [input.contentType]: schema } } };
}

/** The body of a result of one of the handlers. */
export function outputContentOf(handlers: readonly Handler[]): JsonObject {
  const byType = new Map<string, JsonObject[]>();
  for (const { name, output } of handlers) {
    const contentType = output?.contentType ?? "*/*";
    if (contentType === "") continue;
    const schema = mediaTypeOf(contentType, `${name}.output`, output?.jsonSchema ?? "");
    byType.set(contentType, [...(byType.get(contentType) ?? []), schema]);
  }
  const content = Array.from(byType, ([contentType, schemas]) => [contentType, anyOf(schemas)]);
  return content.length === 0 ? {} : { content: Object.fromEntries(content) };
}

function mediaTypeOf(contentType: string, name: string, jsonSchema: string): JsonObject {
  if (isEmbeddable(jsonSchema)) return { schema: schemaReference(name) };
  return contentType === "application/json" ? { schema: {} } : {};
}

function anyOf(types: readonly JsonObject[]): JsonObject {
  const [first = {}, ...others] = types;
  if (others.length === 0) return first;
  const schemas = types.map((type) => type["schema"]);
  const isAnything = schemas.some((schema) => schema === undefined || isEmpty(schema));
  return isAnything ? { schema: {} } : { schema: { anyOf: schemas } };
}

function isEmpty(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && Object.keys(schema).length === 0;
}

/** The body of `/restate/attach`, `/restate/output` and `/restate/status`, as far as it concerns this service. */
export function targetSchema({ name, kind }: Service, handlers: readonly Handler[]): JsonObject {
  const key = { key: { type: "string" } };
  const forms: JsonObject[] = [];
  if (handlers.some((handler) => handler.kind === HandlerKind.RUN)) {
    forms.push(
      formOf("workflow", { workflowName: { const: name }, workflowKey: { type: "string" } }),
    );
  }
  const others = handlers.filter((handler) => handler.kind !== HandlerKind.RUN);
  if (others.length > 0) {
    forms.push(
      formOf("idempotentInvocation", {
        service: { const: name },
        ...(kind === ServiceKind.SERVICE ? {} : key),
        handler: { enum: others.map((handler) => handler.name) },
        idempotencyKey: { type: "string" },
      }),
    );
  }
  forms.push(formOf("invocation", { invocationId: { type: "string" } }, {}));
  return { oneOf: forms };
}

function formOf(
  target: string,
  members: JsonObject,
  optional: JsonObject = { scope: { type: "string" } },
): JsonObject {
  return {
    type: "object",
    required: ["target", ...Object.keys(members)],
    properties: { target: { const: target }, ...members, ...optional },
  };
}
