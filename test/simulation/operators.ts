// What operators do while the world is stirred: to invocations that run or have ended, to state, to the rules of scopes.

import { versionOfState, type StateOf } from "@perdure/server/simulation-kit";
import { InvocationStatus, type Invocation } from "@perdure/proto/storage/v1/records";
import type { Random } from "./machine/random.js";
import type { Running } from "./machine/server-process.js";
import type { OperationKind } from "./profile.js";
import { limitKeys, scopeOf } from "./programs/program.js";
import type { WorldParts } from "./world.js";

/** Of the newest ones, those that somebody may want something of. */
const newest = 30;

const hasEnded = ({ status }: Invocation): boolean => status === InvocationStatus.COMPLETED;

type Which = "unfinished" | "ended" | "restartable";

const isMeant: Record<Which, (invocation: Invocation, isKept: boolean) => boolean> = {
  unfinished: (invocation) => !hasEnded(invocation),
  ended: hasEnded,
  restartable: (invocation, isKept) =>
    hasEnded(invocation) && isKept && invocation.entryCount > 1 && !isWorkflow(invocation),
};

export class OperatorsAtWork {
  readonly #parts: WorldParts;
  readonly #random: Random;
  #patches = 0;

  constructor(parts: WorldParts) {
    this.#parts = parts;
    this.#random = parts.random.fork("operators");
  }

  operate(kind: OperationKind): void {
    const random = this.#random;
    switch (kind) {
      case "cancel":
      case "kill":
      case "pause":
        return this.#with("unfinished", ({ id }, { operators }) => operators[kind](id));
      case "resume":
        return this.#with("unfinished", ({ id }, { operators }) =>
          operators.resume(id, random.pick(["keep", "latest"])),
        );
      case "purge":
      case "purgeJournal":
        return this.#with("ended", ({ id }, { operators }) => operators[kind](id));
      case "restart":
        return this.#with("restartable", ({ id, entryCount }, running) =>
          this.#restart(id, random.chance(0.4) ? 0 : random.below(entryCount), running),
        );
      case "patchState":
        return this.#patchState();
      case "rules":
        return this.changeRules();
    }
  }

  /** Somebody thinks again about what may run at the same time. */
  changeRules(): void {
    const { depthMax, scoped } = this.#parts.profile.taste;
    if (scoped === 0) return;
    const random = this.#random;
    const scope = random.pick(["*", scopeOf(random, random.below(depthMax + 1))]);
    const limitKey = random.pick(["", "/*", "/*/*", ...limitKeys.map((key) => `/${key}`)]);
    const pattern = scope + limitKey;
    const concurrency = random.pick([1, 1, 2, 3, undefined]);
    const rule = { pattern, concurrency, description: "", disabled: random.chance(0.1) };
    const removes = random.chance(0.2);
    this.#do(({ registry }) =>
      removes
        ? registry.deleteRules([{ pattern, expectedVersion: undefined }])
        : registry.putRules([{ ...rule, precondition: { kind: "none" } }]),
    );
  }

  async #restart(id: string, from: number, { operators, process }: Running): Promise<void> {
    const choice = this.#random.pick(["keep", "latest"] as const);
    const made = await operators.restartAsNew(id, from, choice);
    if (typeof made === "string" || !process.alive) return;
    const { newInvocationId: invocationId } = made;
    this.#parts.tell({ kind: "accepted", invocationId, isNew: true });
  }

  /** All state of an object, or as much of it as is still as it was looked at. */
  #patchState(): void {
    const random = this.#random;
    const targets = this.#pick("unfinished").flatMap(({ target }) =>
      target?.service === "Thing" ? [target] : [],
    );
    if (targets.length === 0) return;
    const { service, key = "", scope } = random.pick(targets);
    const of: StateOf = { service, key, scope };
    const value = JSON.stringify(`patch ${String(++this.#patches)}`);
    const names = ["a", "b", "c"].filter(() => random.chance(0.5));
    const state = new Map(names.map((name) => [name, Buffer.from(value)]));
    const looks = random.chance(0.5);
    this.#do(async ({ operators }) => {
      const version = looks ? versionOfState(await operators.state(of)) : undefined;
      await operators.patchState(of, state, version);
    });
  }

  #with(which: Which, act: (invocation: Invocation, running: Running) => Promise<unknown>): void {
    const found = this.#pick(which);
    if (found.length === 0) return;
    const invocation = this.#random.pick(found);
    this.#do((running) => act(invocation, running));
  }

  #pick(which: Which): Invocation[] {
    const { durable } = this.#parts;
    return [...durable.runs()].slice(-newest).flatMap((runId) => {
      const invocation = durable.invocation(runId);
      if (invocation === undefined) return [];
      const isKept = durable.find(invocation.id) === runId;
      return isMeant[which](invocation, isKept) ? [invocation] : [];
    });
  }

  #do(act: (running: Running) => Promise<unknown>): void {
    const { callers, outside } = this.#parts;
    callers.ask(outside, act).catch(() => undefined);
  }
}

function isWorkflow({ target }: Invocation): boolean {
  return target?.service === "Flow" && target.handler === "run";
}
