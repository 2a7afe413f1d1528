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
}

/** How far the trips are, for whoever looks on. */
export interface Progress {
  accepted: number;
  ended: number;
}

export interface Traffic {
  readonly inputs: ReadonlyMap<string, TripInput>;
  readonly results: ReadonlyMap<string, TripResult>;
  /** What each producer posted, in order, and where. */
  readonly produced: readonly Produced[];
  readonly quotes: ReadonlyMap<string, readonly string[]>;
}

export interface Produced {
  readonly ledger: string;
  readonly ops: string[];
}

const ledgerCount = 12;
const submittersAtOnce = 24;
const retryMs = 20;

/** Runs all callers to their ends. Rejects with the first answer that none of them may get. */
export async function runTraffic(options: TrafficOptions, progress: Progress): Promise<Traffic> {
  const { server, random, trips, producers, quoters, goOn } = options;
  const inputs = new Map<string, TripInput>();
  for (let number = 0; number < trips; number++) {
    const ledgers = [random.below(ledgerCount), random.below(ledgerCount)] as const;
    inputs.set(`t${number}`, { number, ledgers: [`l${ledgers[0]}`, `l${ledgers[1]}`] });
  }
  const results = new Map<string, TripResult>();
  const quotes = new Map<string, readonly string[]>();
  const produced: Produced[] = Array.from({ length: producers }, (_, at) => ({
    ledger: `p${at % 2}`,
    ops: [],
  }));

  const waiting: Promise<void>[] = [];
  const submissions = [...inputs].map(([trip, input]) => async () => {
    await submit(server, trip, input);
    progress.accepted++;
    const ended = (result: TripResult): void => {
      results.set(trip, result);
      progress.ended++;
    };
    waiting.push(attach(server, trip).then(ended));
  });
  await Promise.all([
    inTurn(submissions, submittersAtOnce),
    ...produced.map(async (postings, at) => {
      while (goOn()) await produce(server, postings, `producer${at}`);
    }),
    ...Array.from({ length: quoters }, async (_, quoter) => {
      for (let at = 0; goOn(); at++) {
        quotes.set(`q${quoter}.${at}`, await quote(server, `q${quoter}.${at}`));
      }
    }),
  ]);
  await Promise.all(waiting);
  return { inputs, results, produced, quotes };
}

async function submit(server: ServerProcess, trip: string, input: TripInput): Promise<void> {
  const answer = await insist(() => server.ingress.post(`/restate/send/Trip/${trip}/run`, input));
  expectStatus(answer, 202);
}

/** The result of a trip that was accepted. */
export async function attach(server: ServerProcess, trip: string): Promise<TripResult> {
  const answer = await insist(() => server.ingress.get(`/restate/workflow/Trip/${trip}/attach`));
  expectStatus(answer, 200);
  return answer.json as TripResult;
}

async function produce(
  server: ServerProcess,
  { ledger, ops }: Produced,
  producer: string,
): Promise<void> {
  const op = `${producer}:${ops.length}`;
  const headers = { "idempotency-key": op };
  const answer = await insist(() =>
    server.ingress.post(`/restate/send/Ledger/${ledger}/post`, { op, amount: 1 }, { headers }),
  );
  expectStatus(answer, 202);
  ops.push(op);
}

/** A call that is repeated until it is answered, with its key. */
export async function quote(server: ServerProcess, id: string): Promise<readonly string[]> {
  const headers = { "idempotency-key": id };
  const answer = await insist(() =>
    server.ingress.post("/restate/call/Desk/quote", id, { headers }),
  );
  expectStatus(answer, 200);
  return answer.json as string[];
}

/** Asks again where there was no answer, or one that says that nothing was accepted. */
async function insist(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      const answer = await ask();
      const { status, json } = answer;
      const isRefusal = json?.source === "ingress" && (status === 503 || status === 429);
      if (!isRefusal) return answer;
    } catch {
      // The server was killed, or is not there yet.
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

function expectStatus({ status, text }: Answer, expected: number): void {
  if (status !== expected) throw new Error(`expected ${expected}, got ${status}: ${text}`);
}

async function inTurn(tasks: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  const queue = [...tasks];
  const worker = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) await task();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
