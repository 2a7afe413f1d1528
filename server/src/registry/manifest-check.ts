// What a manifest must be like to be registered, by itself and beside what is registered.

import {
  HandlerKind,
  ServiceKind,
  type Handler,
  type Manifest,
  type Service,
} from "@perdure/proto/manifest/v1/manifest";
import { nameBytesMax } from "@perdure/protocol/limits";
import { RegistrationError } from "./registrar.js";
import type { RegistryView } from "../shard/registry-view.js";
import { checkContract } from "../typed/contract.js";
import { ContractError } from "../typed/contract-error.js";

const serviceName = /^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9._-]*$/;
const handlerName = /^([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9_]*$/;

const kindNames: Record<ServiceKind, string> = {
  [ServiceKind.UNSPECIFIED]: "unknown",
  [ServiceKind.SERVICE]: "service",
  [ServiceKind.VIRTUAL_OBJECT]: "virtual object",
  [ServiceKind.WORKFLOW]: "workflow",
};

/**
 * @param replaced  the deployment in whose place the manifest comes
 * @throws RegistrationError  PDR4203, PDR4205, PDR4206, PDR4215, PDR4216, PDR4217
 */
export function checkManifest(manifest: Manifest, view: RegistryView, replaced?: string): void {
  const seen = new Set<string>();
  for (const service of manifest.services) {
    checkService(service);
    if (seen.has(service.name)) {
      throw invalid(`the deployment offers two services named "${service.name}". Rename one`);
    }
    seen.add(service.name);
    checkKind(service, view);
  }
  if (manifest.services.length === 0) throw invalid("the deployment offers no services");
  checkTypes(manifest, view, replaced);
}

function checkTypes(manifest: Manifest, view: RegistryView, replaced: string | undefined): void {
  try {
    checkContract(manifest, view, replaced);
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    const status = error.code === "PDR4217" ? 409 : 400;
    throw new RegistrationError(error.code, undefined, status, error.message);
  }
}

function checkService(service: Service): void {
  const { name, options: own } = service;
  if (!serviceName.test(name) || Buffer.byteLength(name) > nameBytesMax) {
    throw invalid(
      `"${name}" can't be the name of a service: it begins with a letter, then letters, digits, ".", "_", "-"`,
    );
  }
  if (/^restate/i.test(name) || /^openapi$/i.test(name)) {
    throw new RegistrationError("PDR4205", "META0005", 400, `the name "${name}" is reserved`);
  }
  const handlers = new Set<string>();
  for (const handler of service.handlers) {
    if (!handlerName.test(handler.name) || handlers.has(handler.name)) {
      throw invalid(
        `"${handler.name}" can't be the name of a handler of ${name}, or is there twice: it begins with a letter, then letters, digits, "_"`,
      );
    }
    handlers.add(handler.name);
    checkHandlerKind(service, handler.name, handler.kind);
    checkContentType(name, handler);
    checkSchemas(name, handler);
    if (own?.ingressPrivate === true && handler.options?.ingressPrivate === false) {
      throw invalid(`handler ${handler.name} is public, but its service ${name} is private`);
    }
    checkRetentions(name, handler);
  }
  const runs = service.handlers.filter((handler) => handler.kind === HandlerKind.RUN);
  if (service.kind === ServiceKind.WORKFLOW && runs.length !== 1) {
    throw invalid(
      `the workflow ${name} needs exactly one run handler; it has ${String(runs.length)}`,
    );
  }
}

const headerValue = /^[\t\x20-\x7e]*$/;

/** It becomes a header of each answer. */
function checkContentType(service: string, { name, output }: Handler): void {
  if (headerValue.test(output?.contentType ?? "")) return;
  throw invalid(`the output of handler ${name} of ${service} has a content type that is not ASCII`);
}

/** More than any type has; what is nested deeper can't be written out again. */
const schemaDepthMax = 200;

/** They are told whenever the service is described. */
function checkSchemas(service: string, { name, input, output }: Handler): void {
  const schemas = [input, output].flatMap((rule) =>
    rule === undefined ? [] : [rule.jsonSchema, rule.typesJsonSchema],
  );
  for (const schema of schemas) {
    if (!isNestedDeeper(schema, schemaDepthMax)) continue;
    throw invalid(
      `handler ${name} of ${service} has a JSON schema that is nested deeper than ${schemaDepthMax}. Move its parts to "$defs"`,
    );
  }
}

function isNestedDeeper(json: string, depthMax: number): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === '"') isText = !isText;
    else if (isText) at += char === "\\" ? 1 : 0;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    if (depth > depthMax) return true;
  }
  return false;
}

/** Each retention has its kind of handler; a service may set both for all that it has. */
function checkRetentions(service: string, { name, kind, options }: Handler): void {
  if (kind === HandlerKind.RUN && options?.idempotencyRetentionMs !== undefined) {
    throw invalid(
      `the run handler ${name} of ${service} can't have an idempotency retention: a workflow has its own retention`,
    );
  }
  if (kind !== HandlerKind.RUN && options?.workflowRetentionMs !== undefined) {
    throw invalid(
      `handler ${name} of ${service} can't have a workflow retention: only a workflow's run handler can`,
    );
  }
}

const allowedHandlers: ReadonlyMap<ServiceKind, readonly HandlerKind[]> = new Map([
  [ServiceKind.SERVICE, [HandlerKind.SHARED]],
  [ServiceKind.VIRTUAL_OBJECT, [HandlerKind.EXCLUSIVE, HandlerKind.SHARED]],
  [ServiceKind.WORKFLOW, [HandlerKind.RUN, HandlerKind.SHARED]],
]);

function checkHandlerKind(service: Service, handler: string, kind: HandlerKind): void {
  if (allowedHandlers.get(service.kind)?.includes(kind) === true) return;
  throw invalid(
    `handler ${handler} of the ${kindNames[service.kind]} ${service.name} is of a kind that it can't have`,
  );
}

/** Also where its own deployment is replaced: keys, state and invocations of the service stay what they are. */
function checkKind(service: Service, view: RegistryView): void {
  const registered = view.services.get(service.name);
  if (registered === undefined || registered.service.kind === service.kind) return;
  throw new RegistrationError(
    "PDR4206",
    "META0006",
    409,
    `${service.name} is registered as a ${kindNames[registered.service.kind]} (deployment ${registered.deployment.id}) and can't become a ${kindNames[service.kind]}. Give the new one another name`,
  );
}

function invalid(message: string): RegistrationError {
  return new RegistrationError("PDR4203", "META0013", 400, message);
}
