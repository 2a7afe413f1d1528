// The composition root: opens the parts in order, wires them, and closes them in reverse.

import { invariant } from "@perdure/protocol/assert";
import { startAdmin } from "./admin/start-admin.js";
import type { ServerConfig } from "./config/server-config.js";
import { openDataDirectory } from "./data-directory.js";
import { withinFiles } from "./http/connections.js";
import { startIngress } from "./ingress/start-ingress.js";
import { Invoker } from "./invoker/invoker.js";
import { isLoopback } from "./http/host-check.js";
import { createLog, type Log } from "./observe/log.js";
import { createAddressGuard } from "./outbound/address-guard.js";
import { loadRequestSigner, type RequestSigner } from "./outbound/request-signer.js";
import { Registry } from "./registry/registry.js";
import { Admission } from "./shard/admission.js";
import { Callers } from "./shard/callers.js";
import { createClock, type Clock } from "./shard/clock.js";
import type { Operators } from "./shard/operators.js";
import { lastEventAt, openEpoch, recoverShard } from "./shard/recovery.js";
import { Shard } from "./shard/shard.js";
import { Watches } from "./shard/watches.js";
import { ShardOperators } from "./shard/shard-operators.js";
import type { Shell } from "./shard/shell.js";

export interface Server {
  readonly ingressUrl: string;
  readonly adminUrl: string;
  /** What operators can do, without the admin port. */
  readonly operators: Operators;
  /** Resolves when everything that was taken so far is applied and durable. */
  settled(): Promise<void>;
  /** What goes on at this moment. */
  activity(): ServerActivity;
  /** Drains and closes. Everything that was acknowledged is on disk when it resolves. */
  close(): Promise<void>;
}

export interface ServerActivity {
  /** An attempt computes, or waits to be started; those that only wait do not count. */
  readonly busy: boolean;
  /** When the next durable timer is due, in epoch milliseconds; Infinity for none. */
  readonly nextTimerAt: number;
}

export interface StartOptions {
  /** The server had to stop itself: its log can't be written any more. Nothing that was acknowledged is lost. */
  readonly onFatal: (error: unknown) => void;
  /**
   * What to do with an event log that is damaged: refuse to start, and touch nothing, or give up the records
   * from the first one that can't be read. Default "refuse".
   */
  readonly damagedLog?: "refuse" | "cut";
  /** Event time. Default: the system's. */
  readonly clock?: Clock;
}

/** A clock that is this far behind the newest record was set back. */
const clockSetBackMs = 1_000;

/**
 * Starts a server in this process. Resolves when recovery is complete and both ports answer.
 * @throws an error with a `code` (PDR…): data directory, log, store, ports
 */
export async function startServer(options: ServerConfig, start: StartOptions): Promise<Server> {
  const log = createLog(options.logLevel);
  const directory = openDataDirectory(options.dataDir, options.partitions);
  const closing: (() => Promise<void> | void)[] = [directory.release];
  const closeAll = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    return await open();
  } catch (error) {
    await closeAll();
    throw error;
  }

  async function open(): Promise<Server> {
    const clock = start.clock ?? createClock();
    let ready = false;
    // The parts know one another: those that need the shard get it once it is open.
    const parts: { shard?: Shard } = {};
    const theShard = (): Shard => {
      invariant(parts.shard !== undefined, "the shard is open before anyone asks for it");
      return parts.shard;
    };
    const { retention } = options;
    const admission = new Admission({ waitingBytesMax: options.submissionsBytesMax });
    const callers = new Callers({ shard: theShard, clock, retention, admission });
    const signer = signerOf(options.requestIdentityKeyFile, log);
    const guard = createAddressGuard(options.allowDeployments);
    const registry = new Registry({
      shard: theShard,
      clock,
      signer,
      guard,
      // An attempt that has said nothing yet: what it says first pins its invocation.
      pinnedTo: (id) => Math.max(operators.pinnedTo(id), invoker.attemptsOn(id)),
    });
    const { inactivityTimeoutMs, abortTimeoutMs, retryPolicy } = options;
    const invoker = new Invoker({
      shard: theShard,
      view: () => registry.view,
      clock,
      log,
      signer,
      guard,
      defaults: { inactivityTimeoutMs, abortTimeoutMs, retryPolicy },
      retention,
      limits: { ...options, valueBytesMax: options.bodyBytesMax },
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
    });

    const { ingressConnectionsMax, adminConnectionsMax } = options;
    const connections = withinFiles({ ingress: ingressConnectionsMax, admin: adminConnectionsMax });
    if (connections.ingress < ingressConnectionsMax) {
      log.warn(
        `the process may not open enough files for ${String(ingressConnectionsMax)} connections (ulimit -n): the ingress takes ${String(connections.ingress)}`,
      );
    }

    // The ports answer from the start, with 503 until recovery is complete.
    const ingress = await startIngress({
      invocations: callers,
      watches,
      registry: () => registry.view,
      ready: () => ready,
      ...options.ingress,
      bodyBytesMax: options.bodyBytesMax,
      requestsMax: options.ingressRequestsMax,
      connectionsMax: connections.ingress,
    });
    closing.push(() => ingress.close());
    const ingressUrl = urlOf(options.ingress.host, ingress.address.port);
    const admin = await startAdmin({
      registrar: registry,
      operators,
      ready: () => ready,
      ingressUrl,
      defaults: options,
      ...options.admin,
      requestsMax: options.adminRequestsMax,
      hosts: options.adminHosts,
      redactedHeaders: options.redactedHeaders,
      connectionsMax: connections.admin,
    });
    closing.push(() => admin.close());
    if (!isLoopback(options.admin.host)) {
      log.warn(
        `the admin port listens on ${options.admin.host}, which others may reach, and asks nobody who he is: keep it to a private network, or behind a proxy that asks`,
      );
    }

    const recovered = await recoverShard({
      directory: directory.shard,
      partitions: directory.partitions,
      writer: "thread",
      ...(start.damagedLog === undefined ? {} : { damagedLog: start.damagedLog }),
    });
    closing.push(() => recovered.store.close());
    closing.push(() => recovered.log.close());
    const lastAt = lastEventAt(recovered);
    const aheadMs = lastAt - clock.now();
    if (aheadMs > clockSetBackMs) {
      log.warn(
        `the system's clock was set back: the newest record is ${String(Math.round(aheadMs / 1_000))} s ahead of it. Time goes on from there, and is drawn to the clock slowly, so that no timer waits longer than it was asked to`,
      );
    }
    clock.raiseTo?.(lastAt);
    await openEpoch(recovered, clock.now());
    const shard = new Shard({
      log: recovered.log,
      store: recovered.store,
      clock,
      shell: createShell({ callers, operators, registry, invoker, watches }),
      checkpointBytes: options.checkpointBytes,
      onDiskFull: (error) => {
        if (error === undefined) log.info("there is room on the disk again: new work is taken");
        else log.warn(`${error.code}: ${error.message}`);
      },
      onRefused: (event, error) => {
        log.debug(`the core refused an event (${event}): ${String(error)}`);
      },
      onFatal: (error) => {
        ready = false;
        start.onFatal(error);
      },
    });
    parts.shard = shard;
    closing.push(() => shard.close());
    closing.push(() => {
      invoker.close();
    });
    registry.refresh();
    for (const partition of recovered.store.partitionNumbers) invoker.discover(partition);
    shard.resume();
    invoker.pump();
    ready = true;
    // Callers go first when the server closes: no new work, and answers for what ends in the meantime.
    closing.push(
      () => admin.close(),
      () => ingress.close(),
    );
    return {
      ingressUrl,
      adminUrl: urlOf(options.admin.host, admin.address.port),
      operators,
      settled: () => shard.drained(),
      activity: () => ({ busy: invoker.busy, nextTimerAt: shard.nextTimerAt }),
      close: closeAll,
    };
  }
}

interface ShellParts {
  readonly callers: Callers;
  readonly operators: ShardOperators;
  readonly registry: Registry;
  readonly invoker: Invoker;
  readonly watches: Watches;
}

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

/** @throws IdentityKeyError */
function signerOf(file: string, log: Log): RequestSigner | undefined {
  if (file === "") return undefined;
  const signer = loadRequestSigner(file);
  log.info(`requests to services are signed; the identity key is ${signer.identityKey}`);
  return signer;
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${String(port)}`;
}
