// The paths of an OpenAPI document: what can be done with each handler, and with invocations.

import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import type { Handler, Service } from "@perdure/proto/manifest/v1/manifest";
import { outputContentOf, requestBodyOf, type JsonObject } from "./openapi-content.js";

const parameter = (name: string): JsonObject => ({ $ref: `#/components/parameters/${name}` });
const response = (name: string): JsonObject => ({ $ref: `#/components/responses/${name}` });
const header = (name: string): JsonObject => ({ $ref: `#/components/headers/${name}` });
const jsonOf = (schema: string): JsonObject => ({
  "application/json": { schema: { $ref: `#/components/schemas/${schema}` } },
});

const resultHeaders: JsonObject = {
  "x-restate-id": header("InvocationId"),
  "idempotency-expires": header("IdempotencyExpires"),
};

type Mode = "call" | "send";

/** A call and a send of a handler, each outside of scopes and in one. */
export function handlerPaths(service: Service, handler: Handler): Record<string, JsonObject> {
  const key = service.kind === ServiceKind.SERVICE ? "" : "/{key}";
  const target = `${service.name}${key}/${handler.name}`;
  const paths: Record<string, JsonObject> = {};
  for (const mode of ["call", "send"] as const) {
    paths[`/restate/${mode}/${target}`] = { post: invoke(service, handler, mode, false) };
    paths[`/restate/scope/{scope}/${mode}/${target}`] = {
      post: invoke(service, handler, mode, true),
    };
  }
  return paths;
}

function invoke(service: Service, handler: Handler, mode: Mode, scoped: boolean): JsonObject {
  const { name, kind, documentation } = handler;
  const where = scoped ? " in a scope" : "";
  const verb = mode === "call" ? "Run" : "Submit";
  const parameters = [
    ...(scoped ? [parameter("Scope"), parameter("LimitKey")] : []),
    ...(service.kind === ServiceKind.SERVICE ? [] : [parameter("Key")]),
    ...(kind === HandlerKind.RUN ? [] : [parameter("IdempotencyKey")]),
    ...(mode === "send" ? [parameter("Delay")] : []),
  ];
  // Names of handlers have underscores: what comes before the first one tells the operations apart.
  const operation = scoped ? `scoped${mode === "call" ? "Call" : "Send"}` : mode;
  return {
    operationId: `${operation}_${name}`,
    tags: [name],
    summary: `${verb} ${service.name}/${name}${where}`,
    ...(documentation === "" ? {} : { description: documentation }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBodyOf(handler),
    responses: {
      ...(mode === "call" ? { "200": resultOf([handler]) } : { "202": accepted() }),
      "400": response("BadRequest"),
      "404": response("NotThere"),
      "413": response("TooLarge"),
      "429": response("Overloaded"),
      "503": response("Unavailable"),
      default: response(mode === "call" ? "Failed" : "Unexpected"),
    },
  };
}

function resultOf(handlers: readonly Handler[]): JsonObject {
  return {
    description: "The result, as the handler's serde made it.",
    headers: resultHeaders,
    ...outputContentOf(handlers),
  };
}

function accepted(): JsonObject {
  return {
    description: "Submitted, or it was before, under the same key. Durable when this is answered.",
    headers: { "x-restate-id": header("InvocationId") },
    content: jsonOf("Sent"),
  };
}

/**
 * Attach, output and status of invocations, by id and by what their id is derived of.
 * @param handlers  those of the service whose results may come
 */
export function resultPaths(handlers: readonly Handler[]): Record<string, JsonObject> {
  const operations = {
    attach: { summary: "Wait for a result", ok: resultOf(handlers), failed: "Failed" },
    output: { summary: "A result, if there is one", ok: resultOf(handlers), failed: "Failed" },
    status: { summary: "How far an invocation is", ok: stage(), failed: "Unexpected" },
  } as const;
  const paths: Record<string, JsonObject> = {};
  for (const [name, { summary, ok, failed }] of Object.entries(operations)) {
    const shared = {
      tags: ["invocations"],
      responses: {
        "200": ok,
        "400": response("BadRequest"),
        "404": response("NotFound"),
        "429": response("Overloaded"),
        ...(name === "output" ? { "470": response("NotReady") } : {}),
        "503": response("Unavailable"),
        default: response(failed),
      },
    };
    paths[`/restate/${name}/{invocationId}`] = {
      get: {
        operationId: `${name}ById`,
        summary: `${summary}, by id`,
        parameters: [parameter("InvocationId")],
        ...shared,
      },
    };
    paths[`/restate/${name}`] = {
      post: {
        operationId: name,
        summary: `${summary}, by key or id`,
        requestBody: { required: true, content: jsonOf("Target") },
        ...shared,
      },
    };
  }
  return paths;
}

function stage(): JsonObject {
  return {
    description: "How far it is, and how it failed, if it did.",
    headers: { "x-restate-id": header("InvocationId") },
    content: jsonOf("Status"),
  };
}
