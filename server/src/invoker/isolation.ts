// Which attempts may be what ends their service's process. A lost session costs nobody a retry, so a handler that crashes
// its process would be started again for ever, and take its neighbours along each time.
//   O1. A run is a suspect once it was lost with its session so many times in a row, each time soon after it was started
//       and without having said anything.
//   O2. A suspect is started when nothing else is fresh on its deployment, and nothing is started there while it is
//       fresh. If its session is lost then, it was the suspect, and its attempt has failed.
//   O3. Whoever says something, or lasts, is no suspect any more.

import type { Clock } from "../shard/clock.js";
import type { Attempt } from "./attempt.js";
import type { Link } from "./link.js";
import type { ReadyItem } from "./ready-groups.js";

/** A crash that comes later is not told apart from others. */
const freshForMs = 5_000;
const lossesOfSuspect = 5;
/** Runs that are remembered; the longest unheard of are forgotten first. */
const runsMax = 1_000;

interface Alone {
  readonly item: ReadyItem;
  /** Undefined while it waits for what is fresh. */
  attempt?: Attempt;
}

export class Isolation {
  readonly #clock: Clock;
  readonly #attempts: ReadonlyMap<string, Attempt>;
  /** In a row, of runs that may be suspects. */
  readonly #losses = new Map<string, number>();
  readonly #alone = new Map<Link, Alone>();

  /** @param attempts  those that run, by run id */
  constructor(clock: Clock, attempts: ReadonlyMap<string, Attempt>) {
    this.#clock = clock;
    this.#attempts = attempts;
  }

  /** Whether there is a suspect that runs alone, or wants to. */
  get isWanted(): boolean {
    return this.#alone.size > 0;
  }

  /** The attempt said something. */
  heard(attempt: Attempt): void {
    attempt.silent = false;
    this.#losses.delete(attempt.runId);
  }

  /**
   * Its session is lost.
   * @returns whether it is the reason
   */
  lost(attempt: Attempt): boolean {
    const { runId, link } = attempt;
    const before = this.#losses.get(runId) ?? 0;
    this.#losses.delete(runId);
    if (!this.#isFresh(attempt)) return false;
    this.#losses.set(runId, before + 1);
    const [oldest] = this.#losses.keys();
    if (this.#losses.size > runsMax && oldest !== undefined) this.#losses.delete(oldest);
    return this.#alone.get(link)?.attempt === attempt;
  }

  /** Whether a run may be started together with others. */
  isSuspect(runId: string): boolean {
    return (this.#losses.get(runId) ?? 0) >= lossesOfSuspect;
  }

  /** The suspect is the next that is started on its deployment. */
  isolate(link: Link, item: ReadyItem): void {
    this.#alone.set(link, { item });
  }

  /** What may be started on the deployment: a suspect, nothing, or anything. */
  next(link: Link): ReadyItem | "nothing" | "anything" {
    const alone = this.#alone.get(link);
    if (alone === undefined) return "anything";
    const { item, attempt } = alone;
    if (attempt === undefined) return this.#hasFresh(link) ? "nothing" : item;
    if (this.#isFresh(attempt)) return "nothing";
    this.#alone.delete(link);
    return "anything";
  }

  /** @param attempt  of the suspect; undefined where there is nothing to start any more */
  started(link: Link, attempt: Attempt | undefined): void {
    const alone = this.#alone.get(link);
    if (attempt === undefined) this.#alone.delete(link);
    else if (alone !== undefined) alone.attempt = attempt;
  }

  /**
   * The link is no longer used.
   * @returns a suspect that was not started
   */
  closed(link: Link): ReadyItem | undefined {
    const alone = this.#alone.get(link);
    this.#alone.delete(link);
    return alone?.attempt === undefined ? alone?.item : undefined;
  }

  #hasFresh(link: Link): boolean {
    for (const attempt of this.#attempts.values()) {
      if (attempt.link === link && this.#isFresh(attempt)) return true;
    }
    return false;
  }

  #isFresh(attempt: Attempt): boolean {
    if (!attempt.silent || attempt.knownOver) return false;
    if (this.#attempts.get(attempt.runId) !== attempt) return false;
    return this.#clock.now() - attempt.startedAtMs < freshForMs;
  }
}
