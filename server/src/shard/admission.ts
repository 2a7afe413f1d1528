// Whether new work is welcome. What is accepted is to be served at the latency that it always has: so where work begins to
// wait, so much of the next is refused, at once, that it does not.
//   A1. Only submissions are ever refused: nothing that was accepted, and no progress of what runs.
//   A2. Calls are refused when calls of the same service wait too long for an attempt: a service that is slow, or has all its
//       slots taken, does not refuse those of others. While a deployment is away nothing starts, and nothing is refused: its
//       callers wait, as ever.
//   A3. Sends are refused only when the server can't store what comes: what is stored may wait.
//   A4. Calls and sends are refused while the server's own loop can't follow (loop-limit.ts), as many as are beyond what it can
//       have under way: this acts first, and at once. The waits of A2 and A3 are for slow services and slow disks.
//
// What waits for a lock, a limit or a time waits by its own will, and is not looked at.

import { Overloaded } from "./invocations.js";
import { Flood } from "./flood.js";
import { fewUnderWay, LoopLimit } from "./loop-limit.js";
import { TurnWatch, type Turn } from "./turn-watch.js";
import { largeBytes } from "./event-size.js";
import { WaitControl } from "./wait-control.js";

export interface AdmissionLimits {
  /** Bytes of submissions that may wait to be stored at the same time. */
  readonly waitingBytesMax: number;
}

/** What is known of a call, as of a run that waits for its first attempt. */
export interface CallFacts {
  readonly runId: string;
  readonly service: string;
}

/** What a submission leaves here while it waits to be stored. */
export interface Ticket {
  readonly atMs: number;
  readonly bytes: number;
  readonly call: CallFacts | undefined;
}

const storeTargetMs = 100;
const startTargetMs = 100;
/** So few that wait to be stored, or to be started, are no overload, however slow the machine is. */
const fewStoring = fewUnderWay;
const fewStarting = fewUnderWay;
/** Sends come in bursts, and are done with once they are stored. */
export const fewSends = 1_024;
/** Calls that are looked at while they wait: what waits for long, and its callers have left, must not fill the memory. */
const startingMax = 50_000;
const retryAfterSeconds = 1;
/** A call that has no answer after so long waits for something else than the loop. */
const underWayMs = 1_000;

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #nowMs: () => number;
  readonly #storing = new Set<Ticket>();
  /** Calls that wait for their first attempt, by run id. */
  readonly #starting = new Map<string, Ticket>();
  /** Calls that came a moment ago and have no answer yet, by run id, the oldest first. */
  readonly #recent = new Map<string, Ticket>();
  readonly #loop = new LoopLimit();
  readonly #flood = new Flood();
  readonly #turns: TurnWatch | undefined;
  #sendsStoring = 0;
  readonly #store: WaitControl;
  /** Of those services whose calls have ever waited too long. */
  readonly #services = new Map<string, WaitControl>();
  #bytes = 0;

  /** @param nowMs  of a test, which tells of the turns of its loop itself */
  constructor(limits: AdmissionLimits, nowMs?: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs ?? ((): number => performance.now());
    if (nowMs === undefined) {
      this.#turns = new TurnWatch((turn) => {
        this.turned(turn);
      });
    }
    this.#store = new WaitControl({ targetMs: storeTargetMs, nowMs: this.#nowMs });
  }

  /** A turn of the server's loop is over, in which it never rested for so long. */
  turned({ busyMs, endMs, came }: Turn): void {
    this.#loop.turned(busyMs, endMs);
    this.#flood.turned(came, endMs);
  }

  /** Calls that are looked at while they wait for an attempt. */
  get starting(): number {
    return this.#starting.size;
  }

  /**
   * Asked once for each submission.
   * @param service  of a call; undefined: a send
   * @throws Overloaded
   */
  check(service: string | undefined): void {
    this.#turns?.came();
    const underWay = this.#underWay();
    this.#loop.saw(underWay);
    const { limit } = this.#loop;
    const isSend = service === undefined;
    if (isSend ? this.#sendsStoring >= Math.max(limit, fewSends) : underWay >= limit) {
      throw refusalOf("more comes than the server can do", this.#flood.holdBackMs);
    }
    const { waitingBytesMax } = this.#limits;
    if (this.#bytes >= waitingBytesMax) {
      const waiting = `${String(this.#bytes)} bytes of submissions wait to be stored`;
      throw refusal(`${waiting} (submissionsBytesMax is ${String(waitingBytesMax)})`);
    }
    const [oldest] = this.#storing;
    const areMany = oldest !== undefined && this.#storing.size > fewStoring;
    this.#store.waited(areMany ? this.#nowMs() - oldest.atMs : 0);
    if (this.#store.refuses()) throw refusalOf("more is submitted than the server can store");
    const control = service === undefined ? undefined : this.#services.get(service);
    if (control === undefined) return;
    if (this.#starting.size <= fewStarting) control.waited(0);
    if (control.refuses()) throw refusalOf(`more calls of ${service ?? ""} come than are served`);
  }

  /** A submission was taken. */
  entered(bytes: number, call: CallFacts | undefined): Ticket {
    const ticket = { atMs: this.#nowMs(), bytes, call };
    // A large one takes its time to be written: that says nothing about how long others wait.
    const isLarge = bytes > largeBytes;
    if (!isLarge) this.#storing.add(ticket);
    this.#bytes += bytes;
    if (call === undefined) this.#sendsStoring++;
    else {
      if (!isLarge && this.#starting.size < startingMax) this.#starting.set(call.runId, ticket);
      this.#recent.set(call.runId, ticket);
    }
    return ticket;
  }

  /**
   * It is stored, or was refused after all.
   * @param isReady  it is a new run that waits for nothing but an attempt
   */
  left(ticket: Ticket, isReady: boolean): void {
    const areMany = this.#storing.size > fewStoring;
    if (this.#storing.delete(ticket) && areMany) this.#store.waited(this.#nowMs() - ticket.atMs);
    this.#bytes -= ticket.bytes;
    if (ticket.call === undefined) this.#sendsStoring--;
    else if (!isReady) this.#forget(ticket.call.runId, ticket);
  }

  /** An attempt of the run has begun. */
  started(runId: string): void {
    const ticket = this.#starting.get(runId);
    if (ticket?.call === undefined) return;
    const areFew = this.#starting.size <= fewStarting;
    this.#starting.delete(runId);
    const waitedMs = areFew ? 0 : this.#nowMs() - ticket.atMs;
    const { service } = ticket.call;
    let control = this.#services.get(service);
    if (control === undefined) {
      if (waitedMs <= startTargetMs) return;
      control = new WaitControl({ targetMs: startTargetMs, nowMs: this.#nowMs });
      this.#services.set(service, control);
    }
    control.waited(waitedMs);
  }

  /** The run is over: it may never have begun. */
  over(runId: string): void {
    this.#starting.delete(runId);
    this.#recent.delete(runId);
  }

  /** What the loop has, or will have at once, to do something for. */
  #underWay(): number {
    const sinceMs = this.#nowMs() - underWayMs;
    for (const [runId, { atMs }] of this.#recent) {
      if (atMs > sinceMs) break;
      this.#recent.delete(runId);
    }
    return this.#recent.size + this.#sendsStoring;
  }

  /** Another submission may have named the same run. */
  #forget(runId: string, ticket: Ticket): void {
    if (this.#starting.get(runId) === ticket) this.#starting.delete(runId);
    if (this.#recent.get(runId) === ticket) this.#recent.delete(runId);
  }
}

/** Refusing must cost next to nothing: an error with its stack is made once for each reason. */
const refusals = new Map<string, Overloaded>();

function refusalOf(why: string, holdBackMs = 0): Overloaded {
  const key = holdBackMs === 0 ? why : `${why}/${String(holdBackMs)}`;
  let error = refusals.get(key);
  if (error === undefined) refusals.set(key, (error = refusal(why, holdBackMs)));
  return error;
}

function refusal(why: string, holdBackMs = 0): Overloaded {
  const message = `${why}; nothing was accepted, it is safe to retry`;
  return new Overloaded(message, retryAfterSeconds, holdBackMs);
}
