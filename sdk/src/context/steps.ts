// Steps and sleeps.

import { millisOf, type Duration } from "@perdure/protocol/duration";
import type { Attempt } from "../attempt/attempt.js";
import { commandBody } from "../attempt/command-body.js";
import { checkText } from "../attempt/command-texts.js";
import { CompletionPromise, RunPromise } from "../attempt/leaves.js";
import { readValue, readVoid } from "../attempt/readers.js";
import { executeStep } from "../attempt/run-step.js";
import type { DurablePromiseNode } from "../futures/durable-promise.js";
import { serde, type Serde } from "../serde/serde.js";
import type { ContextDate, RunAction, RunOptions, StepContext } from "./context.js";

export interface StepMethods {
  run<T>(
    first: string | RunAction<T>,
    second?: RunAction<T>,
    options?: RunOptions<T>,
  ): RunPromise<T>;
  sleep(duration: Duration, name?: string): DurablePromiseNode<void>;
}

export function createSteps(attempt: Attempt): StepMethods {
  const stepContext: StepContext = {
    get signal(): AbortSignal {
      return attempt.signal;
    },
  };
  let othersUnfinished = false;

  function run<T>(
    first: string | RunAction<T>,
    second?: RunAction<T>,
    options: RunOptions<T> = {},
  ): RunPromise<T> {
    const isAlone = typeof first === "function";
    const name = isAlone ? "" : first;
    const action = isAlone ? first : second;
    if (typeof action === "function") checkText("the name of a step", name);
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

  return { run, sleep };
}

/** Whatever the handler's own serde is. */
const asJson = { serde: serde.json };

/** The time, as steps. */
export function createDate(attempt: Attempt, { run }: StepMethods): ContextDate {
  return {
    now: () => run("", () => Math.floor(attempt.options.now()), asJson as RunOptions<number>),
    toJSON: () =>
      run("", () => new Date(attempt.options.now()).toJSON(), asJson as RunOptions<string>),
  } as unknown as ContextDate;
}
