// One attempt in the SDK: user code against a journal.
//   A1. Code sees one notification, runs until it is quiet, then the next.
//   A2. When the code is quiet, no closure runs and no proposal is on its way, the attempt says what it waits for.
//   A4. A closure is started only when what the attempt was begun with is durable. With early results, code is shown what a closure gave at once; but no closure starts before everything that
//       the code was shown is recorded.
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
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import { millisOf, type Duration } from "@perdure/protocol/duration";
import { errorMessage } from "@perdure/protocol/error-message";
import { deploymentFrameOf, entryOf, proposalOf } from "@perdure/protocol/messages";
import type { CalleeSerdes } from "../definitions/declared-serdes.js";
import type { HandlerModel, ServiceModel } from "../definitions/model.js";
import { isPauseError, isRetryableError } from "../errors.js";
import type { DurablePromiseNode } from "../futures/durable-promise.js";
import { timeoutAfter } from "../futures/combinators.js";
import { leave, runInside, type HostSlot } from "../futures/current-host.js";
import { logContextOf, type Logger } from "../logger.js";
import type { Serde } from "../serde/serde.js";
import { JournalMismatch } from "../replay/journal-mismatch.js";
import { Journal, type Notification } from "../replay/journal.js";
import { awaitedSignals, awaitingOf } from "./awaited.js";
import { Cancellation, isExplicit, type Cancellable } from "./cancellation.js";
import { checkTexts } from "./command-texts.js";
import type { CommandRef, CompletionPromise, CompletionResult } from "./leaves.js";
import type { RunInterceptor } from "./interceptors.js";
import { defaultSerdeOf, failureOf, terminalOf } from "./results.js";
import { cancelSignalId, Signals } from "./signals.js";
import { StepMisuse } from "./step-misuse.js";

export interface AttemptOptions {
  readonly start: Start;
  readonly entries: readonly Entry[];
  readonly streamId: number;
  readonly number: AttemptNumber;
  readonly service: ServiceModel;
  readonly handler: HandlerModel;
  readonly logger: Logger;
  /** What is known of handlers that the code may call, beside what their definitions declare. */
  readonly callees?: CalleeSerdes | undefined;
  /** The clock of `ctx.date`. */
  readonly now: () => number;
  /** Nobody accepts a proposal while the attempt lasts: it says that it waits for its own as well. */
  readonly requestResponse: boolean;
  /** What the attempt begins with is durable; else {@link Attempt.openGate} says when it is. */
  readonly gateOpen: boolean;
  /** The server keeps the order in which results are shown before they are recorded. Not for request and response. */
  readonly earlyResults: boolean;
  /** Takes frames in order; they go out at the end of the turn. */
  readonly send: (frame: DeploymentFrame) => void;
  /** Asks for {@link Attempt.endOfTurn} at the end of the turn. */
  readonly touched: (attempt: Attempt) => void;
  readonly ended: (attempt: Attempt) => void;
}

/** What is known of a failure beside its error. */
export interface FailureDetails {
  /** When to try again; else what the error says, or the retry policy. */
  readonly retryAfter?: Duration | undefined;
  /** The command that it is about. Default: the last one. */
  readonly command?: CommandRef | undefined;
  /** The invocation is to be paused, whatever its retry policy says. */
  readonly pause?: boolean | undefined;
}

export class Attempt implements Cancellable {
  readonly options: AttemptOptions;
  readonly journal: Journal;
  /** For values that the code gives no serde for. */
  readonly defaultSerde: Serde<unknown>;
  readonly cancellation: Cancellation;
  readonly signals: Signals = new Signals();
  readonly #roots = new Set<DurablePromiseNode<unknown>>();
  readonly #completions = new Map<number, CompletionPromise<unknown>>();
  /** What was handed out before the code asked for it. */
  #early: Map<number, Notification> | undefined;
  readonly #proposals = new Map<number, CompletionResult>();
  /** Made when somebody asks for its signal: few handlers do, and making one is dear. */
  #abort: AbortController | undefined;
  /** Steps that may not start yet. */
  readonly #steps: (() => void)[] = [];
  /** What the attempt was begun with is durable. */
  #gateOpen: boolean;
  /** What was said while the gate was closed: it goes out with what the first steps give. */
  #held: DeploymentFrame["frame"][] = [];
  readonly #slot: HostSlot = { host: this };
  #closures = 0;
  #codeFinished = false;
  #over = false;
  #waitingSaid = false;
  #delivering = false;
  #newCommands = 0;
  #insideStep = false;
  #lastCommand: CommandRef | undefined;
  #failure: unknown;
  /** Runs the closure of a step inside the interceptors of hooks. Undefined where there are none. */
  interceptRun: RunInterceptor | undefined;

  constructor(options: AttemptOptions) {
    this.options = options;
    this.defaultSerde = defaultSerdeOf(options.service, options.handler);
    this.journal = new Journal(options.entries);
    this.#gateOpen = options.gateOpen;
    const { handler, service } = options;
    this.cancellation = new Cancellation(this, isExplicit(handler.options, service.options));
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

  /** The newest command of the code, recorded or not; undefined while the input is the only one. */
  get lastCommand(): CommandRef | undefined {
    return this.#lastCommand;
  }

  /** What the attempt failed with; undefined where it did not. */
  get failure(): unknown {
    return this.#failure;
  }

  // ---- from the server

  notified(index: number, entry: Entry): void {
    this.journal.notified(index, entry);
    this.#arrived();
  }

  accepted(index: number, completionId: number): void {
    this.journal.accepted(index, completionId);
    if (this.#over) return;
    if (this.#mayStartSteps) this.#startSteps();
    if (this.options.earlyResults) this.options.touched(this);
    this.#arrived();
  }

  /** What the attempt was begun with is durable. */
  openGate(): void {
    this.#gateOpen = true;
    if (this.#over) return;
    this.#sendHeld();
    if (this.#over) return;
    if (this.#mayStartSteps) this.#startSteps();
    this.options.touched(this);
  }

  /** The server has let go of the attempt. */
  drop(): void {
    this.#finish();
  }

  // ---- the life of the code

  /** Runs the handler, whose code gives the output command. */
  run(code: () => Promise<Entry["body"]>): void {
    this.#delivering = true;
    this.options.touched(this);
    let running: Promise<Entry["body"]>;
    try {
      running = runInside(this.#slot, code);
    } catch (error) {
      running = Promise.reject(error as Error);
    }
    running.then(
      (output) => {
        this.#returned(output);
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
    if (this.#steps.length === 0) this.#sendHeld();
    if (this.#codeFinished || this.#roots.size === 0) return;
    if (this.#mayStartSteps) this.#startSteps();
    if (this.#closures > 0 || this.journal.hasUnrecorded) return;
    if (this.#steps.length > 0 && !this.journal.replaying) return;
    if (this.#proposals.size > 0 && !this.options.requestResponse) return;
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
   * @throws TypeError  PDR2029: a name or key is no text
   */
  issue(name: string, body: Entry["body"]): Entry | undefined {
    if (this.#over) return undefined;
    if (this.#insideStep) throw new StepMisuse(body.case);
    checkTexts(name, body);
    const entry = entryOf(name, body);
    let recorded: Entry | undefined;
    try {
      this.#lastCommand = { index: this.journal.commandCount, entry };
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
    const early = this.#early?.get(completionId);
    if (early === undefined) return promise;
    this.#early?.delete(completionId);
    this.#hand(early);
    return promise;
  }

  /**
   * Starts a step that is awaited: now, or when all that the code was shown is recorded, or at the end of the turn while the
   * journal has more commands. If the code does not ask for them by then, it awaits what it did not await when the
   * journal was written.
   */
  startStep(start: () => void): void {
    if (this.#mayStartSteps) start();
    else this.#steps.push(start);
  }

  #startSteps(): void {
    if (this.#steps.length === 0) return;
    for (const start of this.#steps.splice(0)) start();
  }

  get #mayStartSteps(): boolean {
    return this.#gateOpen && !this.journal.replaying && !this.journal.hasShownUnrecorded;
  }

  /** Runs the closure of a step, up to where it waits for the first time. */
  insideStep<T>(closure: () => T): T {
    this.#insideStep = true;
    try {
      return closure();
    } finally {
      this.#insideStep = false;
    }
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
    const proposal = proposalOf(completionId, result);
    if (this.options.earlyResults) proposal.shownAfter = this.journal.showEarly(completionId);
    this.#send({ case: "proposeCompletion", value: proposal });
  }

  /** Fails the attempt: the retry policy decides what comes next. */
  fail(error: unknown, about: FailureDetails = {}): void {
    if (this.#over) return;
    const { handler, service, logger } = this.options;
    const command = about.command ?? this.#lastCommand;
    const wait = about.retryAfter ?? (isRetryableError(error) ? error.retryAfter : undefined);
    const waitMs = wait ? millisOf(wait) : wait;
    const failed = create(AttemptFailedSchema, {
      failure: failureOf(error),
      stacktrace: error instanceof Error && typeof error.stack === "string" ? error.stack : "",
      behavior: about.pause === true ? Behavior.PAUSE : Behavior.RETRY,
      relatedCommandIndex: command?.index ?? 0,
      relatedCommandName: command?.entry.name ?? "",
      relatedCommandType: command?.entry.body.case ?? "input",
    });
    // A time that is none is no reason to lose the failure.
    if (Number.isSafeInteger(waitMs)) failed.retryAfterMs = BigInt(Math.max(0, waitMs ?? 0));
    if (error instanceof JournalMismatch) {
      const reaction =
        handler.options.onJournalMismatchErrors ?? service.options.onJournalMismatchErrors;
      if (reaction === "pause") failed.behavior = Behavior.PAUSE;
      if (reaction === "fail") failed.behavior = Behavior.FAIL;
    }
    if (isPauseError(error) && about.pause !== true) {
      logger.warn(
        "a PauseError pauses in steps only (ctx.run): retried",
        logContextOf(this.options),
      );
    }
    logger.warn(`attempt failed: ${errorMessage(error)}`, logContextOf(this.options));
    this.#failure = error;
    this.#send({ case: "failed", value: failed });
    this.#finish();
  }

  /** Rejects whatever the code awaits. It may go on with new awaits. */
  interrupt(error: Error): void {
    const roots = [...this.#roots];
    this.#roots.clear();
    for (const root of roots) root.interrupt(error);
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
      const { signal } = notification.signal;
      const isCancel = signal.case === "id" && signal.value === cancelSignalId;
      if (isCancel && !this.cancellation.explicit) return this.cancellation.arrived();
      return this.signals.arrived(notification.signal, awaitedSignals(this.#roots));
    }
    const completionId =
      notification.kind === "accepted"
        ? notification.completionId
        : notification.completion.completionId;
    const promise = this.#completions.get(completionId);
    if (promise === undefined) {
      this.#early ??= new Map();
      this.#early.set(completionId, notification);
      return;
    }
    const proposed = this.#proposals.get(completionId);
    this.#proposals.delete(completionId);
    const result = notification.kind === "accepted" ? proposed : notification.completion.result;
    this.#completions.delete(completionId);
    this.cancellation.answered(completionId);
    if (result !== undefined) promise.complete(result);
  }

  #sayWaiting(): void {
    if (this.#waitingSaid) return;
    this.#waitingSaid = true;
    const awaiting = awaitingOf(this.#roots, this.cancellation.explicit);
    // The code is quiet: nothing is left that it has not seen.
    const seen = this.journal.lastIndex;
    this.#send({ case: "waiting", value: create(WaitingSchema, { awaiting, seen }) });
  }

  #returned(output: Entry["body"]): void {
    this.#codeFinished = true;
    if (this.#over) return;
    try {
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
    leave(this.#slot);
    this.#roots.clear();
    this.#held = [];
    this.#abort?.abort();
    this.options.ended(this);
  }

  #send(frame: DeploymentFrame["frame"]): void {
    if (this.#over) return;
    if (!this.#gateOpen && frame.case === "command") {
      this.#held.push(frame);
      return;
    }
    this.#sendHeld();
    this.#sendNow(frame);
  }

  #sendHeld(): void {
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = [];
    for (const frame of held) this.#sendNow(frame);
  }

  #sendNow(frame: DeploymentFrame["frame"]): void {
    const { streamId, number, send } = this.options;
    send(deploymentFrameOf(streamId, number, frame));
  }
}
