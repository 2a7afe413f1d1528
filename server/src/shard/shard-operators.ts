// The operators' side of a shard: verbs become events, and the core says what became of them.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  CancelledSchema,
  KilledSchema,
  PausedSchema,
  PurgedSchema,
  RestartedSchema,
  ResumedSchema,
  StatePatchedSchema,
} from "@perdure/proto/storage/v1/events";
import type { Invocation, StatePatchSchema } from "@perdure/proto/storage/v1/records";
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import {
  invocationIdOf,
  isInvocationId,
  partitionKeyOfInvocationId,
  partitionOfInvocationId,
} from "@perdure/protocol/ids";
import { bytesOf, valueOf } from "@perdure/protocol/messages";
import { commonVersion } from "@perdure/protocol/versions";
import type { EventBody } from "../core/apply.js";
import type { VerbOutcome } from "../core/effect.js";
import { objectKey } from "../core/keys.js";
import { pinnedTo } from "../core/pin.js";
import { findRun } from "../core/queries.js";
import { readState } from "../core/state-patch.js";
import type { Tables } from "../core/tables.js";
import type { Clock } from "./clock.js";
import { newRunId, partitionOfObject } from "./identity.js";
import type {
  DeploymentChoice,
  InvocationDetail,
  Operators,
  StateOf,
  Verdict,
} from "./operators.js";
import type { RegistryView } from "./registry-view.js";
import type { Shard } from "./shard.js";

export interface ShardOperatorsOptions {
  readonly shard: () => Shard;
  readonly clock: Clock;
  readonly view: () => RegistryView;
  /** Whether a run has an attempt at this moment. */
  readonly isRunning: (runId: string) => boolean;
  /** Why an invocation that is ready has no attempt, in words. */
  readonly waitsFor: (invocation: Invocation) => string | undefined;
  /** Attempts that a deployment has at this moment. */
  readonly attemptsOn: (deploymentId: string) => number;
}

export class ShardOperators implements Operators {
  readonly #options: ShardOperatorsOptions;
  readonly #waiting = new Map<number, (outcome: VerbOutcome) => void>();
  #lastToken = 0;

  constructor(options: ShardOperatorsOptions) {
    this.#options = options;
  }

  /** Effect of the shard. */
  answered(token: number, outcome: VerbOutcome): void {
    const resolve = this.#waiting.get(token);
    this.#waiting.delete(token);
    resolve?.(outcome);
  }

  // ---- Operators

  invocation(id: string): Promise<InvocationDetail | undefined> {
    return this.#look(id, (_, detail) => detail);
  }

  journal(id: string): Promise<(InvocationDetail & { readonly entries: Entry[] }) | undefined> {
    return this.#look(id, ({ journal }, detail) => ({
      ...detail,
      entries: journal.read(detail.runId),
    }));
  }

  cancel(invocationId: string): Promise<Verdict> {
    return this.#verb(invocationId, {
      case: "cancelled",
      value: create(CancelledSchema, { invocationId }),
    });
  }

  kill(invocationId: string): Promise<Verdict> {
    return this.#verb(invocationId, {
      case: "killed",
      value: create(KilledSchema, { invocationId }),
    });
  }

  pause(invocationId: string): Promise<Verdict> {
    return this.#verb(invocationId, {
      case: "paused",
      value: create(PausedSchema, { invocationId }),
    });
  }

  async resume(invocationId: string, choice: DeploymentChoice): Promise<Verdict> {
    const detail = await this.invocation(invocationId);
    if (detail === undefined) return "notFound";
    const chosen = this.#choose(detail, choice);
    if (typeof chosen === "string") return chosen;
    const deploymentId = chosen.id === detail.invocation.deploymentId ? "" : chosen.id;
    if (deploymentId !== "" && detail.running) return "running";
    return await this.#verb(invocationId, {
      case: "resumed",
      value: create(ResumedSchema, { invocationId, deploymentId }),
    });
  }

  async restartAsNew(
    invocationId: string,
    from: number,
    choice: DeploymentChoice,
  ): Promise<{ readonly newInvocationId: string } | Verdict> {
    const detail = await this.invocation(invocationId);
    if (detail === undefined) return "notFound";
    const chosen = this.#choose(detail, choice);
    if (typeof chosen === "string") return chosen;
    const newRunIdText = newRunId(this.#options.clock.now());
    const newId = invocationIdOf(partitionKeyOfInvocationId(invocationId), newRunIdText);
    // Whoever begins from the input alone follows new registrations until its first step.
    const deploymentId = choice === "latest" && from === 0 ? "" : chosen.id;
    const verdict = await this.#verb(invocationId, {
      case: "restarted",
      value: create(RestartedSchema, {
        invocationId,
        newId,
        newRunId: newRunIdText,
        from,
        deploymentId,
      }),
    });
    return verdict === "done" ? { newInvocationId: newId } : verdict;
  }

  purge(invocationId: string): Promise<Verdict> {
    return this.#purge(invocationId, false);
  }

  purgeJournal(invocationId: string): Promise<Verdict> {
    return this.#purge(invocationId, true);
  }

  state(of: StateOf): Promise<ReadonlyMap<string, Uint8Array>> {
    const shard = this.#options.shard();
    const partition = partitionOfObject(of);
    return new Promise((resolve) => {
      shard.whenPartitionDurable(partition, () => {
        const object = objectKey(of.service, of.key, of.scope);
        const rows = readState(shard.tables(partition).state, object);
        resolve(new Map(rows.map(({ name, value }) => [name, bytesOf(value)])));
      });
    });
  }

  async patchState(
    of: StateOf,
    state: ReadonlyMap<string, Uint8Array>,
    version: string | undefined,
  ): Promise<void> {
    const { service, key, scope } = of;
    this.#options.shard().admit();
    const patch: MessageInitShape<typeof StatePatchSchema> = {
      service,
      key,
      state: [...state].map(([name, bytes]) => ({ name, value: valueOf(bytes) })),
    };
    if (scope !== undefined) patch.scope = scope;
    if (version !== undefined) patch.version = version;
    const value = create(StatePatchedSchema, { patch });
    await this.#enqueue(partitionOfObject(of), { case: "statePatched", value });
  }

  pinnedTo(deploymentId: string): Promise<number> {
    return Promise.resolve(this.pinnedHere(deploymentId));
  }

  /** As {@link pinnedTo}, of the partitions that are run here. */
  pinnedHere(deploymentId: string): number {
    const shard = this.#options.shard();
    const recorded = shard.partitionNumbers.reduce(
      (sum, partition) => sum + pinnedTo({ tables: shard.tables(partition) }, deploymentId),
      0,
    );
    // An attempt that has said nothing yet: what it says first pins its invocation.
    return Math.max(recorded, this.#options.attemptsOn(deploymentId));
  }

  // ---- inside

  #purge(invocationId: string, journalOnly: boolean): Promise<Verdict> {
    return this.#verb(invocationId, {
      case: "purged",
      value: create(PurgedSchema, { invocationId, journalOnly }),
    });
  }

  /** The deployment that is meant; of id "" while an invocation that keeps its own has none yet. */
  #choose(
    { invocation }: InvocationDetail,
    choice: DeploymentChoice,
  ): { readonly id: string } | "unknownDeployment" | "incompatibleDeployment" {
    const { services, deployments } = this.#options.view();
    if (choice === "keep") {
      const { deploymentId: id } = invocation;
      return id === "" || deployments.has(id) ? { id } : "unknownDeployment";
    }
    const service = invocation.target?.service ?? "";
    const deployment =
      choice === "latest" ? services.get(service)?.deployment : deployments.get(choice.id);
    if (deployment === undefined) return "unknownDeployment";
    const offers = deployment.manifest?.services.some(({ name }) => name === service) ?? false;
    const own = deployments.get(invocation.deploymentId);
    const speaksIt =
      own === undefined || commonVersion(versionsOf(own), versionsOf(deployment)) !== undefined;
    return offers && speaksIt ? deployment : "incompatibleDeployment";
  }

  #look<Found>(
    id: string,
    found: (tables: Tables, detail: InvocationDetail) => Found,
  ): Promise<Found | undefined> {
    if (!isInvocationId(id)) return Promise.resolve(undefined);
    const shard = this.#options.shard();
    const partition = partitionOfInvocationId(id);
    return new Promise((resolve) => {
      shard.whenPartitionDurable(partition, () => {
        const tables = shard.tables(partition);
        const runId = findRun(tables, id);
        const invocation = runId === undefined ? undefined : tables.invocations.get(runId);
        if (runId === undefined || invocation === undefined) return resolve(undefined);
        const running = this.#options.isRunning(runId);
        const waitingFor = running ? undefined : this.#options.waitsFor(invocation);
        resolve(found(tables, { runId, invocation, running, waitingFor }));
      });
    });
  }

  async #verb(invocationId: string, event: EventBody): Promise<VerbOutcome> {
    if (!isInvocationId(invocationId)) return "notFound";
    return await this.#enqueue(partitionOfInvocationId(invocationId), event);
  }

  #enqueue(partition: number, event: EventBody): Promise<VerbOutcome> {
    const token = ++this.#lastToken;
    return new Promise((resolve, reject) => {
      this.#waiting.set(token, resolve);
      this.#options.shard().enqueue(partition, event, {
        token,
        onRefused: (error) => {
          this.#waiting.delete(token);
          reject(error as Error);
        },
      });
    });
  }
}

function versionsOf(deployment: {
  readonly minProtocolVersion: number;
  readonly maxProtocolVersion: number;
}): { readonly min: number; readonly max: number } {
  return { min: deployment.minProtocolVersion, max: deployment.maxProtocolVersion };
}
