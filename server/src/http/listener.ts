// Listens for connections on an address of this machine.

import { createServer } from "node:net";
import type { AddressInfo, Server, ServerOpts, Socket } from "node:net";
import { portErrorCode } from "./error-codes.js";

export interface PortAddress {
  readonly host: string;
  readonly port: number;
  /** `http://host:port` */
  readonly url: string;
}

/** Brings connections to a port. */
export interface ConnectionSource {
  /** @throws PortError */
  open(take: (socket: Socket) => void): Promise<PortAddress>;
  /** No further connections. Resolves when all that it brought are closed. */
  close(): Promise<void>;
}

/** The port can't be listened on. */
export class PortError extends Error {
  override readonly name = "PortError";
  readonly code: string = portErrorCode;
}

/**
 * Whoever waits for a result says nothing for hours. TCP asks after 15 s of silence, and then every second, ten times:
 * who vanished without a word (a machine, a network) is found within 30 s.
 */
const listening: ServerOpts = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 15_000,
};
/**
 * Listens where it is told to.
 * @param handOn  asked for each connection, before anything of it is read: true where another process has taken it
 */
export function listenerOn(
  host: string,
  port: number,
  handOn: (socket: Socket) => boolean = () => false,
): ConnectionSource {
  const server = createServer({ ...listening, pauseOnConnect: true });
  return {
    open: (take) => {
      server.on("connection", (socket) => {
        if (!handOn(socket)) take(socket);
      });
      return listen(server, host, port);
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function listen(server: Server, host: string, port: number): Promise<PortAddress> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(new PortError(reasonOf(error, host, port), { cause: error }));
    });
    server.listen({ host, port, backlog: 4096 }, () => {
      server.removeAllListeners("error");
      // An accept that fails (too many open files) concerns one connection, not the port.
      server.on("error", () => {});
      const { address, port: actual } = server.address() as AddressInfo;
      const shown = address.includes(":") ? `[${address}]` : address;
      resolve({ host: address, port: actual, url: `http://${shown}:${actual}` });
    });
  });
}

function reasonOf(error: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  switch (error.code) {
    case "EADDRINUSE":
      return `${where} is in use by another process; stop it or choose another port`;
    case "EACCES":
      return `listening on ${where} is not allowed; choose a port above 1023`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${where} is no address of this machine; choose 127.0.0.1, 0.0.0.0 or one of its own`;
    default:
      return `can't listen on ${where}: ${error.message}`;
  }
}
