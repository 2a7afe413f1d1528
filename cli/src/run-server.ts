// The life of a server process: start, say where it listens, wait for a signal, drain, end.
//   P1. The first SIGTERM or SIGINT drains and ends with status 0, also while it is still starting.
//   P2. A second one ends at once with status 1. Nothing that was acknowledged is lost by that either. One that
//       follows at its heels is the same Ctrl+C, which the terminal and npm both pass on, and changes nothing.
//   P3. A server that had to stop itself, or can't close, ends with status 1, so that whoever watches it knows.

import type { ServerConfig } from "@perdure/server/config";
import { errorMessage } from "@perdure/protocol/error-message";
import { CliError, CliErrorCode, codeOf, tellError } from "./cli-error.js";
import type { CliIo } from "./cli-io.js";
import { version } from "./version.js";

export interface RunningServer {
  readonly ingressUrl: string;
  readonly adminUrl: string;
  close(): Promise<void>;
}

export type StartServer = (
  config: ServerConfig,
  events: { readonly onFatal: (error: unknown) => void },
) => Promise<RunningServer>;

/** Where signals come from: the process. */
export interface SignalSource {
  on(signal: "SIGTERM" | "SIGINT", listener: () => void): unknown;
  off(signal: "SIGTERM" | "SIGINT", listener: () => void): unknown;
}

export interface ServerProcess {
  readonly start: StartServer;
  readonly io: CliIo;
  readonly signals: SignalSource;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/** A server that had to stop itself may be unable to close in an orderly way. */
const fatalCloseMs = 5_000;
/** Of a timer that does nothing but keep the process alive. */
const holdStepMs = 60_000;
/** Signals that come closer together than this are one. */
const sameSignalMs = 500;

/**
 * Runs a server until it is told to stop.
 * @returns the exit status of the process
 * @throws an error with a stable code: why it did not start
 */
export async function runServer(config: ServerConfig, process: ServerProcess): Promise<number> {
  const { io } = process;
  const asked = listenForSignals(process);
  // Ports and threads come and go; what the process lives for is the whole of it.
  const hold = setInterval(() => undefined, holdStepMs);
  try {
    const status = await Promise.race([live(config, process, asked), asked.again]);
    if (status !== "again") return status;
    io.err("Stopped at once. What was accepted goes on at the next start");
    return 1;
  } finally {
    clearInterval(hold);
    asked.forget();
  }
}

async function live(
  config: ServerConfig,
  { start, io }: ServerProcess,
  asked: AskedToStop,
): Promise<number> {
  const fatal = deferred<{ readonly error: unknown }>();
  const onFatal = (error: unknown): void => fatal.resolve({ error });
  const server = await start(config, { onFatal }).catch((error: unknown) => {
    throw startError(error);
  });
  io.out(greeting(config, server));

  const reason = await Promise.race([asked.once, fatal.promise]);
  if (reason === "once") {
    io.err("Stopping: requests in progress may end. Press Ctrl+C again to stop at once");
    try {
      await server.close();
      return 0;
    } catch (error) {
      io.err(`perdure: ${tellError(error, CliErrorCode.serverStopped)}`);
      return 1;
    }
  }
  io.err(`perdure: ${tellError(reason.error, CliErrorCode.serverStopped)}`);
  await Promise.race([server.close().catch(() => undefined), after(fatalCloseMs)]);
  return 1;
}

function greeting(config: ServerConfig, { ingressUrl, adminUrl }: RunningServer): string {
  const isDefaultAdmin = adminUrl === "http://127.0.0.1:9070";
  const admin = isDefaultAdmin ? "" : ` --admin-url ${adminUrl}`;
  return [
    `Perdure ${version()} is ready: ingress ${ingressUrl}, admin ${adminUrl}`,
    `Data is in ${config.dataDir}`,
    `Next, register your services: npx perdure deployments register http://localhost:9080${admin}`,
  ].join("\n");
}

function startError(error: unknown): unknown {
  if (codeOf(error) !== undefined) return error;
  const message = errorMessage(error);
  return new CliError(CliErrorCode.startFailed, `the server could not start: ${message}`, {
    cause: error,
  });
}

interface AskedToStop {
  readonly once: Promise<"once">;
  readonly again: Promise<"again">;
  /** Leaves signals to what they did before. */
  readonly forget: () => void;
}

function listenForSignals({ signals, now }: ServerProcess): AskedToStop {
  const once = deferred<"once">();
  const again = deferred<"again">();
  let askedAt: number | undefined;
  const onSignal = (): void => {
    if (askedAt === undefined) {
      askedAt = now();
      once.resolve("once");
    } else if (now() - askedAt >= sameSignalMs) {
      again.resolve("again");
    }
  };
  signals.on("SIGTERM", onSignal);
  signals.on("SIGINT", onSignal);
  return {
    once: once.promise,
    again: again.promise,
    forget: () => {
      signals.off("SIGTERM", onSignal);
      signals.off("SIGINT", onSignal);
    },
  };
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

async function after(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
