// The callers of the crash tests. They do what callers do whose requests break: ask again, with the same
// workflow key or idempotency key, until there is an answer.

import type { Answer } from "../harness/http.js";
import type { SeededRandom } from "../harness/seed.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { TripInput, TripResult } from "./trip-types.js";

export interface TrafficOptions {
  readonly server: ServerProcess;
  readonly random: SeededRandom;
  readonly trips: number;
  /** Callers that post all the time, one posting after the other is accepted. */
  readonly producers: number;
  /** Callers that ask for quotes all the time. */
  readonly quoters: number;
  /** Whether producers and quoters go on. */
  readonly goOn: () => boolean;
  /** Ends all callers: nobody will answer them any more. */
  readonly signal: AbortSignal;
}

/** How far the trips are, for whoever looks on. */
export interface Progress {
  accepted: number;
  ended: number;
}

/** What callers asked for, and what they were told. */
export interface Traffic {
  readonly inputs: ReadonlyMap<string, TripInput>;
  readonly results: ReadonlyMap<string, TripResult>;
  /** What each producer posted, in order, and where. */
  readonly produced: readonly Produced[];
  readonly quotes: ReadonlyMap<string, readonly string[]>;
}

export interface Produced {
  readonly ledger: string;
  readonly ops: readonly string[];
}

const ledgerCount = 12;
const submittersAtOnce = 24;
const retryMs = 20;

/** Runs all callers to their ends. Rejects with the first answer that none of them may get. */
export async function runTraffic(options: TrafficOptions, progress: Progress): Promise<Traffic> {
  const { server, random, trips, producers, quoters, goOn } = options;
  const failed = new AbortController();
  const over = AbortSignal.any([failed.signal, options.signal]);
  const callers = createCallers(server, over);
  const inputs = new Map<string, TripInput>();
  for (let number = 0; number < trips; number++) {
    const ledgers = [random.below(ledgerCount), random.below(ledgerCount)] as const;
    inputs.set(`t${number}`, { number, ledgers: [`l${ledgers[0]}`, `l${ledgers[1]}`] });
  }
  const results = new Map<string, TripResult>();
  const quotes = new Map<string, readonly string[]>();
  const produced = Array.from({ length: producers }, (_, at) => ({
    ledger: `p${at % 2}`,
    ops: [] as string[],
  }));

  const waiting: Promise<void>[] = [];
  const mustNotFail = async (caller: Promise<void>): Promise<void> => {
    try {
      await caller;
    } catch (error) {
      failed.abort(error);
    }
  };
  const ended = async (trip: string): Promise<void> => {
    results.set(trip, await callers.attach(trip));
    progress.ended++;
  };
  const submissions = [...inputs].map(([trip, input]) => async () => {
    await callers.submit(trip, input);
    progress.accepted++;
    waiting.push(mustNotFail(ended(trip)));
  });
  const producing = produced.map(async ({ ledger, ops }, producer) => {
    while (goOn()) {
      const op = `producer${producer}:${ops.length}`;
      await callers.post(ledger, op);
      ops.push(op);
    }
  });
  const quoting = Array.from({ length: quoters }, async (_, quoter) => {
    for (let at = 0; goOn(); at++) {
      const id = `q${quoter}.${at}`;
      quotes.set(id, await callers.quote(id));
    }
  });
  await Promise.all(
    [inTurn(submissions, submittersAtOnce), ...producing, ...quoting].map(mustNotFail),
  );
  await Promise.all(waiting);
  over.throwIfAborted();
  return { inputs, results, produced, quotes };
}

/** Each asks until it is answered; an answer that it may not get is an error. */
export interface Callers {
  submit(trip: string, input: TripInput): Promise<void>;
  /** The result of a trip that was accepted. */
  attach(trip: string): Promise<TripResult>;
  post(ledger: string, op: string): Promise<void>;
  quote(id: string): Promise<readonly string[]>;
}

/** @param over  ends whoever still asks */
export function createCallers({ ingress }: ServerProcess, over?: AbortSignal): Callers {
  const insist = insisting(over);
  return {
    submit: (trip, input) =>
      insist(202, () => ingress.post(`/restate/send/Trip/${trip}/run`, input)),
    attach: (trip) => insist(200, () => ingress.get(`/restate/workflow/Trip/${trip}/attach`)),
    post: (ledger, op) => {
      const headers = { "idempotency-key": op };
      const path = `/restate/send/Ledger/${ledger}/post`;
      return insist(202, () => ingress.post(path, { op, amount: 1 }, { headers }));
    },
    quote: (id) => {
      const headers = { "idempotency-key": id };
      return insist(200, () => ingress.post("/restate/call/Desk/quote", id, { headers }));
    },
  };
}

/** Asks until there is an answer of this status, and gives its JSON. */
export type Insist = (status: number, ask: () => Promise<Answer>) => Promise<any>;

/** An answer that whoever insists does not take. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
  readonly answer: Answer;

  constructor(expected: number, answer: Answer) {
    super(`expected ${expected}, got ${answer.status}: ${answer.text}`);
    this.answer = answer;
  }
}

/** @param over  ends whoever still asks */
export function insisting(over?: AbortSignal): Insist {
  return async (status, ask) => {
    for (;;) {
      over?.throwIfAborted();
      const answer = await ask().catch(() => undefined);
      if (answer !== undefined && !isRefusal(answer)) {
        if (answer.status === status) return answer.json;
        throw new UnexpectedAnswer(status, answer);
      }
      // The server was killed, or is not there yet.
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  };
}

/** Nothing was accepted. */
function isRefusal({ status, json }: Answer): boolean {
  return json?.source === "ingress" && (status === 503 || status === 429);
}

/** Runs tasks, so many at once. */
export async function inTurn(
  tasks: readonly (() => Promise<void>)[],
  atOnce: number,
): Promise<void> {
  const queue = [...tasks];
  const worker = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) await task();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
