// The engine without its ports: everything that stands around one shard, built and wired. The server puts ports in
// front of it and a data directory under it; the simulation puts it on a simulated machine.

import { invariant } from "@perdure/protocol/assert";
import type { ServerConfig } from "../config/server-config.js";
import { Invoker } from "../invoker/invoker.js";
import type { OpenClient } from "../invoker/link.js";
import type { OpenStream } from "../invoker/session.js";
import type { Log } from "../observe/log.js";
import type { AddressGuard } from "../outbound/address-guard.js";
import type { RequestSigner } from "../outbound/request-signer.js";
import type { Discover } from "../registry/discovery.js";
import { Registry } from "../registry/registry.js";
import type { RegistryReplicas } from "../registry/replication.js";
import { Admission } from "../shard/admission.js";
import { Callers } from "../shard/callers.js";
import type { Clock } from "../shard/clock.js";
import type { Neighbours, Placement } from "../shard/placement.js";
import { lastEventAt, openEpoch, type Recovered } from "../shard/recovery.js";
import { Shard } from "../shard/shard.js";
import { ShardOperators } from "../shard/shard-operators.js";
import type { Shell } from "../shard/shell.js";
import { Watches } from "../shard/watches.js";

/** What of the configuration has nothing to do with ports and files. */
export type EngineConfig = Pick<
  ServerConfig,
  | "bodyBytesMax"
  | "checkpointBytes"
  | "submissionsBytesMax"
  | "retention"
  | "inactivityTimeoutMs"
  | "abortTimeoutMs"
  | "retryPolicy"
  | "maxRetryAttempts"
  | "concurrency"
  | "attemptBytesMax"
  | "attemptsBytesMax"
  | "eagerStateBytesMax"
>;

export interface EngineOptions {
  readonly config: EngineConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly signer?: RequestSigner | undefined;
  /** Which addresses may be connected to. */
  readonly guard?: AddressGuard | undefined;
  /** The shard had to stop. */
  readonly onFatal: (error: unknown) => void;
  /** How endpoints are asked what they offer. Default: over HTTP. */
  readonly discover?: Discover | undefined;
  /** What messages of sessions travel on. Default: HTTP/2. */
  readonly openStream?: OpenStream | undefined;
  /** What requests to deployments travel on. Default: HTTP. */
  readonly openClient?: OpenClient | undefined;
  /** Of an event's values: more of them are written beside the log. Default: 256 KiB. */
  readonly largeBytes?: number | undefined;
  /** As of a shard. */
  readonly eventsPerBatch?: number | undefined;
  /** Which partitions are run here. Default: all. */
  readonly placement?: Placement | undefined;
  /** Who runs the others. */
  readonly neighbours?: EngineNeighbours | undefined;
}

/** The engines that run other partitions. */
export interface EngineNeighbours extends Neighbours, RegistryReplicas {
  /** Invocations of theirs that have not ended and belong to a deployment. */
  pinnedTo(deploymentId: string): Promise<number>;
}

export interface Engine {
  readonly callers: Callers;
  readonly registry: Registry;
  readonly operators: ShardOperators;
  readonly invoker: Invoker;
  readonly watches: Watches;
  /** Who is told the shard's effects. */
  readonly shell: Shell;
  /** Invocations that have not ended and belong to a deployment, those of the neighbours too. */
  readonly pinnedTo: (deploymentId: string) => Promise<number>;
  /**
   * Goes on from what was recovered: a new epoch is durable, and all that is to do is under way, when it resolves.
   * @param lastAt  event time goes on from there; default: from the newest record
   */
  start(recovered: Recovered, lastAt?: number): Promise<Shard>;
}

/** A clock that is this far behind the newest record was set back. */
const clockSetBackMs = 1_000;

export function buildEngine(options: EngineOptions): Engine {
  const { config, clock, log, signer, guard, placement, neighbours } = options;
  // The parts know one another: those that need the shard get it once it is open.
  const parts: { shard?: Shard } = {};
  const theShard = (): Shard => {
    invariant(parts.shard !== undefined, "the shard is open before anyone asks for it");
    return parts.shard;
  };
  const { inactivityTimeoutMs, abortTimeoutMs, retryPolicy, retention } = config;
  const admission = new Admission({ waitingBytesMax: config.submissionsBytesMax });
  const pinnedTo = async (id: string): Promise<number> =>
    operators.pinnedHere(id) + ((await neighbours?.pinnedTo(id)) ?? 0);
  const callers = new Callers({ shard: theShard, clock, retention, admission, placement });
  const registry = new Registry({
    shard: theShard,
    clock,
    signer,
    guard,
    pinnedTo,
    replicas: neighbours,
    discover: options.discover,
  });
  const invoker = new Invoker({
    shard: theShard,
    view: () => registry.view,
    clock,
    log,
    signer,
    guard,
    openStream: options.openStream,
    openClient: options.openClient,
    defaults: { inactivityTimeoutMs, abortTimeoutMs, retryPolicy },
    retention,
    limits: { ...config, valueBytesMax: config.bodyBytesMax },
    placement,
    attemptChanged: (runId) => {
      admission.started(runId);
      watches.attemptChanged(runId);
    },
  });
  const watches = new Watches({
    shard: theShard,
    attemptOf: (runId) => invoker.attemptOf(runId),
  });
  const operators = new ShardOperators({
    shard: theShard,
    clock,
    view: () => registry.view,
    isRunning: (runId) => invoker.isRunning(runId),
    waitsFor: (invocation) => invoker.waitsFor(invocation),
    attemptsOn: (deploymentId) => invoker.attemptsOn(deploymentId),
  });
  const shell = createShell({ callers, operators, registry, invoker, watches });

  return {
    callers,
    registry,
    operators,
    invoker,
    watches,
    shell,
    pinnedTo,
    async start(recovered, lastAt = lastEventAt(recovered)): Promise<Shard> {
      const aheadMs = lastAt - clock.now();
      if (aheadMs > clockSetBackMs) {
        log.warn(
          `the system's clock was set back: the newest record is ${String(Math.round(aheadMs / 1_000))} s ahead of it. Time goes on from there, and is drawn to the clock slowly, so that no timer waits longer than it was asked to`,
        );
      }
      clock.raiseTo?.(lastAt);
      await openEpoch(recovered, clock.now(), placement);
      const shard = new Shard({
        log: recovered.log,
        store: recovered.store,
        clock,
        shell,
        checkpointBytes: config.checkpointBytes,
        largeBytes: options.largeBytes,
        eventsPerBatch: options.eventsPerBatch,
        onDiskFull: (error) => {
          if (error === undefined) log.info("the event log is written again: new work is taken");
          else log.warn(`${error.code}: ${error.message}`);
        },
        onRefused: (event, error) => {
          log.debug(`the core refused an event (${event}): ${String(error)}`);
        },
        onFatal: options.onFatal,
        placement,
        neighbours,
      });
      parts.shard = shard;
      registry.refresh();
      for (const partition of shard.partitionNumbers) invoker.discover(partition);
      shard.resume();
      invoker.pump();
      return shard;
    },
  };
}

type ShellParts = Pick<Engine, "callers" | "operators" | "registry" | "invoker" | "watches">;

function createShell({ callers, operators, registry, invoker, watches }: ShellParts): Shell {
  return {
    submitted: ({ token, submission }) => {
      callers.submitted(token, submission);
    },
    answered: ({ token, outcome }) => {
      operators.answered(token, outcome);
    },
    completed: ({ runId, invocation, output }) => {
      callers.completed(runId, invocation, output);
      watches.completed(runId, output);
    },
    ready: (partition, effect) => {
      invoker.ready(partition, effect);
    },
    forward: (effect) => {
      invoker.forward(effect);
    },
    attemptOver: (effect) => {
      invoker.attemptOver(effect);
    },
    registryChanged: () => {
      registry.refresh();
      invoker.registryChanged();
    },
    readyEarly: (partition, effect) => invoker.readyEarly(partition, effect),
    startEarly: (position) => {
      invoker.startEarly(position);
    },
    released: (batch) => {
      invoker.released();
      invoker.pump();
      watches.released(batch);
    },
  };
}
