// The composition root: opens the parts in order, wires them, and closes them in reverse.

import { startAdmin } from "./admin/start-admin.js";
import type { ServerConfig } from "./config/server-config.js";
import { openDataDirectory } from "./data-directory.js";
import { buildEngine } from "./engine.js";
import { withinFiles } from "./http/connections.js";
import { startIngress } from "./ingress/start-ingress.js";
import { isLoopback } from "./http/host-check.js";
import { createLog, type Log } from "./observe/log.js";
import { createAddressGuard } from "./outbound/address-guard.js";
import { loadRequestSigner, type RequestSigner } from "./outbound/request-signer.js";
import { createClock, type Clock } from "./shard/clock.js";
import type { Operators } from "./shard/operators.js";
import { recoverShard } from "./shard/recovery.js";

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
    const { callers, registry, operators, invoker, watches, ...engine } = buildEngine({
      config: options,
      clock,
      log,
      signer: signerOf(options.requestIdentityKeyFile, log),
      guard: createAddressGuard(options.allowDeployments),
      onFatal: (error) => {
        ready = false;
        start.onFatal(error);
      },
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
    const shard = await engine.start(recovered);
    closing.push(() => shard.close());
    closing.push(() => {
      invoker.close();
    });
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
