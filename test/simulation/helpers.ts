// What handlers wait for is done by somebody outside, some time, until it is certain.

import { create } from "@bufbuild/protobuf";
import { ValueSchema } from "@perdure/proto/protocol/v1/journal";
import { parseAwakeableId } from "@perdure/protocol/awakeable-id";
import type { Clients } from "./clients.js";
import type { Random } from "./machine/random.js";
import type { Want } from "./programs/interpreter.js";
import type { Program, Target } from "./programs/program.js";
import type { WorldParts } from "./world.js";

export class Helpers {
  readonly #parts: WorldParts;
  readonly #clients: Clients;
  readonly #random: Random;
  readonly #wanted = new Set<string>();
  /** What waits for an invocation to be durable, by its run. */
  readonly #unknown = new Map<string, (() => void)[]>();

  constructor(parts: WorldParts, clients: Clients) {
    this.#parts = parts;
    this.#clients = clients;
    this.#random = parts.random.fork("clients");
  }

  want(want: Want): void {
    const key = JSON.stringify(want);
    if (this.#wanted.has(key)) return;
    this.#wanted.add(key);
    const { scheduler, outside } = this.#parts;
    const random = this.#random.fork(key);
    const many = random.chance(0.2) && want.kind !== "signal" ? 2 : 1;
    for (let each = 1; each <= many; each++) {
      const satisfy = (): void => {
        this.#clients.do(() => this.#satisfy(want, `${key} ${String(each)}`, random.fork(each)));
      };
      scheduler.after(random.about(300), outside, () => {
        this.#whenKnown(want, satisfy);
      });
    }
  }

  /** An invocation is durable. */
  known(runId: string): void {
    const { scheduler, outside } = this.#parts;
    for (const act of this.#unknown.get(runId) ?? []) scheduler.after(0, outside, act);
    this.#unknown.delete(runId);
  }

  /**
   * Ids of awakeables and invocations get out of handlers by steps and sends, that is when the invocation is durable. Here
   * they are known at once, and may be those of one that gets lost, and is never known, or whose record waits for a disk.
   */
  #whenKnown(want: Want, act: () => void): void {
    const { runId } = want;
    if (want.kind === "promise" || this.#parts.durable.invocation(runId) !== undefined)
      return act();
    this.#unknown.set(runId, [...(this.#unknown.get(runId) ?? []), act]);
  }

  async #satisfy(want: Want, key: string, random: Random): Promise<void> {
    const value = `for ${key}`;
    switch (want.kind) {
      case "promise": {
        const { scope, key: ofWorkflow } = want;
        const target: Target = {
          service: "Flow",
          handler: "share",
          key: ofWorkflow,
          ...(scope === undefined ? {} : { scope }),
        };
        const how = random.chance(0.8) ? "resolve" : "reject";
        return this.#helper(target, [{ op: "settle", name: want.name, how }], key);
      }
      case "signal": {
        const { invocationId, name } = want;
        const shared = `signal ${invocationId} ${name}`;
        this.#parts.tell({ kind: "offered", shared, outcome: JSON.stringify(value) });
        const target: Target = { service: "Plain", handler: "run" };
        return this.#helper(target, [{ op: "sendSignal", invocationId, name, value }], key);
      }
      case "awakeable": {
        const { id } = want;
        const rejects = random.chance(0.2);
        const outcome = rejects ? `!500 ${value}` : JSON.stringify(value);
        this.#parts.tell({ kind: "offered", shared: `awakeable ${id}`, outcome });
        const op = rejects ? "rejectAwakeable" : "resolveAwakeable";
        if (rejects || random.chance(0.5)) {
          return this.#helper({ service: "Plain", handler: "run" }, [{ op, id, value }], key);
        }
        return this.#resolve(id, outcome);
      }
    }
  }

  async #resolve(awakeableId: string, json: string): Promise<void> {
    const parsed = parseAwakeableId(awakeableId);
    if (parsed === undefined) throw new Error(`${awakeableId} is no awakeable id`);
    const { invocationId, signalId } = parsed;
    const content = { case: "inline" as const, value: new TextEncoder().encode(json) };
    const value = create(ValueSchema, { content });
    await this.#clients.insist(async (running) => {
      await running.invocations.signal(invocationId, signalId, { case: "value", value });
      if (running.process.alive) this.#parts.tell({ kind: "signalled", invocationId, signalId });
    });
  }

  /** Until it has done it: operators may have cancelled or killed it. */
  async #helper(target: Target, program: Program, key: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      const idempotencyKey = tries === 1 ? key : `${key} again ${String(tries)}`;
      const submission = { target, program, idempotencyKey, delayMs: 0 };
      const outcome = await this.#clients.call({ ...submission, request: idempotencyKey }, true);
      if (outcome?.startsWith("!") !== true) return;
    }
  }
}
