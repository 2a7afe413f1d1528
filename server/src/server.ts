// The composition root: opens the parts in order, wires them, and closes them in reverse.

import { rmSync } from "node:fs";
import type { Socket } from "node:net";
import { startAdmin } from "./admin/start-admin.js";
import { Closing } from "./closing.js";
import type { ServerConfig } from "./config/server-config.js";
import { DataDirectoryError, openDataDirectory } from "./data-directory.js";
import { withinFiles } from "./http/connections.js";
import { isLoopback } from "./http/host-check.js";
import { listenerOn } from "./http/listener.js";
import { createLog, type Log } from "./observe/log.js";
import { signerOf } from "./outbound/request-signer.js";
import type { Clock } from "./shard/clock.js";
import type { Operators } from "./shard/operators.js";
import { lastEventAt } from "./shard/recovery.js";
import type { Shard } from "./shard/shard.js";
import { moveShards } from "./move-shards.js";
import { Worker } from "./worker.js";
import { makeMeetingPlace } from "./workers/meeting-place.js";
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
  const closing = new Closing();
  closing.add(directory.release);
  try {
    return await open();
  } catch (error) {
    await closing.close();
    throw error;
  }

  async function open(): Promise<Server> {
    const workers = directory.shards.length;
    const isAlone = workers === 1 && directory.movesFrom === undefined;
    if (!isAlone && start.damagedLog === "cut") throw cutAmongWorkers();
    const { config, adminConnectionsMax } = limitsOf(options, workers, log);
    const signer = signerOf(options.requestIdentityKeyFile);
    if (signer !== undefined) {
      log.info(`requests to services are signed; the identity key is ${signer.identityKey}`);
    }
    const layout = { partitions: directory.partitions, workers };
    const place = workers === 1 ? "" : makeMeetingPlace(options.dataDir);
    closing.add(() => {
      if (place !== "") rmSync(place, { recursive: true, force: true });
    });
    const onFatal = (error: unknown): void => {
      first.isServing = false;
      start.onFatal(error);
    };
    const { clock, damagedLog } = start;
    const parts = { worker: 0, layout, meeting: place, config, log, signer, clock };
    const first = new Worker({ ...parts, onFatal, closing });
    const { member } = first;
    const { engine, operators } = member;
    const { invoker, registry } = engine;

    // The ports answer from the start, with 503 until recovery is complete.
    const others: { pool?: WorkerPool } = {};
    const handOn = (socket: Socket): boolean => others.pool?.handOn(socket) ?? false;
    const { host, port } = options.ingress;
    const ingress = await first.openIngress(listenerOn(host, port, handOn));
    const ingressUrl = urlOf(host, ingress.address.port);
    const admin = await startAdmin({
      registrar: registry,
      operators,
      ready: () => first.isServing,
      ingressUrl,
      defaults: options,
      ...options.admin,
      requestsMax: options.adminRequestsMax,
      hosts: options.adminHosts,
      redactedHeaders: options.redactedHeaders,
      connectionsMax: adminConnectionsMax,
    });
    closing.add(() => admin.close());
    if (!isLoopback(options.admin.host)) {
      log.warn(
        `the admin port listens on ${options.admin.host}, which others may reach, and asks nobody who he is: keep it to a private network, or behind a proxy that asks`,
      );
    }

    await first.listen();
    if (directory.movesFrom !== undefined) {
      await moveShards({
        directory: directory.path,
        partitions: directory.partitions,
        from: directory.movesFrom,
        shards: workers,
        log,
      });
    }
    const pool = new WorkerPool({
      starts: directory.shards.slice(1).map((shard, index) => ({
        worker: index + 1,
        layout,
        directory: shard,
        meeting: place,
        ingress: ingress.address,
        config,
      })),
      execArgv: start.workerExecArgv,
      onFatal,
    });
    closing.add(() => pool.close());
    const recovered = await first.recover({ directory: directory.shards[0] ?? "", damagedLog });
    const lastAt = Math.max(lastEventAt(recovered), await pool.recovered());
    const goOn = async (): Promise<Shard> => {
      pool.meet(lastAt);
      return await first.start(recovered, lastAt);
    };
    // One that fails is not waited for.
    const [shard] = await Promise.all([goOn(), pool.opened()]);
    await member.lead();
    await pool.serve();
    first.isServing = true;
    others.pool = pool;
    // Callers go first when the server closes: no new work, and answers for what ends in the meantime.
    closing.add(async () => {
      await Promise.all([admin.close(), ingress.close(), pool.drain()]);
    });
    return {
      ingressUrl,
      adminUrl: urlOf(options.admin.host, admin.address.port),
      operators,
      settled: () => shard.drained(),
      activity: () => ({ busy: invoker.busy, nextTimerAt: shard.nextTimerAt }),
      close: () => closing.close(),
    };
  }
}

function cutAmongWorkers(): DataDirectoryError {
  return new DataDirectoryError(
    "PDR1006",
    "an event log is cut only where one worker has it all, before and after: others would go on as if it were whole. Nothing was changed. Restore the whole data directory from a copy, or leave --workers away if there was one worker so far",
  );
}

interface Limits {
  /** What each worker may use. */
  readonly config: ServerConfig;
  readonly adminConnectionsMax: number;
}

/** With no more connections than a process may open files for. */
function limitsOf(options: ServerConfig, workers: number, log: Log): Limits {
  const share = shareOf(options, workers);
  const { ingress, admin } = withinFiles({
    ingress: share.ingressConnectionsMax,
    admin: share.adminConnectionsMax,
  });
  if (ingress < share.ingressConnectionsMax) {
    log.warn(
      `the process may not open enough files for ${String(options.ingressConnectionsMax)} connections (ulimit -n): the ingress takes ${String(ingress * workers)}`,
    );
  }
  return { config: { ...share, ingressConnectionsMax: ingress }, adminConnectionsMax: admin };
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${String(port)}`;
}
