// The context of an attempt: every kind of handler gets the same object; the interfaces say what each may use.

import { millisOf, type Duration } from "@perdure/protocol/duration";
import { nameOf, type Definable } from "@perdure/protocol/definitions";
import type { Attempt } from "../attempt/attempt.js";
import { commandBody } from "../attempt/command-body.js";
import { CompletionPromise, RunPromise } from "../attempt/leaves.js";
import { readValue, readVoid } from "../attempt/readers.js";
import { executeStep } from "../attempt/run-step.js";
import type { DurablePromiseNode } from "../futures/durable-promise.js";
import { defaultSerde } from "../serde/serde.js";
import { createAwakeables } from "./awakeables.js";
import { createCalls } from "./calls.js";
import { proxyClient } from "./clients.js";
import type { ObjectContext, Request, RunAction, RunOptions, WorkflowContext } from "./context.js";
import { createPromises } from "./promises.js";
import { createRand } from "./rand.js";
import { createState } from "./state.js";

/** What the context of any kind of handler can do, in one. */
export type AnyContext = WorkflowContext & ObjectContext;

export function createContext(attempt: Attempt, request: Request): AnyContext {
  const { start } = attempt.options;
  const calls = createCalls(attempt);
  const clientOf = (definable: Definable, key: string | undefined): unknown =>
    proxyClient((handler, input, options) =>
      calls.call(nameOf(definable), handler, key, input, options),
    );
  const sendClientOf = (definable: Definable, key: string | undefined): unknown =>
    proxyClient((handler, input, options) =>
      calls.send(nameOf(definable), handler, key, input, options),
    );

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
    const firstNew =
      recorded === undefined ? attempt.newCommands === 1 : !attempt.journal.replaying;
    const serde = options.serde ?? defaultSerde<T>();
    return attempt.expect(
      new RunPromise<T>(attempt, completionId, readValue(serde as never, undefined), () => {
        if (attempt.over || attempt.journal.hasCompletion(completionId)) return;
        executeStep(attempt, { completionId, name, firstNew }, action, options);
      }),
    );
  }

  function sleep(duration: Duration, name = ""): DurablePromiseNode<void> {
    // A name that is not in the configuration gives undefined, whatever the types say.
    const durationMs = millisOf((duration as Duration | undefined) ?? NaN);
    if (!Number.isSafeInteger(durationMs) || durationMs < 0) {
      throw new RangeError(
        `ctx.sleep takes a duration of zero or more, not ${JSON.stringify(duration)}`,
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

  const context = {
    run,
    sleep,
    ...createState(attempt),
    ...createPromises(attempt),
    ...createAwakeables(attempt),
    key: start.target?.key ?? "",
    serviceClient: (definition: Definable) => clientOf(definition, undefined),
    objectClient: keyed(clientOf),
    workflowClient: keyed(clientOf),
    serviceSendClient: (definition: Definable) => sendClientOf(definition, undefined),
    objectSendClient: keyed(sendClientOf),
    workflowSendClient: keyed(sendClientOf),
    genericCall: calls.genericCall,
    genericSend: calls.genericSend,
    request: () => request,
    rand: createRand(start.randomSeed),
    date: {
      now: () => run(() => Date.now()),
      toJSON: () => run(() => new Date().toJSON()),
    },
    console: replayConsole(() => attempt.journal.replaying),
  };
  return context as unknown as AnyContext;
}

type ClientMaker = (definable: Definable, key: string) => unknown;

/** Keys often come from input that nobody has checked. */
function keyed(clientOf: ClientMaker): ClientMaker {
  return (definable, key) => {
    if (typeof key === "string") return clientOf(definable, key);
    throw new TypeError(`a client of ${nameOf(definable)} needs a key, as a string`);
  };
}

/** The console, silent for what was said already. */
function replayConsole(replaying: () => boolean): Console {
  return new Proxy(console, {
    get(target, property): unknown {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== "function" || !replaying()) return member;
      return () => undefined;
    },
  });
}
