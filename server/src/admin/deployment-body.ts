// Deployments as the admin port answers with them, in JSON and in the contract's messages.

import type { Deployment as DeploymentMessage } from "@perdure/proto/admin/v1/admin";
import { DeploymentSchema } from "@perdure/proto/admin/v1/admin";
import type { Deployment } from "@perdure/proto/storage/v1/records";
import { create, toJson } from "@bufbuild/protobuf";
import {
  ChangeKind,
  ManifestSchema,
  type ManifestChange,
} from "@perdure/proto/manifest/v1/manifest";
import type { Registered } from "../registry/registrar.js";
import type { Redaction } from "./redaction.js";
import type { OptionDefaults } from "./service-metadata.js";
import { isRequestResponse, servicesMetadata } from "./service-metadata.js";

/** The answer to a registration. */
export function registeredBody(
  deployment: Deployment,
  { changes, manifestChanges }: Pick<Registered, "changes" | "manifestChanges">,
  defaults: OptionDefaults,
): object {
  return {
    id: deployment.id,
    services: servicesMetadata(deployment, defaults),
    min_protocol_version: deployment.minProtocolVersion,
    max_protocol_version: deployment.maxProtocolVersion,
    ...sdkVersion(deployment),
    info: changes.map((message) => ({ message, code: "PDR4207" })),
    manifest_changes: manifestChanges.map(changeBody),
  };
}

const changeKinds: Readonly<Record<ChangeKind, string>> = {
  [ChangeKind.UNSPECIFIED]: "unknown",
  [ChangeKind.ADDED]: "added",
  [ChangeKind.CHANGED]: "changed",
  [ChangeKind.REMOVED]: "removed",
};

function changeBody(change: ManifestChange): object {
  const { kind, breaksCallers, breaksRunning, service, handler, text } = change;
  return {
    kind: changeKinds[kind],
    breaks_callers: breaksCallers,
    breaks_running: breaksRunning,
    service,
    ...(handler === "" ? {} : { handler }),
    text,
  };
}

/** What it said at its registration, and codegen with it, as codegen writes manifest.json. */
export function manifestBodyOf({ manifest }: Deployment): object {
  return toJson(ManifestSchema, manifest ?? create(ManifestSchema)) as object;
}

/** One deployment with all that it offers. */
export function deploymentBody(
  deployment: Deployment,
  { defaults, redaction }: { readonly defaults: OptionDefaults; readonly redaction: Redaction },
): object {
  return { ...commonBody(deployment, redaction), services: servicesMetadata(deployment, defaults) };
}

/** One deployment in a list: its services by name and revision. */
export function deploymentListBody(deployment: Deployment, redaction: Redaction): object {
  return { ...commonBody(deployment, redaction), services: servicesOf(deployment) };
}

function servicesOf({ manifest, revisions }: Deployment): object[] {
  const services = manifest?.services ?? [];
  return services.map(({ name }) => ({ name, revision: revisions[name] ?? 0 }));
}

function commonBody(deployment: Deployment, redaction: Redaction): object {
  return {
    id: deployment.id,
    type: "http",
    uri: deployment.uri,
    protocol_type: isRequestResponse(deployment) ? "RequestResponse" : "BidiStream",
    http_version: deployment.useHttp11 ? "HTTP/1.1" : "HTTP/2.0",
    additional_headers: redaction.headers(deployment.additionalHeaders),
    metadata: deployment.metadata,
    created_at: new Date(deployment.createdAt).toISOString(),
    min_protocol_version: deployment.minProtocolVersion,
    max_protocol_version: deployment.maxProtocolVersion,
    ...sdkVersion(deployment),
    ...manifestHash(deployment),
    info: [],
  };
}

function sdkVersion({ sdkVersion: version }: Deployment): object {
  return version === "" ? {} : { sdk_version: version };
}

/** Absent: the deployment has no manifest of codegen. */
function manifestHash({ manifest }: Deployment): object {
  const hash = manifest?.contentHash ?? "";
  return hash === "" ? {} : { manifest_hash: hash };
}

export function deploymentMessage(deployment: Deployment, redaction: Redaction): DeploymentMessage {
  const { id, uri, minProtocolVersion, maxProtocolVersion, additionalHeaders, metadata } =
    deployment;
  return create(DeploymentSchema, {
    id,
    uri,
    createdAtMs: BigInt(Math.trunc(deployment.createdAt)),
    minProtocolVersion,
    maxProtocolVersion,
    sdkVersion: deployment.sdkVersion,
    services: (deployment.manifest?.services ?? []).map((service) => ({
      service,
      revision: deployment.revisions[service.name] ?? 0,
    })),
    additionalHeaders: redaction.headers(additionalHeaders),
    metadata,
    useHttp11: deployment.useHttp11,
    requestResponse: isRequestResponse(deployment),
    manifestHash: deployment.manifest?.contentHash ?? "",
  });
}
