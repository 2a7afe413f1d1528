// The connections of a port: how many there may be, and how one too many is turned away.
//
// What must hold: whoever is turned away is told so, in the words of HTTP/1.1, without waiting for what he has to say;
// and turning away costs next to nothing, also where thousands come at once.

import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { portErrors } from "./error-codes.js";
import { rawAnswer } from "./raw-answer.js";

/** How long one that is turned away may take to read why. */
const farewellMs = 1_000;
/** Those that are waited for at a time; more are told, and closed at once. */
const farewellsMax = 256;
export const connectionsRetryAfterSeconds = 5;

export class Connections {
  readonly #open = new Set<Socket>();
  readonly #max: number;
  readonly #farewell: string;
  #farewells = 0;
  /** Turned away so far. */
  refused = 0;

  /** @param max  0: no limit */
  constructor(max: number) {
    this.#max = max === 0 ? Number.POSITIVE_INFINITY : max;
    const message = `the server has ${String(max)} connections open already; nothing was accepted, it is safe to retry`;
    this.#farewell = rawAnswer(
      portErrors.tooManyConnections,
      message,
      connectionsRetryAfterSeconds,
    );
  }

  /** Takes in a new connection; false where there are too many: then it has been dealt with. */
  take(socket: Socket): boolean {
    if (this.#open.size >= this.#max) {
      this.#turnAway(socket);
      return false;
    }
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
    return true;
  }

  /** Those that were taken in and are open. */
  get sockets(): ReadonlySet<Socket> {
    return this.#open;
  }

  #turnAway(socket: Socket): void {
    this.refused++;
    socket.on("error", () => undefined);
    if (this.#farewells >= farewellsMax) {
      // Whoever has said something by then may not get it: that would need waiting.
      socket.end(this.#farewell, () => socket.destroy());
      return;
    }
    this.#farewells++;
    const timer = setTimeout(() => socket.destroy(), farewellMs);
    socket.once("close", () => {
      clearTimeout(timer);
      this.#farewells--;
    });
    // What it sends is read and dropped: closing over unread bytes would take back the answer.
    socket.resume();
    socket.once("end", () => socket.destroySoon());
    socket.end(this.#farewell);
  }
}

/** Descriptors that are not for connections: log, tables, services, whatever the process opens in between. */
const otherFiles = 192;
const ingressShare = 0.8;

export interface ConnectionLimits {
  readonly ingress: number;
  readonly admin: number;
}

/**
 * What is asked for, as far as there are file descriptors: a server that ran out of them could not open the next segment of
 * its log.
 * @param files  how many the process may have open; undefined: unknown
 */
export function withinFiles(
  asked: ConnectionLimits,
  files: number | undefined = openFilesMax(),
): ConnectionLimits {
  if (files === undefined) return asked;
  const room = Math.max(16, files - otherFiles);
  const ingress = lowest(asked.ingress, Math.floor(room * ingressShare));
  return { ingress, admin: lowest(asked.admin, room - Math.floor(room * ingressShare)) };
}

function lowest(asked: number, room: number): number {
  return asked === 0 ? room : Math.min(asked, room);
}

/** As Linux tells it. Node has raised the soft limit to the hard one when it started. */
function openFilesMax(): number | undefined {
  try {
    const [, soft] =
      /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
