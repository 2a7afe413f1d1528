// One attempt in the SDK: user code against a journal.
//   A1. Code sees one notification, runs until it is quiet, then the next.
//   A2. When the code is quiet, no closure runs and no proposal is on its way, the attempt says what it waits for.
//   A3. After it is over (ended, failed, dropped, aborted) nothing it does leaves the process any more.

import { create } from "@bufbuild/protobuf";
import {
  AttemptFailed_Behavior as Behavior,
  AttemptFailedSchema,
  WaitingSchema,
  type AttemptNumber,
  type DeploymentFrame,
  type ProposeCompletion,
  type Start,
} from "@perdure/proto/protocol/v1/deployment";
import {
  Awaiting_Combinator as Combinator,
  AwaitingSchema,
  type Entry,
} from "@perdure/proto/protocol/v1/journal";
import { millisOf, type Duration } from "@perdure/protocol/duration";
import { deploymentFrameOf, entryOf, proposalOf } from "@perdure/protocol/messages";
import type { HandlerModel, ServiceModel } from "../definitions/model.js";
import { CancelledError, isRetryableError, messageOf } from "../errors.js";
import type { DurablePromiseNode, PromiseHost } from "../futures/durable-promise.js";
import { timeoutAfter } from "../futures/combinators.js";
import type { Logger } from "../logger.js";
import { JournalMismatch } from "../replay/journal-mismatch.js";
import { Journal, type Notification } from "../replay/journal.js";
import { commandBody } from "./command-body.js";
import type { CompletionPromise, CompletionResult, SignalPromise, SignalResult } from "./leaves.js";
import { failureOf, outputEntry, terminalOf } from "./results.js";

export interface AttemptOptions {
  readonly start: Start;
  readonly entries: readonly Entry[];
  readonly streamId: number;
  readonly number: AttemptNumber;
  readonly service: ServiceModel;
  readonly handler: HandlerModel;
  readonly logger: Logger;
  /** Takes frames in order; they go out at the end of the turn. */
  readonly send: (frame: DeploymentFrame) => void;
  /** Asks for {@link Attempt.endOfTurn} at the end of the turn. */
  readonly touched: (attempt: Attempt) => void;
  readonly ended: (attempt: Attempt) => void;
}

/** The signal that asks the invocation to stop. */
const cancelSignalId = 1;

export class Attempt implements PromiseHost {
  readonly options: AttemptOptions;
  readonly journal: Journal;
  readonly #roots = new Set<DurablePromiseNode<unknown>>();
  readonly #completions = new Map<number, CompletionPromise<unknown>>();
  readonly #signals = new Map<number, SignalPromise<unknown>>();
  /** What was handed out before the code asked for it. */
  readonly #early = new Map<number, Notification>();
  readonly #earlySignals = new Map<number, SignalResult>();
  readonly #proposals = new Map<number, CompletionResult>();
  /** The invocation ids of calls that are under way, by the completion id of their result. */
  readonly #calls = new Map<number, DurablePromiseNode<string>>();
  /** Made when somebody asks for its signal: few handlers do, and making one is dear. */
  #abort: AbortController | undefined;
  #closures = 0;
  #codeFinished = false;
  #over = false;
  #waitingSaid = false;
  #delivering = false;
  #newCommands = 0;

  constructor(options: AttemptOptions) {
    this.options = options;
    this.journal = new Journal(options.entries);
  }

  get over(): boolean {
    return this.#over;
  }

  /** Whether it does no more than wait for the server. */
  get waiting(): boolean {
    return this.#waitingSaid;
  }

  /** Fires when the attempt is over, for whatever reason. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#over) this.#abort.abort();
    return this.#abort.signal;
  }

  /** Commands that were not in the journal when the attempt was started. */
  get newCommands(): number {
    return this.#newCommands;
  }

  // ---- from the server

  notified(index: number, entry: Entry): void {
    this.journal.notified(index, entry);
    this.#arrived();
  }

  accepted(index: number, completionId: number): void {
    this.journal.accepted(index, completionId);
    this.#arrived();
  }

  /** The server has let go of the attempt. */
  drop(): void {
    this.#finish();
  }

  // ---- the life of the code

  /** Runs the handler. */
  run(code: () => Promise<unknown>): void {
    this.#delivering = true;
    this.options.touched(this);
    let running: Promise<unknown>;
    try {
      running = code();
    } catch (error) {
      running = Promise.reject(error as Error);
    }
    running.then(
      (value) => {
        this.#returned(value);
      },
      (error: unknown) => {
        this.#threw(error);
      },
    );
  }

  /** The turn is over, and every reaction to what was handed out has run: the code is quiet. */
  endOfTurn(): void {
    this.#delivering = false;
    if (this.#over || this.#deliver()) return;
    if (this.#codeFinished || this.#roots.size === 0) return;
    if (this.#closures > 0 || this.#proposals.size > 0) return;
    try {
      if (this.journal.replaying) this.journal.stuck();
      this.#sayWaiting();
    } catch (error) {
      this.fail(error);
    }
  }

  // ---- what contexts need

  /**
   * Adds a command. Returns the recorded one where the journal has it. Does nothing where the attempt is over, and
   * ends it where the journal says otherwise: the code then rests at its next await for good, so that none of its
   * `catch` and `finally` blocks runs.
   */
  issue(name: string, body: Entry["body"]): Entry | undefined {
    if (this.#over) return undefined;
    const entry = entryOf(name, body);
    let recorded: Entry | undefined;
    try {
      recorded = this.journal.issue(entry);
    } catch (error) {
      this.fail(error);
      return undefined;
    }
    if (recorded !== undefined) return recorded;
    this.#newCommands++;
    this.#waitingSaid = false;
    this.#send({ case: "command", value: entry });
    return undefined;
  }

  /** A promise that the answer to a command settles. */
  expect<P extends CompletionPromise<unknown>>(promise: P): P {
    const { completionId } = promise;
    this.#completions.set(completionId, promise);
    const early = this.#early.get(completionId);
    if (early === undefined) return promise;
    this.#early.delete(completionId);
    this.#hand(early);
    return promise;
  }

  expectSignal<T>(promise: SignalPromise<T>): SignalPromise<T> {
    const { signalId } = promise;
    const early = this.#earlySignals.get(signalId);
    if (early === undefined) {
      this.#signals.set(signalId, promise as SignalPromise<unknown>);
    } else {
      this.#earlySignals.delete(signalId);
      promise.complete(early);
    }
    return promise;
  }

  /** A call whose callee is cancelled along with this invocation. */
  track(resultCompletion: number, id: DurablePromiseNode<string>): void {
    this.#calls.set(resultCompletion, id);
  }

  /** A closure runs: the attempt computes. */
  closureStarted(): void {
    this.#closures++;
    this.#waitingSaid = false;
  }

  closureEnded(): void {
    this.#closures--;
    this.options.touched(this);
  }

  propose(completionId: number, result: ProposeCompletion["result"]): void {
    if (this.#over) return;
    this.#proposals.set(completionId, result as CompletionResult);
    this.#send({
      case: "proposeCompletion",
      value: proposalOf(completionId, result),
    });
  }

  /** Fails the attempt: the retry policy decides what comes next. */
  fail(error: unknown, retryAfter?: Duration): void {
    if (this.#over) return;
    const { handler, service, logger } = this.options;
    const wait = retryAfter ?? (isRetryableError(error) ? error.retryAfter : undefined);
    const waitMs = wait ? millisOf(wait) : wait;
    const failed = create(AttemptFailedSchema, {
      failure: failureOf(error),
      stacktrace: error instanceof Error && typeof error.stack === "string" ? error.stack : "",
      behavior: Behavior.RETRY,
      relatedCommandIndex: Math.max(0, this.journal.commandCount - 1),
    });
    // A time that is none is no reason to lose the failure.
    if (Number.isSafeInteger(waitMs)) failed.retryAfterMs = BigInt(Math.max(0, waitMs ?? 0));
    if (error instanceof JournalMismatch) {
      const reaction =
        handler.options.onJournalMismatchErrors ?? service.options.onJournalMismatchErrors;
      if (reaction === "pause") failed.behavior = Behavior.PAUSE;
      if (reaction === "fail") failed.behavior = Behavior.FAIL;
    }
    logger.warn(`${this.#name()}: attempt failed: ${messageOf(error)}`);
    this.#send({ case: "failed", value: failed });
    this.#finish();
  }

  // ---- PromiseHost

  awaited(node: DurablePromiseNode<unknown>): void {
    if (this.#over) return;
    this.#roots.add(node);
    this.#waitingSaid = false;
    // The code runs: it is quiet at the end of the turn.
    this.#delivering = true;
    node.onSettled(() => this.#roots.delete(node));
    this.options.touched(this);
  }

  timeout<T>(node: DurablePromiseNode<T>, duration: Duration): DurablePromiseNode<T> {
    return timeoutAfter(node, this.sleep(duration, ""));
  }

  /** Set by the context: timeouts are sleeps. */
  sleep: (duration: Duration, name: string) => DurablePromiseNode<void> = () => {
    throw new Error("the attempt has no context yet");
  };

  // ---- inside

  #arrived(): void {
    // While the code still runs, what arrives waits for the end of the turn.
    if (this.#over || this.#delivering) return;
    this.#deliver();
  }

  /**
   * Hands the next notification to the code. False where there is none, or where the code awaits nothing that is
   * durable: then it is at work on something else, and is not quiet.
   */
  #deliver(): boolean {
    if (this.#roots.size === 0) return false;
    const notification = this.journal.next();
    if (notification === undefined) return false;
    this.#delivering = true;
    this.#waitingSaid = false;
    this.options.touched(this);
    try {
      this.#hand(notification);
    } catch (error) {
      this.fail(error);
    }
    return true;
  }

  #hand(notification: Notification): void {
    if (notification.kind === "signal") {
      const { signal, result } = notification.signal;
      if (signal.case !== "id") return;
      if (signal.value === cancelSignalId) return this.#cancel();
      const awaited = this.#signals.get(signal.value);
      this.#signals.delete(signal.value);
      if (awaited === undefined) this.#earlySignals.set(signal.value, result);
      else awaited.complete(result);
      return;
    }
    const completionId =
      notification.kind === "accepted"
        ? notification.completionId
        : notification.completion.completionId;
    const promise = this.#completions.get(completionId);
    if (promise === undefined) {
      this.#early.set(completionId, notification);
      return;
    }
    const proposed = this.#proposals.get(completionId);
    this.#proposals.delete(completionId);
    const result = notification.kind === "accepted" ? proposed : notification.completion.result;
    this.#completions.delete(completionId);
    this.#calls.delete(completionId);
    if (result !== undefined) promise.complete(result);
  }

  /** Cancels the calls that are under way, once their ids are known, then whatever the code awaits. */
  #cancel(): void {
    const ids = [...this.#calls.values()];
    this.#calls.clear();
    const proceed = (): void => {
      if (ids.some((id) => id.settled === undefined)) return;
      for (const { settled } of ids) {
        if (settled?.kind === "value")
          this.issue("", commandBody("cancel", { invocationId: settled.value }));
      }
      this.#interrupt();
    };
    const unknown = ids.filter((id) => id.settled === undefined);
    for (const id of unknown) id.onSettled(proceed);
    if (unknown.length === 0) proceed();
  }

  #interrupt(): void {
    const roots = [...this.#roots];
    this.#roots.clear();
    for (const root of roots) root.interrupt(new CancelledError());
  }

  #sayWaiting(): void {
    if (this.#waitingSaid) return;
    this.#waitingSaid = true;
    const awaiting = create(AwaitingSchema, {
      combinator: Combinator.FIRST_COMPLETED,
      signalIds: [cancelSignalId],
    });
    for (const root of this.#roots) root.addTo(awaiting, { top: awaiting, outcomeMatters: false });
    const { seen } = this.journal;
    this.#send({ case: "waiting", value: create(WaitingSchema, { awaiting, seen }) });
  }

  #returned(value: unknown): void {
    this.#codeFinished = true;
    if (this.#over) return;
    try {
      const { handler, service } = this.options;
      const output = outputEntry(service, handler, value);
      this.#end(output);
    } catch (error) {
      this.fail(error);
    }
  }

  #threw(error: unknown): void {
    this.#codeFinished = true;
    if (this.#over) return;
    try {
      const terminal = terminalOf(this.options, error);
      if (terminal === undefined) return this.fail(error);
      this.#end({
        case: "output",
        value: {
          $typeName: "perdure.protocol.v1.OutputCommand",
          result: { case: "failure", value: failureOf(terminal) },
        },
      });
    } catch (another) {
      this.fail(another);
    }
  }

  #end(output: Entry["body"]): void {
    this.journal.finished();
    const entry = entryOf("", output);
    this.journal.issue(entry);
    this.#send({ case: "end", value: { $typeName: "perdure.protocol.v1.End", output: entry } });
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#roots.clear();
    this.#abort?.abort();
    this.options.ended(this);
  }

  #send(frame: DeploymentFrame["frame"]): void {
    if (this.#over) return;
    const { streamId, number, send } = this.options;
    send(deploymentFrameOf(streamId, number, frame));
  }

  #name(): string {
    const { service, handler, start } = this.options;
    const key = start.target?.key === undefined ? "" : `/${start.target.key}`;
    return `${service.name}${key}/${handler.name} ${start.invocationId}`;
  }
}
