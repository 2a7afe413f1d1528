// Routes about services and their handlers, as the newest deployment that offers them has them.

import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { OptionsPatch } from "../registry/registrar.js";
import type { RegisteredService } from "../shard/registry-view.js";
import { duration, flag, membersOf } from "./members.js";
import { openApiOf } from "./openapi.js";
import type { AdminParts } from "./parts.js";
import { paramOf, smallBody, type Answer, type Call, type Route } from "./route.js";
import { handlerMetadata, registeredServiceMetadata } from "./service-metadata.js";

export const serviceRoutes: readonly Route[] = [
  { method: "GET", path: "/services", answer: list },
  { method: "GET", path: "/services/:service", answer: describe },
  { method: "PATCH", path: "/services/:service", bodyBytesMax: smallBody, answer: patch },
  { method: "GET", path: "/services/:service/openapi", answer: openApi },
  { method: "GET", path: "/services/:service/handlers", answer: listHandlers },
  { method: "GET", path: "/services/:service/handlers/:handler", answer: describeHandler },
];

function list({ registrar, defaults }: AdminParts): Answer {
  const services = [...registrar.view.services.values()].map((service) =>
    registeredServiceMetadata(service, defaults),
  );
  return { status: 200, body: { services } };
}

function describe(parts: AdminParts, call: Call): Answer {
  return { status: 200, body: registeredServiceMetadata(serviceOf(parts, call), parts.defaults) };
}

async function patch(parts: AdminParts, call: Call): Promise<Answer> {
  const { service } = serviceOf(parts, call);
  const patched = await parts.registrar.patchService(service.name, parseOptions(call.body));
  return { status: 200, body: registeredServiceMetadata(patched, parts.defaults) };
}

function openApi(parts: AdminParts, call: Call): Answer {
  return { status: 200, body: openApiOf(serviceOf(parts, call), parts.ingressUrl) };
}

function listHandlers(parts: AdminParts, call: Call): Answer {
  const { service, handlers } = serviceOf(parts, call);
  const bodies = [...handlers.values()].map((handler) => handlerMetadata(service, handler));
  return { status: 200, body: { handlers: bodies } };
}

function describeHandler(parts: AdminParts, call: Call): Answer {
  const { service, handlers } = serviceOf(parts, call);
  const name = paramOf(call, "handler");
  const handler = handlers.get(name);
  if (handler === undefined) {
    throw new HttpError(
      adminErrors.unknownHandler,
      `handler "${name}" of service "${service.name}" not found`,
    );
  }
  return { status: 200, body: handlerMetadata(service, handler) };
}

/** @throws HttpError  PDR4024 */
function serviceOf({ registrar }: AdminParts, call: Call): RegisteredService {
  const name = paramOf(call, "service");
  const service = registrar.view.services.get(name);
  if (service !== undefined) return service;
  throw new HttpError(adminErrors.unknownService, `service "${name}" not found`);
}

/** @throws HttpError  PDR4001, PDR4002 */
function parseOptions(body: unknown): OptionsPatch {
  const members = membersOf(body, "the body", '{"public":true}');
  const isPublic = flag(members, "public");
  const durations = {
    idempotencyRetentionMs: duration(members, "idempotency_retention"),
    workflowRetentionMs: duration(members, "workflow_completion_retention"),
    journalRetentionMs: duration(members, "journal_retention"),
    inactivityTimeoutMs: duration(members, "inactivity_timeout"),
    abortTimeoutMs: duration(members, "abort_timeout"),
  };
  const given = Object.entries(durations).filter(([, ms]) => ms !== undefined);
  return {
    ...(isPublic === undefined ? {} : { ingressPrivate: !isPublic }),
    ...(Object.fromEntries(given) as Partial<Record<keyof typeof durations, bigint>>),
  };
}
