// The operations of the mixed load, one of each workload: what its caller asks for, and what it is told.

import type { SeededRandom } from "../harness/seed.js";
import type { Timed } from "../services/mixed.js";
import type { MixedBook } from "./mixed-book.js";
import { AskedTooLate, type MixedCaller } from "./mixed-caller.js";

/** What an operation was told. */
export interface Answered {
  readonly told?: readonly (readonly [step: string, value: string])[];
  readonly offences?: readonly string[];
}

export interface Asking {
  readonly id: string;
  readonly caller: MixedCaller;
  readonly book: MixedBook;
  readonly random: SeededRandom;
}

type Operation = (asking: Asking) => Promise<Answered>;

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

const fanLeaves = Array.from({ length: 10 }, (_, leaf) => `leaf ${leaf}`);

/** All steps that an operation takes. */
export const stepsOf: Readonly<Record<Workload, readonly string[]>> = {
  plain: [],
  steps: ["one", "two", "three"],
  counter: [],
  hot: [],
  signup: ["user", "mail"],
  fan: fanLeaves,
  delayed: ["delayed"],
  nap: ["before", "after"],
  awakeable: ["given"],
};

export const operations: Readonly<Record<Workload, Operation>> = {
  plain: async ({ caller, random }) => {
    const value = random.below(1_000_000);
    const answer = await caller.ask("Mixed/echo", value);
    return { offences: answer === value ? [] : [`${value} came back as ${String(answer)}`] };
  },
  steps: async ({ id, caller }) => {
    const values: string[] = await caller.call("Mixed/steps", id, id);
    return { told: stepsOf.steps.map((step, at) => [step, values[at] ?? ""] as const) };
  },
  counter: (asking) => add(asking, `c${asking.random.below(counterKeys)}`),
  hot: (asking) => add(asking, "hot"),
  signup: async ({ id, caller }) => {
    await caller.send(`MixedSignup/${id}/run`);
    await caller.call(`MixedSignup/${id}/click`, `secret ${id}`, `click ${id}`);
    const [user = "", mail = "", secret] = await caller.attachWorkflow("MixedSignup", id);
    const offences = secret === `secret ${id}` ? [] : [`the secret came as ${String(secret)}`];
    return { told: [["user", user] as const, ["mail", mail] as const], offences };
  },
  fan: async ({ id, caller }) => {
    const values: string[] = await caller.call("Mixed/fan", id, id);
    return { told: values.map((value, leaf) => [`leaf ${leaf}`, value] as const) };
  },
  delayed: async ({ id, caller, random }) => {
    const delayMs = random.between(20, 1_500);
    const before = Date.now();
    const { invocationId } = await caller.send(`Mixed/delayed?delay=${delayMs}ms`, id, id);
    const { value, at }: Timed = await caller.attach(invocationId);
    const earlyMs = before + delayMs - at;
    const offences = earlyMs > clockSlackMs ? [`ran ${earlyMs} ms early`] : [];
    return { told: [["delayed", value] as const], offences };
  },
  nap: async ({ id, caller, random }) => {
    const ms = random.between(20, 1_500);
    const [before, after]: readonly Timed[] = await caller.call("Mixed/nap", { id, ms }, id);
    if (before === undefined || after === undefined) return { offences: ["came back with less"] };
    const earlyMs = before.at + ms - after.at;
    const offences = earlyMs > clockSlackMs ? [`woke up ${earlyMs} ms early`] : [];
    return { told: [["before", before.value] as const, ["after", after.value] as const], offences };
  },
  awakeable: async ({ id, caller }) => {
    await caller.send(`MixedWaiter/${id}/run`);
    await caller.resolve(await awakeableOf(caller, id), `gift ${id}`);
    const [given, value = ""] = await caller.attachWorkflow("MixedWaiter", id);
    const offences = given === `gift ${id}` ? [] : [`was given ${String(given)}`];
    return { told: [["given", value] as const], offences };
  },
};

async function add({ id, caller, book }: Asking, key: string): Promise<Answered> {
  try {
    book.added(key, await caller.call(`MixedCounter/${key}/add`, 1, id));
  } catch (error) {
    if (error instanceof AskedTooLate) book.mayHaveAdded(key);
    throw error;
  }
  return {};
}

/** Asked for until it is there: the workflow tells it as soon as it runs. */
async function awakeableOf(caller: MixedCaller, id: string): Promise<string> {
  for (;;) {
    const awakeable = await caller.ask(`MixedWaiter/${id}/awakeable`);
    if (awakeable !== null) return awakeable;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
