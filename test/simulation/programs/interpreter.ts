// Real handlers that do what programs say. The name of a step tells what the code has seen before it: code that takes
// another path on replay than its journal asks for another step, and is found out.

import {
  CancelledError,
  DurablePromise,
  handlers,
  object,
  serde,
  service,
  TerminalError,
  workflow,
  type Context,
  type InvocationId,
  type Definition,
  type GenericCall,
  type ObjectContext,
  type ObjectSharedContext,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import type { AttemptView, Fact } from "../history.js";
import type { Awaited, Program, Statement, Target } from "./program.js";

/** Something that somebody outside has to do, or the invocation waits for ever. */
export type Want =
  | { readonly kind: "awakeable"; readonly id: string; readonly runId: string }
  | {
      readonly kind: "promise";
      readonly scope: string | undefined;
      readonly key: string;
      readonly name: string;
      /** The life of the workflow that waits for it. */
      readonly runId: string;
    }
  | {
      readonly kind: "signal";
      readonly invocationId: string;
      readonly runId: string;
      readonly name: string;
      readonly path: string;
    };

/** The process that runs the handlers, and the world around it. */
export interface Host {
  /** The newest attempt that this process has of an invocation. */
  attemptOf(invocationId: string): AttemptView;
  tell(fact: Fact): void;
  wants(want: Want): void;
  /** Counts an execution of a step, and says which it is. */
  execution(runId: string, step: string): number;
  /** How long something takes that should take `ms`. */
  slow(ms: number): Promise<void>;
  /** Whether this process has other code than the one that wrote the journal. */
  readonly wrongCode: boolean;
}

export interface HandlerOutput {
  readonly id: string;
  readonly trace: readonly (readonly [path: string, outcome: string])[];
}

type AnyContext = WorkflowContext & ObjectContext;

const retryPolicy = { initialInterval: 20, maxInterval: 1_000, maxAttempts: 12 };

export function simulatedServices(host: Host, lazyState: boolean): Definition[] {
  const handle = (ctx: unknown, program: Program): Promise<HandlerOutput> =>
    new Interpretation(host, ctx as AnyContext).run(program);
  const options = { retryPolicy };
  const stateful = { retryPolicy, enableLazyState: lazyState };
  return [
    service({
      name: "Plain",
      options,
      handlers: { run: (ctx: Context, program: Program) => handle(ctx, program) },
    }),
    object({
      name: "Thing",
      options: stateful,
      handlers: {
        own: (ctx: ObjectContext, program: Program) => handle(ctx, program),
        look: handlers.object.shared((ctx: ObjectSharedContext, program: Program) =>
          handle(ctx, program),
        ),
      },
    }),
    workflow({
      name: "Flow",
      options: stateful,
      handlers: {
        run: (ctx: WorkflowContext, program: Program) => handle(ctx, program),
        share: (ctx: WorkflowSharedContext, program: Program) => handle(ctx, program),
      },
    }),
  ] as unknown as Definition[];
}

class Interpretation {
  readonly #host: Host;
  readonly #ctx: AnyContext;
  readonly #attempt: AttemptView;
  readonly #trace: [string, string][] = [];

  constructor(host: Host, ctx: AnyContext) {
    this.#host = host;
    this.#ctx = ctx;
    this.#attempt = host.attemptOf(ctx.request().id);
  }

  async run(program: Program): Promise<HandlerOutput> {
    if (this.#host.wrongCode && hasCommands(this.#attempt)) {
      await this.#ctx.run("another step", () => "another");
    }
    await this.#program(program, "", "");
    return { id: this.#ctx.request().id, trace: this.#trace };
  }

  async #program(program: Program, path: string, before: string): Promise<string> {
    let seen = before;
    for (const [index, statement] of program.entries()) {
      const at = `${path}${String(index)}`;
      seen = textHash(seen + (await this.#statement(statement, at, seen)));
    }
    return seen;
  }

  async #statement(statement: Statement, at: string, seen: string): Promise<string> {
    const ctx = this.#ctx;
    const id = ctx.request().id;
    switch (statement.op) {
      case "await":
        return this.#see(at, this.#make(statement.what, at, seen));
      case "set":
        ctx.set(statement.key, `${id}/${at}${padding(statement.bytes)}`);
        return "";
      case "clear":
        ctx.clear(statement.key);
        return "";
      case "clearAll":
        ctx.clearAll();
        return "";
      case "send":
        return this.#send(statement, at);
      case "settle": {
        const value = `${id}/${at}`;
        const shared = this.#promiseName(statement.name);
        const promise = ctx.promise<string>(statement.name);
        const rejects = statement.how === "reject";
        const outcome = rejects ? `!500 ${value}` : JSON.stringify(value);
        this.#host.tell({ kind: "offered", shared, outcome });
        return this.#see(at, rejects ? promise.reject(value) : promise.resolve(value));
      }
      case "resolveAwakeable":
        ctx.resolveAwakeable(statement.id, statement.value);
        return "";
      case "rejectAwakeable":
        ctx.rejectAwakeable(statement.id, statement.value);
        return "";
      case "sendSignal": {
        const target = ctx.invocation(statement.invocationId as InvocationId);
        target.signal(statement.name).resolve(statement.value);
        return "";
      }
      case "rand":
        return this.#saw(at, `r${ctx.rand.uuidv4()}`);
      case "fail":
        throw new TerminalError(`failed at ${at}`, { errorCode: 418 });
      case "branches": {
        const all = statement.of.map((branch, number) =>
          this.#program(branch, `${at}.${String(number)}.`, `${seen}.${String(number)}`),
        );
        return textHash((await Promise.all(all)).join());
      }
    }
  }

  async #send(statement: Statement & { op: "send" }, at: string): Promise<string> {
    const ctx = this.#ctx;
    const { target, program, delayMs } = statement;
    const handle = ctx.genericSend({
      ...addressOf(target),
      parameter: program,
      inputSerde: serde.json as never,
      delay: delayMs,
      name: `${at}`,
    });
    if (statement.then === "nothing") return "";
    const sent = await handle.invocationId;
    const other = ctx.invocation(sent);
    if (statement.then === "cancel") {
      other.cancel();
      return "";
    }
    const result = statement.then === "attach" ? other.attach() : other.output();
    return this.#see(at, result.map(calleeText(sent)) as PromiseLike<unknown>);
  }

  #make(awaited: Awaited, at: string, seen: string): DurablePromise<unknown> {
    const ctx = this.#ctx;
    const id = ctx.request().id;
    const { runId } = this.#attempt;
    switch (awaited.op) {
      case "run":
        return this.#step(awaited, at, `${at}~${seen}`);
      case "sleep":
        return ctx.sleep(awaited.ms);
      case "get":
        return ctx.get<string>(awaited.key);
      case "keys":
        return ctx.stateKeys();
      case "date":
        return ctx.date.now() as DurablePromise<unknown>;
      case "call": {
        const { target, program, idempotencyKey } = awaited;
        const called = ctx.genericCall<unknown, HandlerOutput>({
          ...addressOf(target),
          ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
          parameter: program,
          inputSerde: serde.json,
          outputSerde: serde.json as never,
          name: `${at}`,
        });
        return this.#watch(at, undefined, called.map(calleeText()));
      }
      case "awakeable": {
        const made = ctx.awakeable<string>();
        this.#host.wants({ kind: "awakeable", id: made.id, runId });
        return this.#watch(at, `awakeable ${made.id}`, made.promise);
      }
      case "promise": {
        const { name } = awaited;
        const { scope } = ctx.request();
        this.#host.wants({ kind: "promise", scope, key: ctx.key, name, runId });
        return this.#watch(at, this.#promiseName(name), ctx.promise<string>(name).get());
      }
      case "peek":
        return ctx.promise<string>(awaited.name).peek();
      case "signal": {
        const { name } = awaited;
        this.#host.wants({ kind: "signal", invocationId: id, runId, name, path: at });
        return this.#watch(at, undefined, ctx.signal<string>(name));
      }
      case "timeout":
        return this.#make(awaited.of, `${at}/t`, seen).orTimeout(awaited.ms);
      case "combine": {
        const of = awaited.of.map((each, index) =>
          this.#make(each, `${at}/${String(index)}`, seen),
        );
        return DurablePromise[awaited.how](of) as DurablePromise<unknown>;
      }
    }
  }

  #promiseName(name: string): string {
    const { scope = "" } = this.#ctx.request();
    return `promise ${scope}/${this.#ctx.key} ${name}`;
  }

  #step(
    { ends, ms, bytes }: Awaited & { op: "run" },
    at: string,
    step: string,
  ): DurablePromise<unknown> {
    const attempt = this.#attempt;
    const host = this.#host;
    const closure = (): string | Promise<string> => {
      const execution = host.execution(attempt.runId, step);
      host.tell({ kind: "closure", attempt, step, execution });
      const give = (): string => {
        if (ends === "terminal") throw new TerminalError(`ended ${step}`, { errorCode: 422 });
        if (ends === "exhausted") throw new Error(`used up ${step}`);
        if (ends === "flaky" && execution <= 2) throw new Error(`not yet ${step}`);
        const value = `${attempt.runId} ${step} ${String(execution)}${padding(bytes)}`;
        host.tell({ kind: "gave", attempt, step, value: JSON.stringify(value) });
        return value;
      };
      return ms === 0 ? give() : host.slow(ms).then(give);
    };
    const options = ends === "exhausted" ? { maxRetryAttempts: 2, initialRetryInterval: 5 } : {};
    return this.#ctx.run(step, closure, options).map((value, failure) => {
      attempt.seen.set(step, failure === undefined ? JSON.stringify(value) : outcomeOf(failure));
      this.#tellSaw(at, `step ${step}`, undefined, value, failure);
      if (failure !== undefined) throw failure;
      return value;
    });
  }

  #watch(
    at: string,
    shared: string | undefined,
    promise: DurablePromise<unknown>,
  ): DurablePromise<unknown> {
    if (typeof promise.map !== "function") return promise;
    return promise.map((value, failure) => {
      this.#tellSaw(at, at, shared, value, failure);
      if (failure !== undefined) throw failure;
      return value;
    });
  }

  #tellSaw(
    path: string,
    what: string,
    shared: string | undefined,
    value: unknown,
    failure: Error | undefined,
  ): void {
    // That it was cancelled is no result of what it waited for.
    if (failure instanceof CancelledError) return;
    const outcome = failure === undefined ? JSON.stringify(value) : outcomeOf(failure);
    this.#host.tell({ kind: "saw", attempt: this.#attempt, path, what, shared, outcome });
  }

  #saw(at: string, outcome: string): string {
    this.#trace.push([at, outcome]);
    return outcome;
  }

  async #see(at: string, promise: PromiseLike<unknown>): Promise<string> {
    try {
      const value = await promise;
      return this.#saw(
        at,
        JSON.stringify(value, (_, each: unknown) =>
          each instanceof Error ? outcomeOf(each) : each,
        ) ?? "none",
      );
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      return this.#saw(at, outcomeOf(error));
    }
  }
}

function addressOf(target: Target): Omit<GenericCall<unknown, unknown>, "parameter"> {
  const { service, handler: method, scope, limitKey } = target;
  return {
    service,
    method,
    ...("key" in target ? { key: target.key } : {}),
    ...(scope === undefined ? {} : { scope }),
    ...(limitKey === undefined ? {} : { limitKey }),
  };
}

function padding(bytes: number): string {
  return bytes === 0 ? "" : ` ${"x".repeat(bytes)}`;
}

/** What a caller sees of a callee: who it was, and a hash of all that it saw. */
function calleeText(
  id?: string,
): (value: unknown, failure: Error | undefined) => string | undefined {
  return (value, failure) => {
    if (failure !== undefined) throw failure;
    if (value === undefined) return undefined;
    const output = value as HandlerOutput;
    return `${id ?? output.id} ${textHash(JSON.stringify(output))}`;
  };
}

export function outcomeOf(error: unknown): string {
  if (error instanceof AggregateError) return `!! ${error.errors.map(outcomeOf).join()}`;
  if (error instanceof TerminalError) return `!${String(error.code)} ${error.message}`;
  return `!? ${String(error)}`;
}

export function textHash(text: string): string {
  let hash = 2166136261;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 16777619);
  }
  return (hash >>> 0).toString(36);
}

function hasCommands({ shown }: AttemptView): boolean {
  return [...shown.values()].some(
    ({ body }) => !["input", "completion", "signal"].includes(body.case ?? ""),
  );
}
