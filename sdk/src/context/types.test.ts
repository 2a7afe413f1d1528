// What the compiler says of what contexts offer: clients by kind, scopes, signals, references. Checked by tsc with
// the tests' own configuration; the code in here need not run.

import { expectTypeOf, test } from "vitest";
import { object, service, workflow } from "../definitions/define.js";
import type { DurablePromise } from "../futures/names.js";
import { serde } from "../serde/serde.js";
import { rpc, type InvocationHandle, type InvocationPromise } from "./clients.js";
import type {
  Context,
  InvocationId,
  InvocationResult,
  ObjectContext,
  WorkflowContext,
} from "./context.js";
import type { ContextInternal } from "./context-internal.js";

/** Code that is compiled and not run. */
function compiled(_code: (ctx: Context) => unknown): void {
  // It was checked already.
}

const greeter = service({ name: "G", handlers: { greet: async (_: Context, n: string) => n } });
const counter = object({
  name: "C",
  handlers: { add: async (_: ObjectContext, by: number) => by },
});
const signup = workflow({
  name: "S",
  handlers: { run: async (_: WorkflowContext, n: string) => n.length },
});

test("clients by kind follow the definition, and take a key where it has one", () => {
  compiled((ctx) => {
    for (const makers of [ctx, ctx.scope("s")]) {
      expectTypeOf(makers.client(greeter).greet("a")).toEqualTypeOf<InvocationPromise<string>>();
      expectTypeOf(makers.client(counter, "k").add(1)).toEqualTypeOf<InvocationPromise<number>>();
      expectTypeOf(makers.client(signup, "k").run("a")).toEqualTypeOf<InvocationPromise<number>>();
      expectTypeOf(makers.sendClient(greeter).greet("a")).toEqualTypeOf<InvocationHandle>();
      expectTypeOf(makers.sendClient(counter, "k").add(1)).toEqualTypeOf<InvocationHandle>();
      expectTypeOf(makers.objectClient(counter, "k").add(1)).toEqualTypeOf<
        InvocationPromise<number>
      >();
    }
    // @ts-expect-error a service has no key
    ctx.client(greeter, "k");
    // @ts-expect-error an object has one
    ctx.client(counter);
    // @ts-expect-error a wrong input
    void ctx.client(counter, "k").add("1");
    void ctx.client(greeter).greet("a", rpc.opts({ limitKey: "l" }));
  });
});

test("a scoped generic call has the scope of its context", () => {
  compiled((ctx) => {
    const call = { service: "S", method: "m", parameter: new Uint8Array() };
    ctx.genericSend({ ...call, scope: "s", limitKey: "l", delay: 1 });
    void ctx.scope("s").genericCall({ ...call, limitKey: "l" });
    // @ts-expect-error it has one
    void ctx.scope("s").genericCall({ ...call, scope: "other" });
  });
});

test("signals and results have the types that the code says", () => {
  compiled(async (ctx) => {
    expectTypeOf(ctx.signal<number>("a")).toEqualTypeOf<DurablePromise<number>>();
    expectTypeOf(ctx.signal("a", serde.binary)).toEqualTypeOf<DurablePromise<Uint8Array>>();
    const id = await ctx.client(greeter).greet("a").invocationId;
    expectTypeOf(id).toEqualTypeOf<InvocationId>();
    const other = ctx.invocation(id);
    expectTypeOf(other.attach<string>()).toEqualTypeOf<DurablePromise<string>>();
    expectTypeOf(other.output<string>()).toEqualTypeOf<DurablePromise<string | undefined>>();
    other.signal<number>("a").resolve(1);
    // @ts-expect-error a wrong payload
    other.signal<number>("a").resolve("1");
    expectTypeOf(ctx.invocation({ workflow: signup, key: "k" })).toEqualTypeOf<InvocationResult>();
    // @ts-expect-error a service is no workflow
    ctx.invocation({ workflow: greeter, key: "k" });
    // @ts-expect-error signals go to an id
    void ctx.invocation({ workflow: signup, key: "k" }).signal;
  });
});

test("the closure of a step may take a signal", () => {
  compiled((ctx) => {
    expectTypeOf(ctx.run(() => 1)).toEqualTypeOf<DurablePromise<number>>();
    expectTypeOf(
      ctx.run("fetch", async ({ signal }) => {
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        return "x";
      }),
    ).toEqualTypeOf<DurablePromise<string>>();
  });
});

test("internals are a context with more", () => {
  compiled(async (ctx) => {
    const internals = ctx as ContextInternal;
    expectTypeOf(internals.cancellation()).toEqualTypeOf<DurablePromise<void>>();
    expectTypeOf(await internals.cancelPreviousCalls()).toEqualTypeOf<InvocationId[]>();
  });
});
