// The composition root: opens the parts in order, wires them, and closes them in reverse.

import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAdmin } from "./admin/start-admin.js";
import type { ServerConfig } from "./config/server-config.js";
import { DataDirectoryError, openDataDirectory } from "./data-directory.js";
import { withinFiles } from "./http/connections.js";
import { isLoopback } from "./http/host-check.js";
import { listenerOn } from "./http/listener.js";
import { startIngress } from "./ingress/start-ingress.js";
import { createLog } from "./observe/log.js";
import { createAddressGuard } from "./outbound/address-guard.js";
import { signerOf } from "./outbound/request-signer.js";
import { createClock, type Clock } from "./shard/clock.js";
import type { Operators } from "./shard/operators.js";
import { lastEventAt, recoverShard } from "./shard/recovery.js";
import type { Shard } from "./shard/shard.js";
import { moveShards } from "./move-shards.js";
import { Meeting } from "./workers/meeting.js";
import { Member } from "./workers/member.js";
import type { PeerLink, PeerMethods } from "./workers/peer.js";
import { shareOf } from "./workers/share.js";
import { WorkerPool } from "./workers/worker-pool.js";

export interface Server {
  readonly ingressUrl: string;
  readonly adminUrl: string;
  /** What operators can do, without the admin port. */
  readonly operators: Operators;
  /** Resolves when everything that the first worker has taken so far is applied and durable. */
  settled(): Promise<void>;
  /** What goes on at this moment, with the first worker. */
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
  /** Event time. Default: the system's. With several workers only of the first. */
  readonly clock?: Clock;
  /** Flags of node and V8 for the processes of further workers. Default: those of this one. */
  readonly workerExecArgv?: readonly string[];
}

/**
 * Starts a server in this process. Resolves when recovery is complete and both ports answer.
 * @throws an error with a `code` (PDR…): data directory, log, store, ports
 */
export async function startServer(options: ServerConfig, start: StartOptions): Promise<Server> {
  const log = createLog(options.logLevel);
  const { partitions, workers: shards } = options;
  const directory = openDataDirectory(options.dataDir, { partitions, shards });
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
    const workers = directory.shards.length;
    const isAlone = workers === 1 && directory.movesFrom === undefined;
    if (!isAlone && start.damagedLog === "cut") throw cutAmongWorkers();
    const config = shareOf(options, workers);
    const clock = start.clock ?? createClock();
    let ready = false;
    const onFatal = (error: unknown): void => {
      ready = false;
      start.onFatal(error);
    };
    const signer = signerOf(options.requestIdentityKeyFile);
    if (signer !== undefined) {
      log.info(`requests to services are signed; the identity key is ${signer.identityKey}`);
    }
    const links = new Map<number, PeerLink>();
    const layout = { partitions: directory.partitions, workers };
    const guard = createAddressGuard(options.allowDeployments);
    const member = new Member({
      worker: 0,
      layout,
      links,
      engine: { config, clock, log, signer, guard, onFatal },
    });
    const { engine, operators } = member;
    const { invoker, registry } = engine;

    const { ingressConnectionsMax, adminConnectionsMax } = config;
    const connections = withinFiles({ ingress: ingressConnectionsMax, admin: adminConnectionsMax });
    if (connections.ingress < ingressConnectionsMax) {
      log.warn(
        `the process may not open enough files for ${String(ingressConnectionsMax)} connections (ulimit -n): the ingress takes ${String(connections.ingress)}`,
      );
    }

    // The ports answer from the start, with 503 until recovery is complete.
    const others: { pool?: WorkerPool } = {};
    const handOn = (socket: Socket): boolean => others.pool?.handOn(socket) ?? false;
    const ingress = await startIngress({
      invocations: member.invocations,
      watches: member.watches,
      registry: () => registry.view,
      ready: () => ready,
      ...options.ingress,
      source: listenerOn(options.ingress.host, options.ingress.port, handOn),
      bodyBytesMax: config.bodyBytesMax,
      requestsMax: config.ingressRequestsMax,
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

    const place = workers === 1 ? "" : meetingPlace();
    const methods = (): PeerMethods => member.methods();
    const meeting = new Meeting({ directory: place, worker: 0, workers, links, methods });
    closing.push(() => {
      meeting.close();
      if (place !== "") rmSync(place, { recursive: true, force: true });
    });
    await meeting.listen();
    if (directory.movesFrom !== undefined) {
      await moveShards({
        directory: directory.path,
        partitions: directory.partitions,
        from: directory.movesFrom,
        shards: workers,
        log,
      });
    }
    const { damagedLog, workerExecArgv: execArgv } = start;
    const pool = new WorkerPool({
      starts: directory.shards.slice(1).map((shard, index) => ({
        worker: index + 1,
        layout,
        directory: shard,
        meeting: place,
        ingress: ingress.address,
        config: { ...config, ingressConnectionsMax: connections.ingress },
      })),
      execArgv,
      onFatal,
    });
    closing.push(() => pool.close());
    const recovered = await recoverShard({
      directory: directory.shards[0] ?? "",
      partitions: directory.partitions,
      writer: "thread",
      ...(damagedLog === undefined ? {} : { damagedLog }),
    });
    closing.push(() => recovered.store.close());
    closing.push(() => recovered.log.close());
    const lastAt = Math.max(lastEventAt(recovered), await pool.recovered());
    const goOn = async (): Promise<Shard> => {
      pool.meet(lastAt);
      await meeting.dial();
      const shard = await member.start(recovered, lastAt);
      closing.push(() => shard.close());
      closing.push(() => {
        invoker.close();
      });
      return shard;
    };
    // One that fails is not waited for.
    const [shard] = await Promise.all([goOn(), pool.opened()]);
    await member.lead();
    await pool.serve();
    ready = true;
    others.pool = pool;
    // Callers go first when the server closes: no new work, and answers for what ends in the meantime.
    closing.push(async () => {
      await Promise.all([admin.close(), ingress.close(), pool.drain()]);
    });
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

function cutAmongWorkers(): DataDirectoryError {
  return new DataDirectoryError(
    "PDR1006",
    "an event log is cut only where one worker has it all, before and after: others would go on as if it were whole. Nothing was changed. Restore the whole data directory from a copy, or leave --workers away if there was one worker so far",
  );
}

/** Only its user can enter it. Sockets have short paths: the data directory may be too deep for them. */
function meetingPlace(): string {
  return mkdtempSync(join(tmpdir(), "perdure-"));
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${String(port)}`;
}
