// A caller of the mixed load: asks for what one operation needs until it is answered, whatever breaks.
//
// Results are kept for their retention. Who submits the same key again after that submits something new, which runs, as is
// promised; and a request may lie in a buffer for long where machine or server stand still. So a caller submits again only
// in the first third of that time. Later it asks for the result of what is there, which starts nothing.

import { insisting, UnexpectedAnswer, type Insist } from "../crash/traffic.js";
import type { Answer, Http } from "../harness/http.js";

export interface MixedCallerOptions {
  readonly ingress: Http;
  /** Ends all callers. */
  readonly signal?: AbortSignal;
  /** A request that has no answer by then is asked again. Default: 30 s. */
  readonly answerMs?: number;
  /** How long the server keeps results. Default: for longer than anybody asks. */
  readonly keptMs?: number;
}

/** The caller has no answer, and can't ask any more: whatever there was may be gone. */
export class AskedTooLate extends Error {
  override readonly name = "AskedTooLate";
}

/** A share of the time for which results are kept. */
const submittedAgainFor = 1 / 3;
const unknownInvocation = "PDR3016";

export class MixedCaller {
  readonly #options: MixedCallerOptions;
  readonly #insist: Insist;
  readonly #startedAt: number = performance.now();

  constructor(options: MixedCallerOptions) {
    this.#options = options;
    this.#insist = insisting(options.signal);
  }

  /** Calls a handler without a key: it runs each time it is asked. */
  ask(path: string, json?: unknown): Promise<any> {
    return this.#insist(200, () => this.#post(`/restate/call/${path}`, json));
  }

  async call(path: string, json: unknown, idempotencyKey: string): Promise<any> {
    const headers = { "idempotency-key": idempotencyKey };
    const maySubmit = this.#submitting();
    try {
      return await this.#insist(200, () =>
        maySubmit()
          ? this.#post(`/restate/call/${path}`, json, headers)
          : this.#get(`/restate/invocation/${path}/${idempotencyKey}/attach`),
      );
    } catch (error) {
      if (maySubmit() || !isUnknown(error)) throw error;
      throw new AskedTooLate(`${path} was never answered, and is unknown`, { cause: error });
    }
  }

  /** Where the path does not name a workflow's run, with a key of its own. */
  send(path: string, json?: unknown, idempotencyKey?: string): Promise<any> {
    const headers: Record<string, string> =
      idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
    const maySubmit = this.#submitting();
    return this.#insist(202, () => {
      if (!maySubmit()) throw new AskedTooLate(`the send to ${path} was never answered`);
      return this.#post(`/restate/send/${path}`, json, headers);
    });
  }

  attach(invocationId: string): Promise<any> {
    return this.#accepted(200, () => this.#get(`/restate/attach/${invocationId}`));
  }

  attachWorkflow(name: string, key: string): Promise<any> {
    return this.#accepted(200, () => this.#get(`/restate/workflow/${name}/${key}/attach`));
  }

  async resolve(awakeable: string, json: unknown): Promise<void> {
    const path = `/restate/awakeables/${awakeable}/resolve`;
    await this.#accepted(202, () => this.#post(path, json));
  }

  /** Concerns what was accepted: it is known until its result is gone, and nobody may say otherwise before. */
  async #accepted(status: number, ask: () => Promise<Answer>): Promise<any> {
    try {
      return await this.#insist(status, ask);
    } catch (error) {
      const isKept = performance.now() - this.#startedAt < (this.#options.keptMs ?? Infinity);
      if (isKept || !isUnknown(error)) throw error;
      throw new AskedTooLate("its result was kept, and nobody got it", { cause: error });
    }
  }

  /** Whether the same may be submitted again, as long as no result can be gone. */
  #submitting(): () => boolean {
    const until = performance.now() + (this.#options.keptMs ?? Infinity) * submittedAgainFor;
    return () => performance.now() < until;
  }

  #post(path: string, json?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#options.ingress.post(path, json, { headers, signal: this.#patience() });
  }

  #get(path: string): Promise<Answer> {
    return this.#options.ingress.get(path, { signal: this.#patience() });
  }

  #patience(): AbortSignal {
    return AbortSignal.timeout(this.#options.answerMs ?? 30_000);
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof UnexpectedAnswer && error.answer.json?.errorCode === unknownInvocation;
}
