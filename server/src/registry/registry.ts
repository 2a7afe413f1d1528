// The registry of deployments: a small state machine of its own, in a partition of its own. A registration is
// durable before it is answered, and everyone sees the registry as immutable versions.

import { create } from "@bufbuild/protobuf";
import type { DiscoverResponse } from "@perdure/proto/protocol/v1/deployment";
import { DeploymentRegisteredSchema } from "@perdure/proto/storage/v1/events";
import { DeploymentSchema, type Deployment } from "@perdure/proto/storage/v1/records";
import { deploymentIdOf, registryPartition } from "@perdure/protocol/ids";
import { commonVersion, protocolVersions } from "@perdure/protocol/versions";
import type { Clock } from "../shard/clock.js";
import { newRunId } from "../shard/identity.js";
import type { Shard } from "../shard/shard.js";
import { discover } from "./discovery.js";
import { checkManifest } from "./manifest-check.js";
import {
  RegistrationError,
  type Registered,
  type RegisterRequest,
  type Registrar,
} from "./registrar.js";
import { createRegistryView, type RegistryView } from "../shard/registry-view.js";

export interface RegistryOptions {
  readonly shard: () => Shard;
  readonly clock: Clock;
}

export class Registry implements Registrar {
  readonly #options: RegistryOptions;
  #view = createRegistryView([]);
  #changes: (() => void)[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get view(): RegistryView {
    return this.#view;
  }

  /** The deployments table has changed and is durable (or was recovered). */
  refresh(): void {
    const { deployments } = this.#options.shard().tables(registryPartition);
    const rows = deployments.scan("", "\u00ff", Number.MAX_SAFE_INTEGER);
    this.#view = createRegistryView(rows.map((row) => row.value));
    const changes = this.#changes;
    this.#changes = [];
    for (const changed of changes) changed();
  }

  /** One registration at a time: each sees what the one before has changed. */
  register(request: RegisterRequest): Promise<Registered> {
    const registered = this.#turn.then(() => this.#register(request));
    this.#turn = registered.catch(() => undefined);
    return registered;
  }

  async #register(request: RegisterRequest): Promise<Registered> {
    const uri = checkUri(request.uri);
    const existing = [...this.#view.deployments.values()].find((known) => known.uri === uri);
    if (existing !== undefined && !request.force) return { deployment: existing, created: false };

    const found = await discover(uri, request.additionalHeaders);
    checkProtocol(uri, found);
    const manifest = found.manifest ?? { services: [] };
    checkManifest(
      { $typeName: "perdure.manifest.v1.Manifest", ...manifest },
      this.#view,
      existing?.id,
    );
    const now = this.#options.clock.now();
    const deployment = create(DeploymentSchema, {
      id: existing?.id ?? deploymentIdOf(newRunId(now)),
      uri,
      createdAt: existing?.createdAt ?? Math.floor(now),
      minProtocolVersion: found.minProtocolVersion,
      maxProtocolVersion: found.maxProtocolVersion,
      sdkVersion: found.sdkVersion,
      buildId: found.buildId,
      manifest,
      revisions: this.#nextRevisions(manifest.services.map((service) => service.name)),
      additionalHeaders: { ...request.additionalHeaders },
      metadata: { ...request.metadata },
    });
    if (!request.dryRun) await this.#store(deployment);
    return { deployment, created: true };
  }

  #nextRevisions(services: readonly string[]): Record<string, number> {
    return Object.fromEntries(
      services.map((name) => [name, (this.#view.services.get(name)?.revision ?? 0) + 1]),
    );
  }

  #store(deployment: Deployment): Promise<void> {
    const shard = this.#options.shard();
    shard.admit();
    return new Promise((resolve, reject) => {
      this.#changes.push(resolve);
      const value = create(DeploymentRegisteredSchema, { deployment });
      shard.enqueue(
        registryPartition,
        { case: "deploymentRegistered", value },
        { onRefused: reject },
      );
    });
  }
}

function checkUri(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw badUri(text, "it is not a URL");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw badUri(text, `the scheme "${url.protocol}" is neither http nor https`);
  }
  return url.href;
}

function badUri(text: string, reason: string): RegistrationError {
  return new RegistrationError(
    "PDR4201",
    "META0003",
    400,
    `"${text}" can't be the address of a deployment: ${reason}. Give one like http://localhost:9080`,
  );
}

function checkProtocol(uri: string, found: DiscoverResponse): void {
  const theirs = { min: found.minProtocolVersion, max: found.maxProtocolVersion };
  if (commonVersion(protocolVersions, theirs) !== undefined) return;
  throw new RegistrationError(
    "PDR4204",
    "META0012",
    400,
    `the endpoint at ${uri} speaks protocol versions ${String(theirs.min)} to ${String(theirs.max)}, this server ${String(protocolVersions.min)} to ${String(protocolVersions.max)}. Update the older one of the two`,
  );
}
