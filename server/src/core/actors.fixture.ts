// Callers and services that do anything at all: for generated histories. What they do follows from the
// numbers that they are given, and from the tables, so that a history can be shrunk and repeated.

import { create } from "@bufbuild/protobuf";
import {
  AwaitingSchema,
  Awaiting_Combinator as Combinator,
  type Awaiting,
} from "@perdure/proto/protocol/v1/journal";
import {
  InvocationStatus,
  PendingCompletion_Kind as PendingKind,
  type Invocation,
  type ResolvedTarget,
} from "@perdure/proto/storage/v1/records";
import type { EventBody } from "./apply.js";
import {
  attach,
  call,
  cancel,
  clearAllState,
  clearState,
  completePromise,
  getOutput,
  getPromise,
  getState,
  getStateKeys,
  peekPromise,
  run,
  send,
  sendSignal,
  setState,
  sleep,
} from "./commands.fixture.js";
import {
  allOf,
  appended,
  attemptLost,
  beside,
  calleeOf,
  derivedId,
  endWith,
  ended,
  exclusive,
  failed,
  failure,
  firstOf,
  idOf,
  pause,
  plain,
  proposal,
  reaching,
  resumed,
  retryAt,
  runIdAt,
  signalOf,
  signalled,
  submitted,
  suspended,
  workflowRun,
  workflowShared,
  type Item,
} from "./events.fixture.js";
import {
  anyPatch,
  anyRules,
  anyVerb,
  limitKeys,
  scope,
  scopePartition,
} from "./operators.fixture.js";
import type { Tables } from "./tables.js";
import { scoped } from "./verbs.fixture.js";

/** The next decision: a whole number below the one given. */
export type Choose = (below: number) => number;

/** Decisions that come from a list of numbers, round and round. */
export function chooseFrom(numbers: readonly number[]): Choose {
  let next = 0;
  return (below) => ((numbers[next++ % numbers.length] ?? 0) + Math.imul(next, 31)) % below;
}

interface Runs {
  readonly numRuns: number;
  readonly seed?: number;
  readonly interruptAfterTimeLimit: number;
}

/** More runs of a generated test, or a certain one again, by environment; and time for them, and for some shrinking. */
export function runsAndSeed(runs: number): Runs {
  const { PERDURE_TEST_RUNS: asked, PERDURE_TEST_SEED: seed } = process.env;
  const numRuns = asked === undefined ? runs : Number(asked);
  const interruptAfterTimeLimit = 60_000 * Math.max(1, numRuns / runs);
  const limits = { numRuns, interruptAfterTimeLimit };
  return seed === undefined ? limits : { ...limits, seed: Number(seed) };
}

export interface Addressed {
  readonly partition: number;
  readonly event: EventBody;
  /** It comes from an attempt that is over: it must change nothing. */
  readonly isLate?: boolean;
}

/** What is submitted or called: where it lives, and its id where that is derived. */
interface Callee {
  readonly partition: number;
  readonly target: ResolvedTarget;
  readonly id: string | undefined;
  readonly idempotencyKey: string;
}

/** Partitions in which things happen. */
export const partitions: readonly number[] = [0, 1, 2, 63];

/** Deployments that do the work. */
export const deployments: readonly string[] = ["dp_0", "dp_1"];

/** An attempt that runs, as it knows itself. */
interface View {
  readonly runId: string;
  readonly invocation: Invocation;
  readonly number: { readonly attempt: number; readonly epoch: number };
  readonly nowMs: number;
  readonly answered: readonly Answered[];
}

interface Answered {
  readonly id: number;
  readonly index: number;
}

function answeredIn(tables: Tables, runId: string): Answered[] {
  return tables.journal.read(runId).flatMap(({ body }, index) => {
    return body.case === "completion" ? [{ id: body.value.completionId, index }] : [];
  });
}

/** A signal that wakes whatever sleeps. */
const wakeUp = "wake";

export interface ActorsOptions {
  /** How long results may be kept, in ms. */
  readonly kept?: readonly number[];
}

export class Actors {
  readonly #choose: Choose;
  readonly #kept: readonly number[];
  /** Ids of invocations that were asked for, to attach to. */
  readonly #ids: { readonly id: string; readonly partition: number }[] = [];
  #lastRun = 0;

  constructor(choose: Choose, { kept = [0, 300, 60_000] }: ActorsOptions = {}) {
    this.#choose = choose;
    this.#kept = kept;
  }

  /** A caller asks for something. */
  submission(nowMs: number): Addressed {
    const { partition, target, id, idempotencyKey } = this.#callee();
    const runId = this.#newRun();
    const startAt = this.#oneIn(4) ? nowMs + this.#choose(300) : 0;
    const known = id ?? idOf(runId, partition);
    this.#ids.push({ id: known, partition });
    return { partition, event: submitted(runId, target, { id: known, startAt, idempotencyKey }) };
  }

  /** Someone sends a signal to an invocation. */
  signal(): Addressed | undefined {
    const to = this.#pick(this.#ids);
    if (to === undefined) return undefined;
    const signal = signalOf(this.#oneIn(2) ? wakeUp : 17, this.#oneIn(3) ? failure(500) : "x");
    return { partition: to.partition, event: signalled(to.id, signal) };
  }

  /** An operator cancels, kills, pauses, resumes, purges or restarts an invocation. */
  verb(): Addressed | undefined {
    const which = this.#pick(this.#ids);
    if (which === undefined) return undefined;
    const { partition } = which;
    const event = anyVerb(this.#choose, which, () => this.#newRun());
    if (event.case === "restarted") this.#ids.push({ id: event.value.newId, partition });
    return { partition, event };
  }

  /** An operator replaces the state of an object. */
  patch(): Addressed {
    return anyPatch(this.#choose);
  }

  /** The rules of all scopes change; in every partition alike. */
  rules(): EventBody {
    return anyRules(this.#choose);
  }

  /** An attempt makes progress, ends, waits, fails or is lost; now and then one that is over does. */
  attempt(partition: number, tables: Tables, epoch: number, nowMs: number): Addressed | undefined {
    const rows = tables.ready.scan("", "\u00ff", 50);
    const runId = this.#pick(rows)?.value.runId;
    const invocation = runId === undefined ? undefined : tables.invocations.get(runId);
    if (runId === undefined || invocation === undefined) return undefined;
    const late = this.#oneIn(15) ? 1 + this.#choose(3) : 0;
    const number = { attempt: invocation.attempt - (late & 1), epoch: epoch - (late >> 1) };
    const view: View = { runId, invocation, number, nowMs, answered: answeredIn(tables, runId) };
    return { partition, event: this.#attemptEvent(view), isLate: late > 0 };
  }

  /** An attempt that ends at once. */
  end(partition: number, tables: Tables, epoch: number): Addressed | undefined {
    const [first] = tables.ready.scan("", "\u00ff", 1);
    const runId = first?.value.runId ?? "";
    const invocation = tables.invocations.get(runId);
    if (invocation === undefined) return undefined;
    return { partition, event: ended(runId, "done", { epoch, attempt: invocation.attempt }) };
  }

  /** What lets an invocation go on, whatever it waits for. */
  wakeUp(partition: number, { id, status }: Invocation): Addressed {
    const isPaused = status === InvocationStatus.PAUSED;
    return { partition, event: isPaused ? resumed(id) : signalled(id, signalOf(wakeUp)) };
  }

  #attemptEvent(view: View): EventBody {
    const { runId, invocation, number, nowMs } = view;
    switch (this.#choose(10)) {
      case 0:
      case 1:
        return ended(runId, this.#oneIn(3) ? failure(404) : `result of ${runId}`, number);
      case 2:
      case 3: {
        const seen = this.#oneIn(4) ? 0 : invocation.lastNotification;
        return suspended(runId, this.#awaiting(view, seen), { ...number, seen });
      }
      case 4: {
        if (this.#oneIn(12)) return failed(runId, pause, number);
        if (this.#oneIn(6)) return failed(runId, endWith(failure(500)), number);
        return failed(runId, retryAt(nowMs + this.#choose(100)), number);
      }
      case 5:
        return attemptLost(runId, number);
      default: {
        const count = 1 + this.#choose(3);
        const items = Array.from({ length: count }, (_, index) => this.#items(view, index));
        return appended(runId, items.flat(), { ...number, deploymentId: `dp_${this.#choose(2)}` });
      }
    }
  }

  /** Any of what has no answer yet, as far as the attempt has seen; and always the signal that wakes. */
  #awaiting({ invocation, answered }: View, seen: number): Awaiting {
    const unseen = answered.filter(({ index }) => index > seen).map(({ id }) => id);
    const pending = invocation.pending.map((one) => one.completionId);
    const ids = [...pending, ...unseen].filter(() => !this.#oneIn(3));
    const nested = ids.length === 0 ? [] : [this.#oneIn(2) ? firstOf(...ids) : allOf(...ids)];
    return create(AwaitingSchema, {
      combinator: Combinator.FIRST_COMPLETED,
      nested,
      signalNames: [wakeUp],
      // Most code is interrupted by a cancel.
      signalIds: this.#oneIn(4) ? [] : [1],
    });
  }

  #items({ invocation, answered }: View, index: number): Item[] {
    // Free for sure: the journal grows with each command, and no event has more than eight ids.
    const id = invocation.entryCount * 8 + index * 2 + 1;
    const key = `s${this.#choose(3)}`;
    const promise = `p${this.#choose(2)}`;
    switch (this.#choose(17)) {
      case 0:
        return [run(id), proposal(id, "at once")];
      case 1:
        return [run(id)];
      case 2: {
        const steps = invocation.pending.filter((one) => one.kind === PendingKind.RUN);
        const again = this.#oneIn(3) ? this.#pick(answered)?.id : undefined;
        return [proposal(again ?? this.#pick(steps)?.completionId ?? id, "later")];
      }
      case 3:
      case 4:
        return [sleep(id, this.#choose(200))];
      case 5:
        return [setState(key, `value ${id}`)];
      case 6:
        return [getState(id, key), getStateKeys(id + 1)];
      case 7:
        return this.#oneIn(2) ? [clearState(key)] : [clearAllState()];
      case 8:
        return [getPromise(id, promise)];
      case 9:
        return [completePromise(id, promise, this.#oneIn(3) ? failure(400) : "kept")];
      case 10:
        return [peekPromise(id, promise)];
      case 11:
      case 12:
        return [reaching(call(id, id + 1), this.#calleeFacts())];
      case 13:
        return [reaching(send(id, this.#oneIn(2) ? this.#choose(100) : 0), this.#calleeFacts())];
      case 14: {
        const command = this.#oneIn(2) ? attach(id) : getOutput(id);
        return [reaching(command, this.#existing())];
      }
      case 15: {
        const existing = this.#existing();
        return [reaching(cancel(existing.id), existing)];
      }
      default:
        return [reaching(sendSignal(wakeUp, "hello"), this.#existing())];
    }
  }

  #calleeFacts(): ReturnType<typeof calleeOf> {
    const { partition, target, id } = this.#callee();
    const runId = this.#newRun();
    const known = id ?? idOf(runId, partition);
    this.#ids.push({ id: known, partition });
    return calleeOf(known, { partition, runId, target });
  }

  #existing(): ReturnType<typeof calleeOf> {
    const { id, partition } = this.#pick(this.#ids) ?? { id: idOf("never"), partition: 0 };
    return calleeOf(id, { partition });
  }

  #callee(): Callee {
    const kept = this.#pick(this.#kept) ?? 0;
    const journalKept = this.#oneIn(3) ? Math.floor(kept / 2) : kept;
    const options = { kept, journalKept };
    const which = this.#choose(2);
    const at = (partition: number, target: ResolvedTarget, id?: string): Callee => {
      return { partition, target, id, idempotencyKey: "" };
    };
    const limitKey = this.#pick(limitKeys);
    switch (this.#choose(10)) {
      case 7:
      case 8:
        return at(scopePartition, scoped(plain(options), scope, limitKey));
      case 9:
        return at(scopePartition, scoped(exclusive(`key ${which}`, options), scope, limitKey));
      case 0:
      case 1:
      case 2:
        return at(which, exclusive(`key ${which}`, options));
      case 3:
        return at(which, beside(`key ${which}`, options));
      case 4:
        return at(2, workflowRun(`w${which}`, options), derivedId(`w${which}`, 2));
      case 5:
        return at(2, workflowShared(`w${which}`, options));
      default: {
        if (this.#oneIn(2)) return at(this.#pick(partitions) ?? 0, plain(options));
        const id = derivedId(`once ${which}`, 63);
        return { ...at(63, plain(options), id), idempotencyKey: `once ${which}` };
      }
    }
  }

  #newRun(): string {
    return runIdAt(++this.#lastRun);
  }

  #oneIn(count: number): boolean {
    return this.#choose(count) === 0;
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[this.#choose(Math.max(1, from.length))];
  }
}
