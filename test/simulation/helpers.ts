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
  /** How often each was asked for: by every attempt that waits for it. */
  readonly #wanted = new Map<string, number>();

  constructor(parts: WorldParts, clients: Clients) {
    this.#parts = parts;
    this.#clients = clients;
    this.#random = parts.random.fork("clients");
  }

  want(want: Want): void {
    const key = JSON.stringify(want);
    const times = (this.#wanted.get(key) ?? 0) + 1;
    this.#wanted.set(key, times);
    if (times > 1) return;
    const { scheduler, outside } = this.#parts;
    const random = this.#random.fork(key);
    const many = random.chance(0.2) && want.kind !== "signal" ? 2 : 1;
    for (let each = 1; each <= many; each++) {
      scheduler.after(random.about(300), outside, () => {
        this.#clients.do(async () => {
          if (await this.#exists(want, key)) {
            await this.#satisfy(want, `${key} ${String(each)}`, random.fork(each));
          } else this.#wanted.delete(key);
        });
      });
    }
  }

  /**
   * Ids of awakeables and invocations get out of handlers by steps and sends, that is when the invocation is durable. Here
   * they are known at once, and may be those of one that gets lost, and is never known, or is accepted later: then its next
   * attempt asks for them again.
   */
  async #exists(want: Want, key: string): Promise<boolean> {
    if (want.kind === "promise") return true;
    const { durable, scheduler } = this.#parts;
    const id = want.kind === "signal" ? want.invocationId : parseAwakeableId(want.id)?.invocationId;
    let times: number | undefined;
    while (times !== this.#wanted.get(key)) {
      times = this.#wanted.get(key);
      for (let looks = 0; looks < 20; looks++) {
        if (durable.find(id ?? "") !== undefined) return true;
        await scheduler.wait(50);
      }
    }
    return false;
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
