// From names to what is registered. Every "no" names what was asked for and what there is.

import { ServiceKind, HandlerKind } from "@perdure/proto/manifest/v1/manifest";
import type { Handler } from "@perdure/proto/manifest/v1/manifest";
import { keyBytesMax } from "@perdure/protocol/limits";
import { commonVersion, protocolVersions } from "@perdure/protocol/versions";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { RegisteredService, RegistryView } from "../shard/registry-view.js";

/** Names that a message lists before it says "and N more". */
const namesShown = 8;

/** Characters of a caller's text that a message repeats. */
const charactersShown = 64;

/** @throws HttpError  PDR3004 */
export function serviceOf(view: RegistryView, name: string): RegisteredService {
  const service = view.services.get(name);
  if (service !== undefined) return service;
  const there =
    view.services.size === 0
      ? "none is registered yet; register a deployment first"
      : `registered are ${listOf(view.services.keys())}`;
  throw new HttpError(ingressErrors.unknownService, `service "${name}" not found: ${there}`);
}

/** @throws HttpError  PDR3005 */
export function handlerOf(service: RegisteredService, name: string): Handler {
  const handler = service.handlers.get(name);
  if (handler !== undefined) return handler;
  throw new HttpError(
    ingressErrors.unknownHandler,
    `handler "${name}" not found: service "${service.service.name}" has ${listOf(service.handlers.keys())}`,
  );
}

/** @throws HttpError  PDR3006 */
export function checkPublic(service: RegisteredService, handler: Handler): void {
  const hidden = handler.options?.ingressPrivate ?? service.service.options?.ingressPrivate;
  if (hidden !== true) return;
  throw new HttpError(
    ingressErrors.notPublic,
    `the invoked service is not public: ${service.service.name}/${handler.name} is only for other handlers`,
  );
}

/**
 * Checks that the newest deployment of the service speaks what this server speaks: a newer server may have given up
 * what an older one registered.
 * @throws HttpError  PDR3027
 */
export function checkProtocol({ service, deployment }: RegisteredService): void {
  const { id, minProtocolVersion: min, maxProtocolVersion: max } = deployment;
  if (commonVersion(protocolVersions, { min, max }) !== undefined) return;
  const { min: ourMin, max: ourMax } = protocolVersions;
  throw new HttpError(
    ingressErrors.protocolTooOld,
    `service "${service.name}" can't be invoked: its deployment ${id} speaks versions ${min} to ${max} of the service protocol, this server ${ourMin} to ${ourMax}; deploy it with a newer SDK`,
  );
}

/** Virtual objects and workflows are addressed with a key, services without. */
export function isKeyed(service: RegisteredService): boolean {
  const { kind } = service.service;
  return kind === ServiceKind.VIRTUAL_OBJECT || kind === ServiceKind.WORKFLOW;
}

/** "virtual object", as it stands in messages. */
export function kindNameOf(service: RegisteredService): string {
  switch (service.service.kind) {
    case ServiceKind.VIRTUAL_OBJECT:
      return "virtual object";
    case ServiceKind.WORKFLOW:
      return "workflow";
    default:
      return "service";
  }
}

/**
 * Checks that the key is short enough to be kept.
 * @throws HttpError  PDR3007
 */
export function checkKey(key: string): void {
  if (!isTooLong(key)) return;
  throw new HttpError(
    ingressErrors.badKey,
    `the key "${shown(key)}" has ${Buffer.byteLength(key)} bytes; at most ${keyBytesMax} are allowed`,
  );
}

/**
 * Checks that an idempotency key can be used for the handler.
 * @throws HttpError  PDR3010, PDR3011
 */
export function checkIdempotencyKey(
  { service }: RegisteredService,
  handler: Handler,
  idempotencyKey: string,
): void {
  if (handler.kind === HandlerKind.RUN) {
    throw new HttpError(
      ingressErrors.idempotencyKeyOnRun,
      `idempotency key "${shown(idempotencyKey)}" is not allowed for "${handler.name}" of workflow "${service.name}": its key already makes it run once`,
    );
  }
  checkIdempotencyKeyText(idempotencyKey);
}

/** @throws HttpError  PDR3010 */
export function checkIdempotencyKeyText(idempotencyKey: string): void {
  if (idempotencyKey === "") {
    throw new HttpError(ingressErrors.badIdempotencyKey, "the idempotency key is empty");
  }
  if (isTooLong(idempotencyKey)) {
    throw new HttpError(
      ingressErrors.badIdempotencyKey,
      `the idempotency key "${shown(idempotencyKey)}" has ${Buffer.byteLength(idempotencyKey)} bytes; at most ${keyBytesMax} are allowed`,
    );
  }
}

function isTooLong(text: string): boolean {
  // A UTF-16 unit is at most 3 bytes.
  return text.length * 3 > keyBytesMax && Buffer.byteLength(text) > keyBytesMax;
}

/** A text of the caller's, short enough for a message. */
function shown(text: string): string {
  return text.length > charactersShown ? `${text.slice(0, charactersShown)}…` : text;
}

function listOf(names: Iterable<string>): string {
  const all = [...names];
  const shown = all.slice(0, namesShown).join(", ");
  return all.length > namesShown ? `${shown} and ${all.length - namesShown} more` : shown;
}
