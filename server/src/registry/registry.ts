// The registry of deployments and rules: a small state machine of its own, in a partition of its own. What changes
// is durable before it is answered, and everyone sees the registry as immutable versions.
//   R1. One change of deployments at a time, and one of rules: each sees what the one before has changed. Rules
//       don't wait for a deployment that takes its time to answer.
//   R2. A deployment is stored whole; what is patched is a new record under the same id.
//   R3. Rules are in every partition the same. A change is enqueued for all in one turn; a partition that a crash left a change
//       behind gets them at the next start.

import { create } from "@bufbuild/protobuf";
import {
  ManifestSchema,
  OptionsSchema,
  ServiceKind,
  ServiceSchema,
  type Manifest,
} from "@perdure/proto/manifest/v1/manifest";
import { ProtocolMode, type DiscoverResponse } from "@perdure/proto/protocol/v1/deployment";
import {
  DeploymentRegisteredSchema,
  DeploymentRemovedSchema,
  RulesChangedSchema,
} from "@perdure/proto/storage/v1/events";
import {
  DeploymentSchema,
  type Deployment,
  type LimitRule,
} from "@perdure/proto/storage/v1/records";
import { invariant } from "@perdure/protocol/assert";
import { deploymentIdOf, registryPartition } from "@perdure/protocol/ids";
import { mergeManifests } from "@perdure/protocol/manifest-merge";
import { commonVersion, protocolVersions } from "@perdure/protocol/versions";
import { rulesVersionOf } from "../core/rules.js";
import type { RangeTable } from "../core/tables.js";
import type { AddressGuard } from "../outbound/address-guard.js";
import type { RequestSigner } from "../outbound/request-signer.js";
import type { Clock } from "../shard/clock.js";
import { newRunId } from "../shard/identity.js";
import {
  createRegistryView,
  type RegisteredService,
  type RegistryView,
} from "../shard/registry-view.js";
import type { Shard } from "../shard/shard.js";
import { addressOf } from "./deployment-address.js";
import { checkSameProtocol, checkSameServices, revisionsAfter } from "./deployment-patch.js";
import { discover, type Discover, type Discovered } from "./discovery.js";
import { manifestChanges } from "./manifest-changes.js";
import { checkManifest } from "./manifest-check.js";
import { registrationDiff } from "./registration-diff.js";
import {
  RegistrationError,
  type DeploymentPatch,
  type OptionsPatch,
  type Registered,
  type RegisterRequest,
  type Registrar,
  type RuleChange,
  type RuleRemoval,
} from "./registrar.js";
import {
  allRules,
  changesBetween,
  hasSameRules,
  type RegistryChange,
  type RegistryContent,
  type RegistryReplicas,
} from "./replication.js";
import { withoutRules, withRules, type RuleBook } from "./rule-book.js";

export interface RegistryOptions {
  readonly shard: () => Shard;
  readonly clock: Clock;
  /** Signs what goes out to endpoints. */
  readonly signer?: RequestSigner | undefined;
  /** Which addresses may be connected to. */
  readonly guard?: AddressGuard | undefined;
  /** Default: over HTTP. */
  readonly discover?: Discover | undefined;
  /** Invocations that have not ended and belong to a deployment. */
  readonly pinnedTo: (deploymentId: string) => Promise<number>;
  /** Other shards, that follow this registry. */
  readonly replicas?: RegistryReplicas | undefined;
}

export class Registry implements Registrar {
  readonly #options: RegistryOptions;
  #view = createRegistryView([]);
  #rulesVersion = 0;
  readonly #deploymentsTurn = new Turns();
  readonly #rulesTurn = new Turns();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get view(): RegistryView {
    return this.#view;
  }

  /** The tables of the registry have changed and are durable (or were recovered). */
  refresh(): void {
    const tables = this.#options.shard().tables(registryPartition);
    this.#view = createRegistryView(allOf(tables.deployments), allOf(tables.rules));
    this.#rulesVersion = rulesVersionOf(tables);
  }

  // ---- of a registry that is followed, or follows

  /** All that is registered. */
  get content(): RegistryContent {
    return {
      deployments: [...this.#view.deployments.values()],
      rules: [...this.#view.rules.values()],
      rulesVersion: this.#rulesVersion,
    };
  }

  /** Takes over what another registry has. Resolves when it is durable here. */
  async follow(leader: RegistryContent): Promise<void> {
    const changes = changesBetween(this.content, leader);
    await Promise.all(changes.map((change) => this.apply(change)));
    await this.alignRules();
  }

  /**
   * Gives the rules to partitions that have others: they were moved here from a shard that a crash had left a change behind.
   * Resolves when it is durable.
   */
  async alignRules(): Promise<void> {
    const shard = this.#options.shard();
    const { content } = this;
    const behind = shard.partitionNumbers.filter((partition) => {
      const tables = shard.tables(partition);
      return !hasSameRules(content, rulesVersionOf(tables), () => allOf(tables.rules));
    });
    await this.#applyTo(behind, allRules(content));
  }

  /** All in one turn. Resolves when the view has it. */
  async apply(change: RegistryChange): Promise<void> {
    const shard = this.#options.shard();
    const partitions =
      change.case === "rulesReplaced" || change.case === "rulesChanged"
        ? [...shard.partitionNumbers, registryPartition]
        : [registryPartition];
    await this.#applyTo(partitions, change);
  }

  async #applyTo(partitions: readonly number[], change: RegistryChange): Promise<void> {
    const shard = this.#options.shard();
    await Promise.all(
      partitions.map(
        (partition) =>
          new Promise<void>((onReleased, onRefused) => {
            shard.enqueue(partition, change, { onReleased, onRefused });
          }),
      ),
    );
  }

  // ---- Registrar

  register(request: RegisterRequest): Promise<Registered> {
    return this.#deploymentsTurn.take(() => this.#register(request));
  }

  patch(id: string, patch: DeploymentPatch): Promise<Deployment> {
    return this.#deploymentsTurn.take(() => this.#patch(id, patch));
  }

  remove(id: string, force: boolean): Promise<void> {
    return this.#deploymentsTurn.take(async () => {
      this.#deployment(id);
      if (!force) await this.#checkUnused(id);
      const value = create(DeploymentRemovedSchema, { deploymentId: id });
      await this.#change({ case: "deploymentRemoved", value });
    });
  }

  patchService(name: string, options: OptionsPatch): Promise<RegisteredService> {
    return this.#deploymentsTurn.take(async () => {
      const { service, deployment } = this.#service(name);
      if (options.workflowRetentionMs !== undefined && service.kind !== ServiceKind.WORKFLOW) {
        throw new RegistrationError(
          "PDR4214",
          undefined,
          400,
          `${name} is no workflow: it can't have a workflow retention`,
        );
      }
      const before = deployment.manifest ?? create(ManifestSchema);
      const services = before.services.map((one) =>
        one.name === name
          ? create(ServiceSchema, {
              ...one,
              options: create(OptionsSchema, { ...one.options, ...options }),
            })
          : one,
      );
      const manifest = create(ManifestSchema, { ...before, services });
      await this.#store(create(DeploymentSchema, { ...deployment, manifest }));
      return this.#service(name);
    });
  }

  putRules(changes: readonly RuleChange[]): Promise<LimitRule[]> {
    return this.#rulesTurn.take(async () => {
      const rules = withRules(this.#view.rules, changes, this.#options.clock.now());
      await this.#storeRules(rules);
      return changes.map(({ pattern }) => {
        const rule = rules.get(pattern);
        invariant(rule !== undefined, "a rule that was put is there");
        return rule;
      });
    });
  }

  deleteRules(removals: readonly RuleRemoval[]): Promise<string[]> {
    return this.#rulesTurn.take(async () => {
      const before = this.#view.rules;
      const rules = withoutRules(before, removals);
      const removed = [...before.keys()].filter((pattern) => !rules.has(pattern));
      if (removed.length > 0) await this.#storeRules(rules);
      return removed;
    });
  }

  // ---- inside

  async #register(request: RegisterRequest): Promise<Registered> {
    const uri = addressOf(request.uri);
    const existing = [...this.#view.deployments.values()].find((known) => known.uri === uri);
    if (existing !== undefined && !request.force) {
      return { deployment: existing, created: false, changes: [], manifestChanges: [] };
    }
    const { additionalHeaders, metadata, strict, dryRun } = request;
    const found = await this.#discover(uri, additionalHeaders, request.useHttp11);
    checkProtocol(uri, found.response);
    const manifest = completed(uri, manifestOf(found.response), request.manifest);
    checkManifest(manifest, this.#view, existing?.id);
    const differences = registrationDiff(manifest, this.#view, existing?.id);
    const changes = manifestChanges(manifest, this.#view, existing?.id);
    if (strict && changes.length > 0) throw refusedAsStrict(uri, changes);
    const now = this.#options.clock.now();
    const deployment = create(DeploymentSchema, {
      ...foundFacts(found.response),
      id: existing?.id ?? deploymentIdOf(newRunId(now)),
      uri,
      createdAt: existing?.createdAt ?? Math.floor(now),
      manifest,
      revisions: Object.fromEntries(
        manifest.services.map(({ name }) => [name, this.#nextRevision(name)]),
      ),
      additionalHeaders: { ...additionalHeaders },
      metadata: { ...metadata },
      useHttp11: found.useHttp11,
      protocolMode: protocolModeOf(found, request.requestResponse),
    });
    if (!dryRun) await this.#store(deployment);
    return { deployment, created: true, changes, manifestChanges: differences };
  }

  async #patch(id: string, patch: DeploymentPatch): Promise<Deployment> {
    const before = this.#deployment(id);
    const uri = patch.uri === undefined ? before.uri : addressOf(patch.uri);
    const occupant = [...this.#view.deployments.values()].find((known) => known.uri === uri);
    if (occupant !== undefined && occupant.id !== id) throw addressTaken(uri, occupant.id);
    const additionalHeaders = { ...(patch.additionalHeaders ?? before.additionalHeaders) };
    // What was found out of one address says nothing of another.
    const useHttp11 = patch.useHttp11 ?? (uri === before.uri && before.useHttp11);
    const found = await this.#discover(uri, additionalHeaders, useHttp11);
    checkSameProtocol(before, found.response);
    const manifest = manifestOf(found.response);
    if (patch.overwrite) checkManifest(manifest, this.#view, id);
    else checkSameServices(before, manifest);
    const facts = {
      ...foundFacts(found.response),
      uri,
      additionalHeaders,
      useHttp11: found.useHttp11,
      // An operator may have asked for one request for each attempt: that stays.
      protocolMode: protocolModeOf(found, before.protocolMode === ProtocolMode.REQUEST_RESPONSE),
    };
    const next = (service: string): number => this.#nextRevision(service);
    const offered = patch.overwrite
      ? { manifest, revisions: revisionsAfter(before, manifest, next) }
      : {};
    const deployment = create(DeploymentSchema, { ...before, ...facts, ...offered });
    if (!patch.dryRun) await this.#store(deployment);
    return deployment;
  }

  #discover(
    uri: string,
    headers: Readonly<Record<string, string>>,
    useHttp11: boolean,
  ): Promise<Discovered> {
    const { signer, guard } = this.#options;
    const ask = this.#options.discover ?? discover;
    return ask(uri, { headers, useHttp11, signer, guard });
  }

  async #checkUnused(id: string): Promise<void> {
    const newestOf = [...this.#view.services.values()]
      .filter(({ deployment }) => deployment.id === id)
      .map(({ service }) => service.name);
    const pinned = await this.#options.pinnedTo(id);
    if (newestOf.length === 0 && pinned === 0) return;
    const reasons = [
      ...(newestOf.length === 0 ? [] : [`new work of ${newestOf.join(", ")} goes to it`]),
      ...(pinned === 0 ? [] : [`${pinned} unfinished invocations belong to it`]),
    ];
    throw new RegistrationError(
      "PDR4210",
      undefined,
      409,
      `deployment ${id} is in use: ${reasons.join(", and ")}. Register a newer one and let them end, or remove it with force`,
    );
  }

  #deployment(id: string): Deployment {
    const deployment = this.#view.deployments.get(id);
    if (deployment !== undefined) return deployment;
    throw new RegistrationError("PDR4006", undefined, 404, `deployment "${id}" not found`);
  }

  #service(name: string): RegisteredService {
    const service = this.#view.services.get(name);
    if (service !== undefined) return service;
    throw new RegistrationError("PDR4024", undefined, 404, `service "${name}" not found`);
  }

  #nextRevision(service: string): number {
    return (this.#view.services.get(service)?.revision ?? 0) + 1;
  }

  #store(deployment: Deployment): Promise<void> {
    const value = create(DeploymentRegisteredSchema, { deployment });
    return this.#change({ case: "deploymentRegistered", value });
  }

  /** @param book  rules that have not changed are those of the view */
  async #storeRules(book: RuleBook): Promise<void> {
    const before = this.#view.rules;
    const rules = [...book.values()].filter((rule) => before.get(rule.pattern) !== rule);
    const removed = [...before.keys()].filter((pattern) => !book.has(pattern));
    if (rules.length === 0 && removed.length === 0) return;
    const version = this.#rulesVersion + 1;
    const value = create(RulesChangedSchema, { rules, removed, version });
    await this.#change({ case: "rulesChanged", value });
  }

  /** Resolves when the views of all shards have it. */
  async #change(change: RegistryChange): Promise<void> {
    this.#options.shard().admit();
    await this.apply(change);
    await this.#options.replicas?.replicate(change);
  }
}

/** Lets one begin when the one before has ended. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(act: () => Promise<T>): Promise<T> {
    const acted = this.#last.then(act);
    this.#last = acted.catch(() => undefined);
    return acted;
  }
}

function allOf<V>(table: RangeTable<V>): V[] {
  return table.scan("", "\u00ff", Number.MAX_SAFE_INTEGER).map((row) => row.value);
}

function manifestOf({ manifest }: DiscoverResponse): Manifest {
  return manifest ?? create(ManifestSchema);
}

/**
 * What the endpoint says, with what codegen knows besides.
 * @throws RegistrationError  PDR4218
 */
function completed(uri: string, found: Manifest, generated: Manifest | undefined): Manifest {
  if (generated === undefined) return found;
  const { manifest, differences } = mergeManifests(found, [generated]);
  if (differences.length === 0) return manifest;
  throw new RegistrationError(
    "PDR4218",
    undefined,
    400,
    `the manifest does not fit what ${uri} offers: ${differences.join("; ")}. Run perdure codegen on the source that is deployed there, and send what it writes`,
  );
}

/** What an endpoint says of itself, besides its services. */
function foundFacts(
  found: DiscoverResponse,
): Pick<Deployment, "minProtocolVersion" | "maxProtocolVersion" | "sdkVersion" | "buildId"> {
  const { minProtocolVersion, maxProtocolVersion, sdkVersion, buildId } = found;
  return { minProtocolVersion, maxProtocolVersion, sdkVersion, buildId };
}

/** @param requestResponse  what the operator wants; a session needs HTTP/2 all the same */
function protocolModeOf(
  { protocolMode, useHttp11 }: Discovered,
  requestResponse: boolean | undefined,
): ProtocolMode {
  if (requestResponse === undefined) return protocolMode;
  return requestResponse || useHttp11 ? ProtocolMode.REQUEST_RESPONSE : ProtocolMode.SESSION;
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

function refusedAsStrict(uri: string, changes: readonly string[]): RegistrationError {
  return new RegistrationError(
    "PDR4207",
    undefined,
    409,
    `${uri} is not registered, as "strict" asks for: ${changes.join("; ")}. Register it without "strict" if nobody needs what was there`,
  );
}

function addressTaken(uri: string, id: string): RegistrationError {
  return new RegistrationError(
    "PDR4208",
    "META0004",
    409,
    `${uri} is the address of deployment ${id}. Remove that one first, or give another address`,
  );
}
