// What the OpenAPI documents of all services share: parameters, headers, error answers.

import { scopePartForm } from "@perdure/protocol/scope";
import type { JsonObject } from "./openapi-content.js";

const text = { type: "string" } as const;
const json = (schema: string): JsonObject => ({
  "application/json": { schema: { $ref: `#/components/schemas/${schema}` } },
});

const parameters = {
  Key: {
    name: "key",
    in: "path",
    required: true,
    description: "Key of the virtual object or the workflow.",
    schema: { ...text, maxLength: 512 },
  },
  Scope: {
    name: "scope",
    in: "path",
    required: true,
    description:
      "What keeps keys, idempotency keys and concurrency limits apart from those of others.",
    schema: { ...text, pattern: `^${scopePartForm}$` },
  },
  InvocationId: {
    name: "invocationId",
    in: "path",
    required: true,
    description: "As `x-restate-id` or `invocationId` of an earlier answer had it.",
    schema: { ...text, pattern: "^inv_1[0-9A-Za-z]{33}$" },
  },
  IdempotencyKey: {
    name: "idempotency-key",
    in: "header",
    description:
      "Requests with the same key are one invocation, for as long as its result is kept.",
    schema: { ...text, minLength: 1, maxLength: 512 },
  },
  LimitKey: {
    name: "x-restate-limit-key",
    in: "header",
    description: "One or two parts that concurrency limits of the scope are counted by.",
    schema: { ...text, pattern: `^${scopePartForm}(/${scopePartForm})?$` },
  },
  Delay: {
    name: "delay",
    in: "query",
    description: "Start no earlier than this long after: `500ms`, `10s`, `1h 5m`, `PT1H5M`.",
    schema: text,
  },
} as const;

const headers = {
  InvocationId: { description: "Id of the invocation.", schema: text },
  IdempotencyExpires: {
    description: "Until when the result is kept, where a key names it.",
    schema: { ...text, format: "date-time" },
  },
  ErrorSource: {
    description: "Whether the ingress refused the request, or the invocation itself failed.",
    schema: { ...text, enum: ["ingress", "invocation"] },
  },
  RetryAfter: {
    description: "Seconds after which another try makes sense.",
    schema: { type: "integer" },
  },
} as const;

const errorHeaders: JsonObject = {
  "x-restate-error-source": { $ref: "#/components/headers/ErrorSource" },
};
const laterHeaders: JsonObject = {
  ...errorHeaders,
  "retry-after": { $ref: "#/components/headers/RetryAfter" },
};

function refusal(description: string, headersOfIt: JsonObject = errorHeaders): JsonObject {
  return { description, headers: headersOfIt, content: json("Error") };
}

const responses = {
  BadRequest: refusal("Something about the request is wrong; the message says what."),
  NotFound: refusal("There is no such invocation."),
  NotThere: refusal("The service or its handler is not registered any more."),
  TooLarge: refusal("The body is larger than the server takes."),
  NotReady: refusal("The invocation exists and has not ended."),
  Overloaded: refusal("The server has enough to do. Nothing was accepted.", laterHeaders),
  Unavailable: refusal("The server takes no requests at the moment.", laterHeaders),
  Failed: {
    description: "The invocation failed: its own code, 500 where that is no status of an error.",
    headers: {
      ...errorHeaders,
      "x-restate-id": { $ref: "#/components/headers/InvocationId" },
    },
    content: json("Error"),
  },
  Unexpected: refusal("Something failed that should not."),
} as const;

const failureMembers = {
  code: { type: "integer" },
  message: text,
  metadata: { type: "object", additionalProperties: text },
} as const;

const schemas = {
  Error: {
    type: "object",
    required: ["code", "message", "source", "errorCode"],
    properties: {
      ...failureMembers,
      source: { ...text, enum: ["ingress", "invocation"] },
      errorCode: { ...text, pattern: "^PDR[0-9]{4}$" },
    },
  },
  Sent: {
    type: "object",
    required: ["invocationId", "status"],
    properties: {
      invocationId: text,
      status: { ...text, enum: ["Accepted", "PreviouslyAccepted"] },
      executionTime: { ...text, format: "date-time" },
    },
  },
  Status: {
    type: "object",
    required: ["stage"],
    properties: {
      stage: { ...text, enum: ["created", "started", "completed"] },
      error: { type: "object", required: ["code", "message"], properties: failureMembers },
    },
  },
} as const;

export const sharedComponents: Readonly<
  Record<"parameters" | "headers" | "responses" | "schemas", JsonObject>
> = { parameters, headers, responses, schemas };
