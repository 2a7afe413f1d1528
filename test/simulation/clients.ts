// Who uses the server from outside: callers with and without keys, patient and impatient; whoever completes what handlers
// wait for; and operators.

import { create } from "@bufbuild/protobuf";
import { HeaderSchema, ValueSchema } from "@perdure/proto/protocol/v1/journal";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { parseAwakeableId } from "@perdure/protocol/awakeable-id";
import type { InvocationRef, Outcome, SubmitRequest } from "@perdure/server/simulation-kit";
import { outcomeText } from "./history.js";
import type { Random } from "./machine/random.js";
import type { Running } from "./machine/server-process.js";
import { drawProgram, drawTarget, type Program, type Target } from "./programs/program.js";
import type { Want } from "./programs/interpreter.js";
import type { WorldParts } from "./world.js";

interface Submission {
  /** The same, however often it is asked. */
  readonly request: string;
  readonly target: Target;
  readonly program: Program;
  readonly idempotencyKey: string | undefined;
  readonly delayMs: number;
}

export class Clients {
  /** Requests that nobody has answered yet. */
  waiting = 0;
  readonly #parts: WorldParts;
  readonly #random: Random;
  /** How often each was asked for: by every attempt that waits for it. */
  readonly #wanted = new Map<string, number>();
  #submissions = 0;

  constructor(parts: WorldParts) {
    this.#parts = parts;
    this.#random = parts.random.fork("clients");
  }

  register(uri: string): void {
    const request = {
      uri,
      force: false,
      dryRun: false,
      additionalHeaders: {},
      metadata: {},
      useHttp11: false,
      requestResponse: this.#random.chance(this.#parts.profile.requests) ? true : undefined,
      strict: false,
    };
    this.#do(async () => {
      // Its service may be away for a while.
      for (let tries = 0; tries < 1_000; tries++) {
        try {
          await this.#insist((running) => running.registry.register(request));
          return;
        } catch {
          await this.#parts.scheduler.wait(100);
        }
      }
    });
  }

  /** A new invocation, asked for in one of many ways. */
  submit(random: Random): void {
    const { taste, vanishing } = this.#parts.profile;
    const target = drawTarget(random, 0, taste);
    const number = ++this.#submissions;
    const isRun = target.service === "Flow" && target.handler === "run";
    const submission: Submission = {
      request: String(number),
      target,
      program: drawProgram(random, target, 0, taste),
      idempotencyKey: !isRun && random.chance(0.5) ? `k${String(number)}` : undefined,
      delayMs: random.chance(0.1) ? random.between(1, taste.sleepMs) : 0,
    };
    const named = isRun || submission.idempotencyKey !== undefined;
    const waits = submission.delayMs === 0 && random.chance(0.5);
    const again = random.chance(vanishing) ? random.about(100) : undefined;
    this.#do(() => (waits ? this.#call(submission, named) : this.#send(submission, named)));
    if (random.chance(0.2)) {
      this.#parts.scheduler.after(random.about(2_000), this.#parts.outside, () => {
        this.#look(submission);
      });
    }
    // Someone else asks for the same, or the same one again: it must be the same invocation.
    if (again === undefined || !named) return;
    this.#parts.scheduler.after(again, this.#parts.outside, () => {
      this.#do(() => this.#call(submission, true));
    });
  }

  /** What handlers wait for is done by somebody, some time, until it is certain. */
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
        this.#do(async () => {
          if (await this.#exists(want, key)) {
            await this.#satisfy(want, `${key} ${String(each)}`, random.fork(each));
          } else this.#wanted.delete(key);
        });
      });
    }
  }

  /** Operators look at what is paused, and let it go on. */
  resumePaused(): void {
    const { durable } = this.#parts;
    for (const runId of durable.runs()) {
      const invocation = durable.invocation(runId);
      if (invocation?.status !== InvocationStatus.PAUSED) continue;
      const { callers, outside } = this.#parts;
      this.#do(() =>
        callers
          .ask(outside, ({ operators }) => operators.resume(invocation.id, "keep"))
          .catch(() => undefined),
      );
    }
  }

  async #send(submission: Submission, named: boolean): Promise<void> {
    await this.#try(named, async (running) => {
      await this.#submit(running, submission);
    });
  }

  async #submit(running: Running, submission: Submission): Promise<string> {
    const { invocations, process } = running;
    const { invocationId, accepted: isNew } = await invocations.submit(
      requestOf(running, submission),
    );
    if (process.alive) this.#parts.tell({ kind: "accepted", invocationId, isNew });
    return invocationId;
  }

  /** Someone looks whether there is a result. */
  #look({ target, idempotencyKey }: Submission): void {
    const ref = referenceTo(target, idempotencyKey);
    if (ref === undefined) return;
    const { durable, callers, outside, tell } = this.#parts;
    const look = async ({ invocations, process }: Running): Promise<void> => {
      const invocationId = invocations.idOf(ref);
      const life = durable.find(invocationId);
      const before = life !== undefined && durable.output(life) !== undefined ? life : undefined;
      const found = await invocations.output(ref);
      if (!process.alive) return;
      const answer =
        found === undefined
          ? { case: "notFound" as const }
          : found === "notReady"
            ? { case: found }
            : { case: "ended" as const, outcome: textOf(found) };
      tell({ kind: "looked", invocationId, before, answer });
    };
    this.#do(() => callers.ask(outside, look).catch(() => undefined));
  }

  /** How it ended; undefined where nobody knows. */
  #call(submission: Submission, named: boolean): Promise<string | undefined> {
    return this.#try(named, async (running) => {
      const isRun = submission.target.handler === "run" && submission.target.service === "Flow";
      const { invocations } = running;
      if (!isRun) {
        return this.#ended(running, await invocations.call(requestOf(running, submission)));
      }
      // A second call of a workflow is told so: who wants the result attaches.
      const invocationId = await this.#submit(running, submission);
      const outcome = await invocations.attach({ kind: "id", invocationId });
      return outcome === undefined ? undefined : this.#ended(running, outcome);
    });
  }

  #ended(running: Running, outcome: Outcome): string {
    const text = textOf(outcome);
    const { invocationId } = outcome;
    if (running.process.alive) this.#parts.tell({ kind: "ended", invocationId, outcome: text });
    return text;
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
    await this.#insist(async (running) => {
      await running.invocations.signal(invocationId, signalId, { case: "value", value });
      if (running.process.alive) this.#parts.tell({ kind: "signalled", invocationId, signalId });
    });
  }

  /** Until it has done it: operators may have cancelled or killed it. */
  async #helper(target: Target, program: Program, key: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      const idempotencyKey = tries === 1 ? key : `${key} again ${String(tries)}`;
      const submission = { target, program, idempotencyKey, delayMs: 0 };
      const outcome = await this.#call({ ...submission, request: idempotencyKey }, true);
      if (outcome?.startsWith("!") !== true) return;
    }
  }

  /** What has a key is asked for until there is an answer; what has none, once. */
  #try<T>(named: boolean, act: (running: Running) => Promise<T>): Promise<T | undefined> {
    if (named) return this.#insist(act);
    return this.#parts.callers.ask(this.#parts.outside, act).catch(() => undefined);
  }

  #insist<T>(act: (running: Running) => Promise<T>): Promise<T | undefined> {
    return this.#parts.callers.insist(this.#parts.outside, act);
  }

  #do(act: () => Promise<unknown>): void {
    this.waiting++;
    void act().finally(() => {
      this.waiting--;
    });
  }
}

function textOf(outcome: Outcome): string {
  return outcome.kind === "value"
    ? new TextDecoder().decode(outcome.value)
    : outcomeText({ case: "failure", value: outcome.failure });
}

/** Undefined where nothing names it. */
function referenceTo(
  target: Target,
  idempotencyKey: string | undefined,
): InvocationRef | undefined {
  const { service, handler, scope } = target;
  const key = "key" in target ? target.key : undefined;
  if (service === "Flow" && handler === "run" && key !== undefined) {
    return { kind: "workflow", workflow: service, key, scope };
  }
  if (idempotencyKey === undefined) return undefined;
  return { kind: "idempotent", service, handler, key, idempotencyKey, scope };
}

/** The service is not registered yet. */
class NotYet extends Error {
  override readonly name = "NotYet";
}

function requestOf({ registry }: Running, submission: Submission): SubmitRequest {
  const { request, target, program, idempotencyKey, delayMs } = submission;
  const service = registry.view.services.get(target.service);
  const handler = service?.handlers.get(target.handler);
  if (service === undefined || handler === undefined) throw new NotYet();
  return {
    service,
    handler,
    key: "key" in target ? target.key : undefined,
    scope: target.scope,
    limitKey: target.limitKey,
    headers: [create(HeaderSchema, { name: "request", value: request })],
    parameter: new TextEncoder().encode(JSON.stringify(program)),
    idempotencyKey,
    delayMs,
  };
}
