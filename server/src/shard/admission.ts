// Whether new work is welcome. What is accepted is to be served at the latency that it always has: so where work begins to
// wait, so much of the next is refused, at once, that it does not.
//   A1. Only submissions are ever refused: nothing that was accepted, and no progress of what runs.
//   A2. Calls are refused when calls of the same service wait too long for an attempt: a service that is slow, or has all its
//       slots taken, does not refuse those of others. While a deployment is away nothing starts, and nothing is refused: its
//       callers wait, as ever.
//   A3. Sends are refused only when the server can't store what comes: what is stored may wait.
//
// What waits for a lock, a limit or a time waits by its own will, and is not looked at.

import { Overloaded } from "./invocations.js";
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
/** So few that wait to be stored are no overload, however slow the machine is. */
const fewStoring = 64;
const fewStarting = 64;
/** Calls that are looked at while they wait: what waits for long, and its callers have left, must not fill the memory. */
const startingMax = 50_000;
const retryAfterSeconds = 1;

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #nowMs: () => number;
  readonly #storing = new Set<Ticket>();
  /** Calls that wait for their first attempt, by run id. */
  readonly #starting = new Map<string, Ticket>();
  readonly #store: WaitControl;
  /** Of those services whose calls have ever waited too long. */
  readonly #services = new Map<string, WaitControl>();
  #bytes = 0;

  constructor(limits: AdmissionLimits, nowMs: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#store = new WaitControl({ targetMs: storeTargetMs, nowMs });
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
    this.#storing.add(ticket);
    this.#bytes += bytes;
    if (call !== undefined && this.#starting.size < startingMax) {
      this.#starting.set(call.runId, ticket);
    }
    return ticket;
  }

  /**
   * It is stored, or was refused after all.
   * @param isReady  it is a new run that waits for nothing but an attempt
   */
  left(ticket: Ticket, isReady: boolean): void {
    if (this.#storing.size > fewStoring) this.#store.waited(this.#nowMs() - ticket.atMs);
    this.#storing.delete(ticket);
    this.#bytes -= ticket.bytes;
    if (!isReady && ticket.call !== undefined) this.#forget(ticket.call.runId, ticket);
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
  }

  /** Another submission may have named the same run. */
  #forget(runId: string, ticket: Ticket): void {
    if (this.#starting.get(runId) === ticket) this.#starting.delete(runId);
  }
}

/** Refusing must cost next to nothing: an error with its stack is made once for each reason. */
const refusals = new Map<string, Overloaded>();

function refusalOf(why: string): Overloaded {
  let error = refusals.get(why);
  if (error === undefined) refusals.set(why, (error = refusal(why)));
  return error;
}

function refusal(why: string): Overloaded {
  return new Overloaded(`${why}; nothing was accepted, it is safe to retry`, retryAfterSeconds);
}
