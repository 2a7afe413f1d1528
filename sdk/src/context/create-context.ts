// The context of an attempt: every kind of handler gets the same object; the interfaces say what each may use.
//
// Few handlers use many of its members, and each attempt has a context of its own: so members are grouped, and a
// group is made when one of its members is used for the first time.

import type { Duration } from "@perdure/protocol/duration";
import type { Attempt } from "../attempt/attempt.js";
import { SignalPromise } from "../attempt/leaves.js";
import { readVoid } from "../attempt/readers.js";
import { cancelSignalId } from "../attempt/signals.js";
import { loggingConsole, logContextOf } from "../logger.js";
import { createAwakeables } from "./awakeables.js";
import { createCalls, type Calls } from "./calls.js";
import { createClientMakers, createScoped } from "./client-makers.js";
import type { Context, ObjectContext, Request, WorkflowContext } from "./context.js";
import type { ContextInternal } from "./context-internal.js";
import { createPromises } from "./promises.js";
import { createRand } from "./rand.js";
import { createReferences } from "./references.js";
import { createState } from "./state.js";
import { createDate, createSteps, type StepMethods } from "./steps.js";

/** What the context of any kind of handler can do, in one. */
export type AnyContext = WorkflowContext & ObjectContext;

type Group = Readonly<Record<string, unknown>>;

/** Which group has a member. Members that are groups themselves stand for themselves. */
const members: Readonly<Record<string, readonly string[]>> = {
  steps: ["run", "sleep"],
  state: ["get", "stateKeys", "set", "clear", "clearAll"],
  promises: ["promise"],
  awakeables: ["awakeable", "resolveAwakeable", "rejectAwakeable"],
  references: ["signal", "invocation", "cancel", "attach"],
  clients: [
    "serviceClient",
    "objectClient",
    "workflowClient",
    "serviceSendClient",
    "objectSendClient",
    "workflowSendClient",
    "client",
    "sendClient",
  ],
  calls: ["genericCall", "genericSend"],
  internals: ["isProcessing", "cancellation", "cancelPreviousCalls"],
};

class LazyContext {
  readonly #attempt: Attempt;
  readonly #requestOf: () => Request;
  #steps: StepMethods | undefined;
  #made: Map<string, unknown> | undefined;

  constructor(attempt: Attempt, requestOf: () => Request) {
    this.#attempt = attempt;
    this.#requestOf = requestOf;
    attempt.sleep = (duration: Duration, name: string) => this.steps.sleep(duration, name);
  }

  get key(): string {
    return this.#attempt.options.start.target?.key ?? "";
  }

  request(): Request {
    return this.#requestOf();
  }

  get scope(): (key: string) => unknown {
    return (key) => createScoped(this.calls, key);
  }

  get rand(): unknown {
    return this.group("rand", () => createRand(this.#attempt.options.start.randomSeed));
  }

  get date(): unknown {
    return this.group("date", () => createDate(this.#attempt, this.steps));
  }

  get console(): unknown {
    const { options, journal } = this.#attempt;
    return this.group("console", () =>
      loggingConsole(
        options.logger.transport,
        () => logContextOf(options, this.#requestOf()),
        () => journal.replaying,
      ),
    );
  }

  get steps(): StepMethods {
    this.#steps ??= createSteps(this.#attempt);
    return this.#steps;
  }

  get calls(): Calls {
    return this.group("calls", () => createCalls(this.#attempt));
  }

  group<T>(name: string, make: () => T): T {
    this.#made ??= new Map();
    let made = this.#made.get(name) as T | undefined;
    if (made === undefined) {
      made = make();
      this.#made.set(name, made);
    }
    return made;
  }

  groupNamed(name: string): Group {
    const attempt = this.#attempt;
    switch (name) {
      case "steps":
        return this.steps as unknown as Group;
      case "calls":
        return this.calls as unknown as Group;
      case "state":
        return this.group(name, () => createState(attempt)) as unknown as Group;
      case "promises":
        return this.group(name, () => createPromises(attempt)) as unknown as Group;
      case "awakeables":
        return this.group(name, () => createAwakeables(attempt)) as unknown as Group;
      case "references":
        return this.group(name, () => createReferences(attempt)) as unknown as Group;
      case "clients":
        return this.group(name, () => createClientMakers(this.calls)) as unknown as Group;
      default:
        return this.group(name, () => createInternals(attempt)) as unknown as Group;
    }
  }
}

for (const [group, names] of Object.entries(members)) {
  for (const name of names) {
    Object.defineProperty(LazyContext.prototype, name, {
      get(this: LazyContext): unknown {
        return this.groupNamed(group)[name];
      },
    });
  }
}

/** @param requestOf  gives the same request each time */
export function createContext(attempt: Attempt, requestOf: () => Request): AnyContext {
  return new LazyContext(attempt, requestOf) as unknown as AnyContext;
}

function createInternals(
  attempt: Attempt,
): Pick<ContextInternal, Exclude<keyof ContextInternal, keyof Context>> {
  let cancellation: SignalPromise<void> | undefined;
  return {
    isProcessing: () => !attempt.journal.replaying,
    cancellation(): SignalPromise<void> {
      if (cancellation === undefined || cancellation.settled !== undefined) {
        cancellation = new SignalPromise<void>(attempt, cancelSignalId, readVoid);
      }
      return cancellation;
    },
    cancelPreviousCalls: () => attempt.cancellation.cancelPreviousCalls(),
  };
}
