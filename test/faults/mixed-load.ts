// The mixed load: callers of every workload at once. Each operation is asked for until it is answered, whatever breaks, and
// its answer goes into the book (mixed-book.ts).

import { insisting, type Insist } from "../crash/traffic.js";
import type { Http } from "../harness/http.js";
import type { SeededRandom } from "../harness/seed.js";
import type { Timed } from "../services/mixed.js";
import type { MixedBook } from "./mixed-book.js";

export interface MixedLoadOptions {
  readonly ingress: Http;
  readonly book: MixedBook;
  readonly random: SeededRandom;
  /** How often something was disturbed so far. */
  readonly disturbances: () => number;
  /** Ends all callers. */
  readonly signal?: AbortSignal;
  /** A request that has no answer by then is asked again. Default: 30 s. */
  readonly answerMs?: number;
}

/** What an operation was told. */
interface Answered {
  readonly told?: readonly (readonly [step: string, value: string])[];
  readonly offences?: readonly string[];
}

type Operation = (id: string, load: MixedLoad) => Promise<Answered>;

const counterKeys = 500;
/** Event time is drawn to the clock of the machine, and may be a little apart from it. */
const clockSlackMs = 25;

/** How many of a hundred operations each is, in a load of a fixed rate. */
export const shares = {
  plain: 30,
  steps: 20,
  counter: 20,
  hot: 8,
  signup: 8,
  fan: 2,
  delayed: 5,
  nap: 3,
  awakeable: 4,
} as const;

export type Workload = keyof typeof shares;
export const workloads = Object.keys(shares) as readonly Workload[];

/** Invocations of a hundred operations: a sign-up has 2, a fan 11, an awakeable 2 and those who ask for its id. */
export const invocationsPerHundred = 100 + shares.signup + 10 * shares.fan + 2 * shares.awakeable;

const operations: Readonly<Record<Workload, Operation>> = {
  plain: async (_id, load) => {
    const value = load.random.below(1_000_000);
    const answer = await load.insist(200, () =>
      load.ingress.post("/restate/call/Mixed/echo", value, { signal: load.signal() }),
    );
    return { offences: answer === value ? [] : [`${value} came back as ${String(answer)}`] };
  },
  steps: async (id, load) => {
    const values: string[] = await load.call("Mixed/steps", id, id);
    return { told: ["one", "two", "three"].map((step, at) => [step, values[at] ?? ""] as const) };
  },
  counter: async (id, load) => {
    await load.add(id, `c${load.random.below(counterKeys)}`);
    return {};
  },
  hot: async (id, load) => {
    await load.add(id, "hot");
    return {};
  },
  signup: async (id, load) => {
    await load.send(`MixedSignup/${id}/run`, undefined);
    await load.call(`MixedSignup/${id}/click`, `secret ${id}`, `click ${id}`);
    const [user = "", mail = "", secret] = await load.attachWorkflow("MixedSignup", id);
    const offences = secret === `secret ${id}` ? [] : [`the secret came as ${String(secret)}`];
    return { told: [["user", user] as const, ["mail", mail] as const], offences };
  },
  fan: async (id, load) => {
    const values: string[] = await load.call("Mixed/fan", id, id);
    return { told: values.map((value, leaf) => [`leaf ${leaf}`, value] as const) };
  },
  delayed: async (id, load) => {
    const delayMs = load.random.between(20, 1_500);
    const before = Date.now();
    const { invocationId } = await load.send("Mixed/delayed", id, id, `?delay=${delayMs}ms`);
    const { value, at }: Timed = await load.attach(invocationId);
    const earlyMs = before + delayMs - at;
    const offences = earlyMs > clockSlackMs ? [`ran ${earlyMs} ms early`] : [];
    return { told: [["delayed", value] as const], offences };
  },
  nap: async (id, load) => {
    const ms = load.random.between(20, 1_500);
    const [before, after]: readonly Timed[] = await load.call("Mixed/nap", { id, ms }, id);
    if (before === undefined || after === undefined) return { offences: ["came back with less"] };
    const earlyMs = before.at + ms - after.at;
    const offences = earlyMs > clockSlackMs ? [`woke up ${earlyMs} ms early`] : [];
    return { told: [["before", before.value] as const, ["after", after.value] as const], offences };
  },
  awakeable: async (id, load) => {
    await load.send(`MixedWaiter/${id}/run`, undefined);
    const awakeable = await load.awakeableOf(id);
    await load.insist(202, () =>
      load.ingress.post(`/restate/awakeables/${awakeable}/resolve`, `gift ${id}`, {
        signal: load.signal(),
      }),
    );
    const [given, value = ""] = await load.attachWorkflow("MixedWaiter", id);
    const offences = given === `gift ${id}` ? [] : [`was given ${String(given)}`];
    return { told: [["given", value] as const], offences };
  },
};

export class MixedLoad {
  readonly ingress: Http;
  readonly random: SeededRandom;
  readonly insist: Insist;
  readonly #options: MixedLoadOptions;
  readonly #counts = new Map<Workload, number>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: MixedLoadOptions) {
    this.#options = options;
    this.ingress = options.ingress;
    this.random = options.random;
    this.insist = insisting(options.signal);
  }

  /** How many operations of each workload were begun. */
  get counts(): ReadonlyMap<Workload, number> {
    return this.#counts;
  }

  /** Ids of the operations that have no answer yet. */
  get underWay(): readonly string[] {
    return [...this.#underWay.keys()];
  }

  /** Begins an operation. Resolves when its caller has the answer; rejects with an answer that nobody may get. */
  begin(workload: Workload): Promise<void> {
    const number = (this.#counts.get(workload) ?? 0) + 1;
    this.#counts.set(workload, number);
    const id = `${workload}-${number}`;
    const operation = this.#perform(workload, id).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, operation);
    return operation;
  }

  /** So many callers of each workload, one operation after the other, for as long as it says. */
  async run(callersOfEach: number, goOn: () => boolean): Promise<void> {
    const caller = async (workload: Workload): Promise<void> => {
      while (goOn()) await this.begin(workload);
    };
    await Promise.all(
      workloads.flatMap((workload) =>
        Array.from({ length: callersOfEach }, () => caller(workload)),
      ),
    );
  }

  /** Resolves when all operations have been answered. */
  async drained(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  /** Asks the counters what they hold in the end. */
  async judgeCounters(): Promise<void> {
    const { book } = this.#options;
    for (const key of book.counters.keys()) {
      const holds = await this.insist(200, () =>
        this.ingress.post(`/restate/call/MixedCounter/${key}/get`),
      );
      book.judgeCounter(key, holds);
    }
  }

  signal(): AbortSignal {
    return AbortSignal.timeout(this.#options.answerMs ?? 30_000);
  }

  call(path: string, json: unknown, idempotencyKey: string): Promise<any> {
    const headers = { "idempotency-key": idempotencyKey };
    return this.insist(200, () =>
      this.ingress.post(`/restate/call/${path}`, json, { headers, signal: this.signal() }),
    );
  }

  send(path: string, json: unknown, idempotencyKey?: string, query = ""): Promise<any> {
    const headers: Record<string, string> =
      idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
    return this.insist(202, () =>
      this.ingress.post(`/restate/send/${path}${query}`, json, { headers, signal: this.signal() }),
    );
  }

  attach(invocationId: string): Promise<any> {
    return this.insist(200, () =>
      this.ingress.get(`/restate/attach/${invocationId}`, { signal: this.signal() }),
    );
  }

  attachWorkflow(name: string, key: string): Promise<any> {
    return this.insist(200, () =>
      this.ingress.get(`/restate/workflow/${name}/${key}/attach`, { signal: this.signal() }),
    );
  }

  async add(id: string, key: string): Promise<void> {
    this.#options.book.added(key, await this.call(`MixedCounter/${key}/add`, 1, id));
  }

  /** Asked for until it is there: the workflow tells it as soon as it runs. */
  async awakeableOf(id: string): Promise<string> {
    for (;;) {
      const awakeable = await this.insist(200, () =>
        this.ingress.post(`/restate/call/MixedWaiter/${id}/awakeable`, undefined, {
          signal: this.signal(),
        }),
      );
      if (awakeable !== null) return awakeable;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #perform(workload: Workload, id: string): Promise<void> {
    const { book, disturbances } = this.#options;
    const before = disturbances();
    const { told = [], offences = [] } = await operations[workload](id, this);
    book.ended({ id, told, disturbances: disturbances() - before, offences });
  }
}
