// Who uses the server from outside: callers with and without keys, patient and impatient; and whoever looks for results.

import { create } from "@bufbuild/protobuf";
import { HeaderSchema } from "@perdure/proto/protocol/v1/journal";
import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import type { InvocationRef, Outcome, SubmitRequest } from "@perdure/server/simulation-kit";
import { outcomeText } from "./history.js";
import type { Random } from "./machine/random.js";
import type { Running } from "./machine/server-process.js";
import { drawProgram, drawTarget, type Program, type Target } from "./programs/program.js";
import { Watchers } from "./watchers.js";
import type { WorldParts } from "./world.js";

export interface Submission {
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
  readonly #watchers: Watchers;
  #submissions = 0;

  constructor(parts: WorldParts) {
    this.#parts = parts;
    this.#watchers = new Watchers(parts);
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
    const again = random.chance(vanishing) ? random.about(random.pick([100, 3_000])) : undefined;
    this.do(() => (waits ? this.call(submission, named) : this.#send(submission, named)));
    if (random.chance(0.2)) {
      this.#parts.scheduler.after(random.about(2_000), this.#parts.outside, () => {
        this.#look(submission);
      });
    }
    // Someone else asks for the same, or the same one again: it must be the same invocation.
    if (again === undefined || !named) return;
    this.#parts.scheduler.after(again, this.#parts.outside, () => {
      this.do(() => this.call(submission, true));
    });
  }

  /** Operators look at what is paused, and let it go on. */
  resumePaused(): void {
    const { durable } = this.#parts;
    for (const runId of durable.runs()) {
      const invocation = durable.invocation(runId);
      if (invocation?.status !== InvocationStatus.PAUSED) continue;
      const { callers, outside } = this.#parts;
      this.do(() =>
        callers
          .ask(outside, ({ operators, registry }) => {
            const { deploymentId } = invocation;
            const isGone = deploymentId !== "" && !registry.view.deployments.has(deploymentId);
            return operators.resume(invocation.id, isGone ? "latest" : "keep");
          })
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
    if (process.alive) {
      this.#parts.tell({ kind: "accepted", invocationId, isNew });
      this.do(() => this.#watchers.mayWatch(invocationId));
    }
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
    this.do(() => callers.ask(outside, look).catch(() => undefined));
  }

  /** How it ended; undefined where nobody knows. */
  call(submission: Submission, named: boolean): Promise<string | undefined> {
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

  /** What has a key is asked for until there is an answer; what has none, once. */
  #try<T>(named: boolean, act: (running: Running) => Promise<T>): Promise<T | undefined> {
    if (named) return this.insist(act);
    return this.#parts.callers.ask(this.#parts.outside, act).catch(() => undefined);
  }

  insist<T>(act: (running: Running) => Promise<T>): Promise<T | undefined> {
    return this.#parts.callers.insist(this.#parts.outside, act);
  }

  do(act: () => Promise<unknown>): void {
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
