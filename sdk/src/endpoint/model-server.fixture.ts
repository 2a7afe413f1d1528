// A model of the server, as small as it can be: it keeps the journal of one invocation as the real one does,
// and answers what the code asks for in an order that a seed chooses.
//
// `execute` runs an attempt against it from the start. `continueFrom` gives an attempt the first entries of the
// journal that came of it, and checks that it goes on in the same way.

import type { DeploymentFrame } from "@perdure/proto/protocol/v1/deployment";
import type { Awaiting, Completion, Entry, Value } from "@perdure/proto/protocol/v1/journal";
import { reduceAwaiting, type Arrival } from "@perdure/protocol/awaiting";
import {
  cancelSignal,
  completedVoid,
  completedWith,
  completion,
  failedWith,
  failure,
  input,
  invocationId,
  jsonValue,
  namedSignal,
  signal,
} from "../replay/entries.fixture.js";
import { awaitingText, commandText } from "./frame-text.fixture.js";
import { invocationOfTests, type AttemptDriver, type SessionDriver } from "./session.fixture.js";

/** A number below `below`. */
export type Dice = (below: number) => number;

export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Options {
  readonly session: SessionDriver;
  readonly dice: Dice;
  readonly partialState: boolean;
  /** Cancels the invocation at some point. */
  readonly cancel: boolean;
  /** The handler cancels explicitly. */
  readonly explicit: boolean;
  /** Checks that what the attempt says it waits for is what moves it on. Not for code that waits for other things, too. */
  readonly checkTrees: boolean;
}

export interface Execution {
  /** All entries, the input first. Without the output. */
  readonly journal: readonly Entry[];
  /** How it ended. */
  readonly output: string;
  /** State as it was when the journal had as many entries. */
  readonly states: readonly ReadonlyMap<string, Value>[];
}

type Result = Completion["result"];

/** Runs an attempt to its end. */
export async function execute(options: Options): Promise<Execution> {
  const { session, dice, partialState, cancel, explicit, checkTrees } = options;
  const driver = session.start({ partialState, invocationId: invocationOfTests });
  const journal: Entry[] = [input()];
  const states: ReadonlyMap<string, Value>[] = [new Map(), new Map()];
  let state = new Map<string, Value>();
  const promises = new Map<string, Result>();
  const waitingPromises = new Map<string, number[]>();
  /** What may happen next, outside. */
  const due: (() => void)[] = [];
  let cancelled = !cancel;
  let awaited: Extract<DeploymentFrame["frame"], { case: "waiting" }>["value"] | undefined;
  let signals = 17;
  let named = 0;

  function append(entry: Entry): number {
    const length = journal.push(entry);
    states[length] = state;
    return length - 1;
  }

  function tell(entry: Entry): void {
    const index = append(entry);
    checkTree(entry);
    driver.notify(index, entry);
  }

  function later(...entries: Entry[]): void {
    due.push(() => {
      const [entry] = entries.splice(dice(entries.length), 1);
      if (entry !== undefined) tell(entry);
    });
  }

  function settlePromise(name: string, result: Result): void {
    promises.set(name, result);
    for (const id of waitingPromises.get(name) ?? []) tell(completion(id, result));
    waitingPromises.delete(name);
  }

  /** What settles the tree wakes a suspended attempt, so what moves the code on must settle the tree. */
  let reduced: Awaiting | undefined;
  function checkTree(entry: Entry): void {
    const arrival = arrivalOf(entry);
    reduced = undefined;
    if (awaited?.awaiting === undefined || arrival === undefined || !checkTrees) return;
    const reduction = reduceAwaiting(awaited.awaiting, arrival);
    reduced = "tree" in reduction ? reduction.tree : undefined;
    awaited = undefined;
  }

  function takeCommand(entry: Entry): void {
    const { body } = entry;
    if (body.case === "setState" && body.value.value !== undefined) {
      state = new Map(state).set(body.value.key, body.value.value);
    } else if (body.case === "clearState") {
      state = new Map(state);
      state.delete(body.value.key);
    } else if (body.case === "clearAllState") state = new Map();
    append(entry);
    answer(entry);
  }

  function answer({ body }: Entry): void {
    switch (body.case) {
      case "sleep":
        return later(completedVoid(body.value.completionId));
      case "getState": {
        if (body.value.eager.case !== undefined) return;
        const value = state.get(body.value.key);
        const id = body.value.completionId;
        return tell(
          value === undefined ? completedVoid(id) : completion(id, { case: "value", value }),
        );
      }
      case "getStateKeys": {
        if (body.value.eager !== undefined) return;
        const keys = [...state.keys()].sort();
        const value = { $typeName: "perdure.protocol.v1.StateKeys" as const, keys };
        return tell(completion(body.value.completionId, { case: "stateKeys", value }));
      }
      case "getPromise": {
        const { promise, completionId } = body.value;
        const result = promises.get(promise);
        if (result !== undefined) return tell(completion(completionId, result));
        waitingPromises.set(promise, [...(waitingPromises.get(promise) ?? []), completionId]);
        due.push(() => {
          if (promises.has(promise)) return;
          settlePromise(promise, { case: "value", value: jsonValue(`promised ${promise}`) });
        });
        return;
      }
      case "peekPromise": {
        const result = promises.get(body.value.promise);
        const id = body.value.completionId;
        return tell(result === undefined ? completedVoid(id) : completion(id, result));
      }
      case "completePromise": {
        const { promise, completionId, result } = body.value;
        if (promises.has(promise)) return tell(failedWith(completionId, "completed already", 409));
        tell(completedVoid(completionId));
        return settlePromise(promise, result as Result);
      }
      case "call": {
        const { invocationIdCompletionId, resultCompletionId } = body.value;
        tell(invocationId(invocationIdCompletionId, `inv_1callee${String(resultCompletionId)}`));
        return dice(2) === 0
          ? later(completedWith(resultCompletionId, `called ${String(resultCompletionId)}`))
          : later(failedWith(resultCompletionId, `refused ${String(resultCompletionId)}`));
      }
      case "send":
        return tell(invocationId(body.value.invocationIdCompletionId, "inv_1sent"));
      case "attach": {
        const id = body.value.completionId;
        return dice(3) === 0
          ? later(failedWith(id, `no result ${String(id)}`, 404))
          : later(completedWith(id, `attached ${String(id)}`));
      }
      case "getOutput": {
        const id = body.value.completionId;
        return tell(dice(2) === 0 ? completedVoid(id) : completedWith(id, `output ${String(id)}`));
      }
      default:
    }
  }

  /** Something happens. False where nothing can. */
  function happen(): boolean {
    const length = journal.length;
    if (!cancelled && dice(4) === 0) {
      cancelled = true;
      tell(cancelSignal);
    }
    // Signals come whether or not somebody waits for them.
    if (named < 10 && dice(12) === 0) tellNamed(["a", "b"][dice(2)] ?? "");
    while (journal.length === length && due.length > 0) due.splice(dice(due.length), 1)[0]?.();
    return journal.length > length;
  }

  function tellNamed(name: string): void {
    named++;
    const text = `${name} ${String(named)}`;
    tell(
      dice(4) === 0
        ? namedSignal(name, { case: "failure", value: failure(text) })
        : namedSignal(name, { case: "value", value: jsonValue(text) }),
    );
  }

  /** A signal that the code waits for. */
  function signalNext(awaiting: Awaiting | undefined): void {
    const { ids, names } = signalsOf(awaiting);
    const wanted = [...names, ...(explicit && ids.includes(1) ? [1] : [])];
    if (ids.some((id) => id >= 17)) wanted.push(17);
    const one = wanted[dice(wanted.length)];
    if (one === undefined || signals + named > 200) {
      throw new Error("nothing can happen any more");
    }
    if (typeof one === "string") return tellNamed(one);
    if (one === 1) return tell(cancelSignal);
    tell(signal(signals, { case: "value", value: jsonValue(`signal ${String(signals)}`) }));
    signals++;
  }

  for (;;) {
    const { frame } = await driver.next();
    switch (frame.case) {
      case "command":
        expectProgress();
        awaited = undefined;
        takeCommand(frame.value);
        break;
      case "proposeCompletion": {
        const { completionId, result, shownAfter } = frame.value;
        awaited = undefined;
        reduced = undefined;
        // Other things may be recorded before it: the code has seen it already, or sees it when it is accepted.
        if (dice(3) === 0) happen();
        const entry = completion(completionId, result as Result);
        if (shownAfter !== undefined && entry.body.case === "completion") {
          entry.body.value.shownAfter = shownAfter;
        }
        driver.accept(append(entry), completionId);
        break;
      }
      case "waiting":
        if (reduced !== undefined) expectPart(frame.value.awaiting, reduced);
        reduced = undefined;
        if (frame.value.seen < lastNotification(journal)) break;
        awaited = frame.value;
        // Where nothing else can come, the code waits for an awakeable.
        if (!happen()) signalNext(frame.value.awaiting);
        break;
      case "end":
        expectProgress();
        return { journal, output: driver.said.at(-1) ?? "", states };
      default:
        throw new Error(`the attempt said ${driver.said.at(-1) ?? ""}`);
    }
    // Things happen while the code runs, too.
    if (dice(6) === 0) happen();
  }

  function expectProgress(): void {
    if (reduced === undefined) return;
    throw new Error("the code went on although what it waited for had not come");
  }
}

/**
 * The journal as an attempt goes through it that knows the first entries of it: what comes behind them, in the order in
 * which the code was shown it. Undefined where the code had been shown a later one of those before the last of the first:
 * what was recorded up to there is not what it had seen, and it may take another way.
 */
export function asShown(journal: readonly Entry[], known: number): readonly Entry[] | undefined {
  const slots = [...journal.keys()].filter((at) => at >= known && !isCommand(entryAt(at).body));
  const shown = slots.toSorted((one, other) => placeOf(one) - placeOf(other) || one - other);
  const lastKnown = lastNotification(journal.slice(0, known));
  if (shown.some((at) => placeOf(at) < lastKnown)) return undefined;
  const result = [...journal];
  slots.forEach((slot, at) => {
    result[slot] = entryAt(shown[at] ?? slot);
  });
  return result;

  function entryAt(index: number): Entry {
    return journal[index] as Entry;
  }

  function placeOf(index: number): number {
    const { body } = entryAt(index);
    const early = body.case === "completion" ? body.value.shownAfter : undefined;
    return early === undefined ? index : early + 0.5;
  }
}

/** Gives an attempt the first entries, and checks that it goes on as the journal says. */
export async function continueFrom(
  execution: Execution,
  known: number,
  { session, dice, partialState }: Pick<Options, "session" | "dice" | "partialState">,
): Promise<void> {
  const { journal, output, states } = execution;
  const state = [...(states[known] ?? [])].map(([key, value]) => ({ key, value }));
  const inStart = 1 + dice(known);
  const driver = session.start({
    partialState,
    invocationId: invocationOfTests,
    entries: journal.slice(0, inStart),
    knownEntries: known,
    state: partialState ? [] : state,
  });
  sendRest(driver, journal.slice(inStart, known));
  const proposed = new Set<number>();
  const commands: Entry[] = [];

  let ended: string | undefined;

  async function hear(): Promise<void> {
    const { frame } = await driver.next();
    if (frame.case === "command") commands.push(frame.value);
    else if (frame.case === "proposeCompletion") proposed.add(frame.value.completionId);
    else if (frame.case !== "waiting") ended = driver.said.at(-1);
  }

  let index = known;
  for (; index < journal.length && ended === undefined; index++) {
    const entry = journal[index] as Entry;
    const { body } = entry;
    if (body.case === "completion" && isStep(journal, body.value.completionId)) {
      const { completionId } = body.value;
      while (!proposed.has(completionId) && ended === undefined) await hear();
      driver.accept(index, completionId);
    } else if (!isCommand(body)) {
      // What Start had may come again.
      if (known > 1 && dice(4) === 0) repeatOne(driver, journal, dice(known));
      driver.notify(index, entry);
    } else {
      while (commands.length === 0 && ended === undefined) await hear();
      if (commands.length === 0) break;
      expectSame(commandText(commands.shift() as Entry), commandText(entry), index);
    }
  }
  // The code may end before it has seen the last results of steps: then it needs them no more than it did.
  while (ended === undefined) await hear();
  const left = journal.slice(index).filter(({ body }) => isCommand(body));
  expectSame(
    [...commands.map(commandText), ended].join("; "),
    [...left.map(commandText), output].join("; "),
    index,
  );
}

function sendRest(driver: AttemptDriver, entries: Entry[]): void {
  if (entries.length === 0) return;
  const $typeName = "perdure.protocol.v1.StartEntries";
  driver.send({ case: "startEntries", value: { $typeName, entries } });
}

function repeatOne(driver: AttemptDriver, journal: readonly Entry[], index: number): void {
  const entry = journal[index];
  if (entry?.body.case === "completion" || entry?.body.case === "signal")
    driver.notify(index, entry);
}

function expectSame(actual: string, expected: string, index: number): void {
  if (actual === expected) return;
  throw new Error(`at entry ${String(index)}: ${actual} instead of ${expected}`);
}

/** The server may still wait for what the code needs no more: then it wakes the code once too often. */
function expectPart(said: Awaiting | undefined, reduced: Awaiting): void {
  const parts = partsOf(reduced);
  if (partsOf(said).every((part) => parts.includes(part))) return;
  throw new Error(
    `the code waits for ${awaitingText(said)}, the server for ${awaitingText(reduced)}`,
  );
}

function partsOf(tree: Awaiting | undefined): string[] {
  const { completionIds = [], signalIds = [], signalNames = [], nested = [] } = tree ?? {};
  return [
    ...signalNames.map((name) => `named ${name}`),
    ...completionIds.map((id) => `completion ${String(id)}`),
    ...signalIds.map((id) => `signal ${String(id)}`),
    ...nested.map((each) => awaitingText(each)),
  ];
}

function signalsOf(tree: Awaiting | undefined): { ids: number[]; names: string[] } {
  const below = (tree?.nested ?? []).map((nested) => signalsOf(nested));
  return {
    ids: [...(tree?.signalIds ?? []), ...below.flatMap(({ ids }) => ids)],
    names: [...(tree?.signalNames ?? []), ...below.flatMap(({ names }) => names)],
  };
}

function isStep(journal: readonly Entry[], completionId: number): boolean {
  return journal.some(
    ({ body }) => body.case === "run" && body.value.completionId === completionId,
  );
}

function isCommand(body: Entry["body"]): boolean {
  return body.case !== "completion" && body.case !== "signal";
}

function lastNotification(journal: readonly Entry[]): number {
  return journal.findLastIndex(({ body }) => !isCommand(body));
}

function arrivalOf({ body }: Entry): Arrival | undefined {
  if (body.case === "completion") {
    const { completionId: id, result } = body.value;
    return { leaf: { case: "completion", id }, succeeded: result.case !== "failure" };
  }
  if (body.case !== "signal") return undefined;
  const { signal: which, result } = body.value;
  const succeeded = result.case !== "failure";
  if (which.case === "id") return { leaf: { case: "signal", id: which.value }, succeeded };
  if (which.case === undefined) return undefined;
  return { leaf: { case: "named", name: which.value }, succeeded };
}
