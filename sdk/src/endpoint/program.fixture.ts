// Small programs that are generated, and run as handlers. A program is data, so that a failing one can be
// read and run again. What it gives is a trace of all that it saw: two runs that saw the same have the same trace.

import type { Definition } from "@perdure/protocol/definitions";
import fc from "fast-check";
import { rpc } from "../context/clients.js";
import type { WorkflowContext } from "../context/context.js";
import type { ContextInternal } from "../context/context-internal.js";
import { TerminalError } from "../errors.js";
import { DurablePromise } from "../futures/names.js";
import { invocationOfTests, type Code } from "./session.fixture.js";

export type Expression =
  | { readonly kind: "run"; readonly fails: boolean; readonly ticks: number }
  | { readonly kind: "sleep" }
  | { readonly kind: "promise"; readonly name: string }
  | { readonly kind: "peek"; readonly name: string }
  | { readonly kind: "get"; readonly key: string }
  | { readonly kind: "keys" }
  | { readonly kind: "call" }
  | { readonly kind: "callId" }
  | { readonly kind: "scopedCall" }
  | { readonly kind: "awakeable" }
  | { readonly kind: "signal"; readonly name: string }
  | { readonly kind: "attach" }
  | { readonly kind: "output" }
  /** The next cancellation; only where it is explicit, else a sleep. */
  | { readonly kind: "cancellation" }
  | { readonly kind: "cancelCalls" }
  | { readonly kind: "combine"; readonly how: Combination; readonly of: readonly Expression[] }
  | { readonly kind: "map"; readonly of: Expression; readonly gives: "value" | "failure" }
  | { readonly kind: "timeout"; readonly of: Expression };

type Combination = "all" | "race" | "any" | "allSettled";

export type Statement =
  | { readonly kind: "await"; readonly what: Expression }
  /** Made now, awaited at the end of the block. */
  | { readonly kind: "later"; readonly what: Expression }
  | { readonly kind: "set"; readonly key: string }
  | { readonly kind: "clear"; readonly key: string }
  | { readonly kind: "clearAll" }
  | { readonly kind: "send" }
  | { readonly kind: "sendSignal"; readonly name: string }
  | { readonly kind: "cancel" }
  | { readonly kind: "resolve"; readonly name: string }
  /** Something that is not durable. */
  | { readonly kind: "native"; readonly ticks: number }
  /** Branches of the code that run side by side. */
  | { readonly kind: "branches"; readonly of: readonly Program[] };

export type Program = readonly Statement[];

const names = fc.constantFrom("a", "b");

const expressions = fc.letrec<{ leaf: Expression; expression: Expression }>((tie) => ({
  leaf: fc.oneof(
    fc.record({
      kind: fc.constant("run" as const),
      fails: fc.boolean(),
      ticks: fc.nat({ max: 4 }),
    }),
    fc.constant({ kind: "sleep" as const }),
    fc.record({ kind: fc.constant("promise" as const), name: names }),
    fc.record({ kind: fc.constant("peek" as const), name: names }),
    fc.record({ kind: fc.constant("get" as const), key: names }),
    fc.constant({ kind: "keys" as const }),
    fc.constant({ kind: "call" as const }),
    fc.constant({ kind: "callId" as const }),
    fc.constant({ kind: "scopedCall" as const }),
    fc.constant({ kind: "awakeable" as const }),
    fc.record({ kind: fc.constant("signal" as const), name: names }),
    fc.constant({ kind: "attach" as const }),
    fc.constant({ kind: "output" as const }),
    fc.constant({ kind: "cancellation" as const }),
    fc.constant({ kind: "cancelCalls" as const }),
  ),
  expression: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    { weight: 3, arbitrary: tie("leaf") },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("combine" as const),
        how: fc.constantFrom("all", "race", "any", "allSettled"),
        of: fc.array(tie("expression"), { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("map" as const),
        of: tie("expression"),
        gives: fc.constantFrom("value" as const, "failure" as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("timeout" as const), of: tie("expression") }),
    },
  ),
}));

const { program } = fc.letrec<{ program: Program; statement: Statement }>((tie) => ({
  statement: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("await" as const),
        what: expressions.expression,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("later" as const), what: expressions.expression }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("set" as const), key: names }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), key: names }) },
    { weight: 1, arbitrary: fc.constant({ kind: "clearAll" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "send" as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("sendSignal" as const), name: names }) },
    { weight: 1, arbitrary: fc.constant({ kind: "cancel" as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("resolve" as const), name: names }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("branches" as const),
        of: fc.array(tie("program"), { minLength: 2, maxLength: 3 }),
      }),
    },
  ),
  program: fc.array(tie("statement"), { minLength: 1, maxLength: 5 }),
}));

export const programs: fc.Arbitrary<Program> = program;

/** Programs of one branch, which may also do what is not durable in between. */
export const programsWithNative: fc.Arbitrary<Program> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("await" as const), what: expressions.expression }),
    fc.record({ kind: fc.constant("later" as const), what: expressions.expression }),
    fc.record({ kind: fc.constant("native" as const), ticks: fc.nat({ max: 6 }) }),
    fc.record({ kind: fc.constant("set" as const), key: names }),
  ),
  { minLength: 1, maxLength: 6 },
);

/** The program as a handler. `native` says how long the things that are not durable take: longer or shorter each time. */
export function handlerOf(of: Program, explicit: boolean, native: () => number = () => 0): Code {
  return async (ctx) => {
    const trace: string[] = [];
    await execute({ ctx, trace, native, explicit }, of, "");
    return trace;
  };
}

interface Run {
  readonly ctx: WorkflowContext;
  readonly trace: string[];
  readonly native: () => number;
  readonly explicit: boolean;
}

async function execute(run: Run, statements: Program, path: string): Promise<void> {
  const { ctx, trace, native } = run;
  const later: [string, PromiseLike<unknown>][] = [];
  const see = async (at: string, promise: PromiseLike<unknown>): Promise<void> => {
    trace.push(`${at} ${await outcomeOf(promise)}`);
  };
  for (const [index, statement] of statements.entries()) {
    const at = `${path}${String(index)}`;
    switch (statement.kind) {
      case "await":
        await see(at, make(run, statement.what, at));
        break;
      case "later":
        later.push([at, make(run, statement.what, at)]);
        break;
      case "set":
        ctx.set(statement.key, at);
        break;
      case "clear":
        ctx.clear(statement.key);
        break;
      case "clearAll":
        ctx.clearAll();
        break;
      case "send":
        ctx.genericSend({ service: "Callee", method: "send", parameter: Buffer.from(at) });
        break;
      case "sendSignal":
        ctx.invocation(invocationOfTests).signal(statement.name).resolve(at);
        break;
      case "cancel":
        ctx.invocation(invocationOfTests).cancel();
        break;
      case "resolve":
        await see(at, ctx.promise<string>(statement.name).resolve(at));
        break;
      case "native":
        await ticks(statement.ticks + native());
        break;
      case "branches":
        await Promise.all(
          statement.of.map(async (branch, number) =>
            execute(run, branch, `${at}.${String(number)}.`),
          ),
        );
        break;
    }
  }
  for (const [at, promise] of later) await see(`later ${at}`, promise);
}

interface CalleeHandlers {
  run(ctx: unknown, of: string): Promise<string>;
}
const callee: Definition<"workflow", "Callee", CalleeHandlers> = { name: "Callee" };

function make(run: Run, expression: Expression, at: string): DurablePromise<unknown> {
  const { ctx } = run;
  const internals = ctx as unknown as ContextInternal;
  switch (expression.kind) {
    case "run":
      return ctx.run(at, async () => {
        await ticks(expression.ticks);
        if (expression.fails) throw new TerminalError(`failed ${at}`);
        return `ran ${at}`;
      });
    case "sleep":
      return ctx.sleep(1);
    case "promise":
      return ctx.promise(expression.name).get();
    case "peek":
      return ctx.promise(expression.name).peek();
    case "get":
      return ctx.get(expression.key);
    case "keys":
      return ctx.stateKeys();
    case "call":
    case "callId": {
      const called = ctx.workflowClient(callee, "k").run(at);
      return expression.kind === "call" ? called : called.invocationId;
    }
    case "scopedCall": {
      const called = ctx.scope("s").workflowClient(callee, "k");
      return called.run(at, rpc.opts({ limitKey: "l/m" }));
    }
    case "signal":
      return ctx.signal(expression.name);
    case "attach":
      return ctx.invocation(invocationOfTests).attach();
    case "output":
      return ctx.invocation({ workflow: callee, key: "k" }).output();
    case "cancellation":
      return run.explicit ? internals.cancellation() : ctx.sleep(2);
    case "cancelCalls":
      return internals.cancelPreviousCalls();
    case "awakeable":
      return ctx.awakeable().promise;
    case "combine":
      return DurablePromise[expression.how](
        expression.of.map((child, index) => make(run, child, `${at}/${String(index)}`)),
      ) as DurablePromise<unknown>;
    case "map":
      return make(run, expression.of, `${at}/m`).map((value, failure) => {
        if (expression.gives === "failure") throw new TerminalError(`mapped ${at}`);
        return failure === undefined ? ["mapped", value] : ["recovered", failure.message];
      });
    case "timeout":
      return make(run, expression.of, `${at}/t`).orTimeout(1);
  }
}

async function outcomeOf(promise: PromiseLike<unknown>): Promise<string> {
  try {
    return JSON.stringify(await promise, (_, value: unknown) =>
      value instanceof Error ? `! ${value.message}` : value,
    );
  } catch (error) {
    if (error instanceof AggregateError) {
      return `! ${error.errors.map((each: Error) => each.message).join()}`;
    }
    return `! ${(error as Error).message}`;
  }
}

/** Lets the event loop turn. */
async function ticks(count: number): Promise<void> {
  for (let tick = 0; tick < count; tick++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
