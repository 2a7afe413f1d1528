// The context of an attempt: every kind of handler gets the same object; the interfaces say what each may use.

import { millisOf, type Duration } from "@perdure/protocol/duration";
import type { Attempt } from "../attempt/attempt.js";
import { commandBody } from "../attempt/command-body.js";
import { CompletionPromise, RunPromise, SignalPromise } from "../attempt/leaves.js";
import { readValue, readVoid } from "../attempt/readers.js";
import { executeStep } from "../attempt/run-step.js";
import { cancelSignalId } from "../attempt/signals.js";
import type { DurablePromiseNode } from "../futures/durable-promise.js";
import { loggingConsole, logContextOf } from "../logger.js";
import { serde, type Serde } from "../serde/serde.js";
import { createAwakeables } from "./awakeables.js";
import { createCalls } from "./calls.js";
import { createClientMakers, createScoped } from "./client-makers.js";
import type {
  Context,
  ObjectContext,
  Request,
  RunAction,
  RunOptions,
  StepContext,
  WorkflowContext,
} from "./context.js";
import type { ContextInternal } from "./context-internal.js";
import { createPromises } from "./promises.js";
import { createRand } from "./rand.js";
import { createReferences } from "./references.js";
import { createState } from "./state.js";

/** Whatever the handler's own serde is. */
const asJson = { serde: serde.json };

/** What the context of any kind of handler can do, in one. */
export type AnyContext = WorkflowContext & ObjectContext;

export function createContext(attempt: Attempt, request: Request): AnyContext {
  const { start } = attempt.options;
  const calls = createCalls(attempt);
  const stepContext: StepContext = {
    get signal(): AbortSignal {
      return attempt.signal;
    },
  };
  let cancellation: SignalPromise<void> | undefined;
  let othersUnfinished = false;

  function run<T>(
    first: string | RunAction<T>,
    second?: RunAction<T>,
    options: RunOptions<T> = {},
  ): RunPromise<T> {
    const name = typeof first === "string" ? first : "";
    const action = typeof first === "string" ? second : first;
    if (typeof action !== "function") throw new TypeError("ctx.run takes a function to run");
    const completionId = attempt.journal.newCompletionId();
    const recorded = attempt.issue(name, commandBody("run", { completionId }));
    const command = attempt.lastCommand;
    const unfinished = recorded !== undefined && !attempt.journal.hasCompletion(completionId);
    // Every attempt since the last progress has tried the steps that are recorded without a result. Where there are none,
    // the first new command is what they failed at.
    const ownFailures = unfinished || (!othersUnfinished && attempt.newCommands === 1);
    othersUnfinished ||= unfinished;
    const valueSerde = options.serde ?? (attempt.defaultSerde as Serde<T>);
    const closure = (): T | Promise<T> => action(stepContext);
    return attempt.expect(
      new RunPromise<T>(attempt, completionId, readValue(valueSerde as never, undefined), () => {
        attempt.startStep(() => {
          if (attempt.over || attempt.journal.hasCompletion(completionId)) return;
          executeStep(attempt, { completionId, name, ownFailures, command }, closure, options);
        });
      }),
    );
  }

  function sleep(duration: Duration, name = ""): DurablePromiseNode<void> {
    // A name that is not in the configuration gives undefined, whatever the types say.
    const durationMs = millisOf((duration as Duration | undefined) ?? NaN);
    if (!Number.isSafeInteger(durationMs) || durationMs < 0) {
      throw new RangeError(
        `ctx.sleep takes a duration of zero or more, not ${typeof duration === "object" ? JSON.stringify(duration) : String(duration)}`,
      );
    }
    const completionId = attempt.journal.newCompletionId();
    attempt.issue(
      name,
      commandBody("sleep", { completionId, durationMs: BigInt(durationMs), wakeUpTimeMs: 0n }),
    );
    return attempt.expect(new CompletionPromise(attempt, completionId, readVoid));
  }
  attempt.sleep = sleep;

  const internals: Pick<ContextInternal, Exclude<keyof ContextInternal, keyof Context>> = {
    isProcessing: () => !attempt.journal.replaying,
    cancellation(): SignalPromise<void> {
      if (cancellation === undefined || cancellation.settled !== undefined) {
        cancellation = new SignalPromise<void>(attempt, cancelSignalId, readVoid);
      }
      return cancellation;
    },
    cancelPreviousCalls: () => attempt.cancellation.cancelPreviousCalls(),
  };

  const context = {
    ...internals,
    run,
    sleep,
    ...createState(attempt),
    ...createPromises(attempt),
    ...createAwakeables(attempt),
    ...createReferences(attempt),
    key: start.target?.key ?? "",
    ...createClientMakers(calls),
    scope: (key: string) => createScoped(calls, key),
    genericCall: calls.genericCall,
    genericSend: calls.genericSend,
    request: () => request,
    rand: createRand(start.randomSeed),
    date: {
      now: () => run("", () => Math.floor(attempt.options.now()), asJson),
      toJSON: () => run("", () => new Date(attempt.options.now()).toJSON(), asJson),
    },
    console: loggingConsole(
      attempt.options.logger.transport,
      () => logContextOf(attempt.options, request),
      () => attempt.journal.replaying,
    ),
  };
  return context as unknown as AnyContext;
}
