// What the compiler says of services and their contexts. Checked by tsc, with the tests' own configuration;
// the code in here need not run.

import type { Definition } from "@perdure/protocol/definitions";
import * as v from "valibot";
import { describe, expectTypeOf, test } from "vitest";
import { rpc, type InvocationHandle, type InvocationPromise } from "../context/clients.js";
import type {
  Context,
  InvocationId,
  ObjectContext,
  ObjectSharedContext,
  WorkflowContext,
  WorkflowSharedContext,
} from "../context/context.js";
import { DurablePromise } from "../futures/names.js";
import { serde } from "../serde/serde.js";
import { exclusive, handler, run, shared } from "./decorators.js";
import { object, service, workflow } from "./define.js";
import { handlers } from "./handlers.js";

/** Code that is compiled and not run. */
function compiled(_code: (ctx: WorkflowContext & ObjectContext) => unknown): void {
  // It was checked already.
}

interface User {
  readonly name: string;
}

describe("a class", () => {
  test("has handlers of the kinds that its decorators say", () => {
    compiled(() => {
      @service()
      class Greeter {
        @handler() async greet(_ctx: Context, name: string): Promise<string> {
          return name;
        }
        @handler({ inactivityTimeout: { seconds: 1 } }) async ping(): Promise<void> {}
        @handler() async maybe(_: Context, name?: string): Promise<number> {
          return this.#count + (name?.length ?? 0);
        }
        #count = 0;
      }

      @object({ enableLazyState: true })
      class Counter {
        @exclusive() async add(ctx: ObjectContext, by: number): Promise<void> {
          ctx.set("count", by);
        }
        @exclusive() async readOnly(_: ObjectSharedContext): Promise<void> {}
        @exclusive() async plain(_: Context): Promise<void> {}
        @shared() async get(ctx: ObjectSharedContext): Promise<number | null> {
          return ctx.get<number>("count");
        }
      }

      @workflow({ workflowRetention: { days: 7 } })
      class Signup {
        @run() async run(ctx: WorkflowContext, _user: User): Promise<boolean> {
          ctx.set("stage", 1);
          return ctx.promise<boolean>("verified");
        }
        @shared() async verify(ctx: WorkflowSharedContext, ok: boolean): Promise<void> {
          await ctx.promise<boolean>("verified").resolve(ok);
        }
      }
      return [Greeter, Counter, Signup];
    });
  });

  test("may say what its state is", () => {
    interface State {
      count: number;
    }
    compiled(() => {
      @object()
      class Counter {
        @exclusive() async add(ctx: ObjectContext<State>, by: number): Promise<void> {
          ctx.set("count", ((await ctx.get("count")) ?? 0) + by);
        }
        @shared() async get(ctx: ObjectSharedContext<{ count: number }>): Promise<number | null> {
          return ctx.get("count");
        }
      }
      @workflow()
      class Signup {
        @run() async run(ctx: WorkflowContext<{ stage: string }>): Promise<void> {
          ctx.set("stage", "done");
        }
        @shared() async stage(ctx: WorkflowSharedContext<{ stage: string }>) {
          return ctx.get("stage");
        }
      }
      return [Counter, Signup];
    });
  });

  test("is refused a context that its handlers do not get", () => {
    compiled(() => {
      class Wrong {
        // @ts-expect-error a plain service has no state
        @handler() async state(_: ObjectContext): Promise<void> {}
        // @ts-expect-error a plain service has no promises
        @handler() async promises(_: WorkflowSharedContext): Promise<void> {}
        // @ts-expect-error an object has no promises
        @exclusive() async object(_: WorkflowContext): Promise<void> {}
        // @ts-expect-error shared handlers don't write
        @shared() async writes(_: ObjectContext): Promise<void> {}
        // @ts-expect-error shared handlers don't write
        @shared() async writesToo(_: WorkflowContext): Promise<void> {}
        // @ts-expect-error the context comes first
        @handler() async input(_: string): Promise<void> {}
      }
      class WrongRun {
        // @ts-expect-error a workflow's run has the context of one
        @run() async run(_: ObjectContext): Promise<void> {}
      }
      return [Wrong, WrongRun];
    });
  });

  test("is refused handlers that are not async, or take more than one input", () => {
    compiled(() => {
      class Wrong {
        // @ts-expect-error not async
        @handler() greet(_: Context, name: string): string {
          return name;
        }
        // @ts-expect-error not async
        @shared() get(_: ObjectSharedContext): number {
          return 1;
        }
        // @ts-expect-error two inputs
        @handler() async two(_: Context, a: string, b: string): Promise<string> {
          return a + b;
        }
        // @ts-expect-error two inputs
        @shared() async twoToo(_: ObjectSharedContext, a: string, b: string): Promise<string> {
          return a + b;
        }
        // @ts-expect-error not a method
        @handler() field = async (_: Context) => 1;
        // @ts-expect-error nobody could call it
        @handler() static async ofTheClass(_: Context): Promise<void> {}
      }
      return Wrong;
    });
  });

  test("that is a workflow needs a run, and needs to be constructible by the SDK", () => {
    compiled(() => {
      // @ts-expect-error no run
      @workflow()
      class NoRun {
        @shared() async get(_: WorkflowSharedContext): Promise<void> {}
      }
      // @ts-expect-error the run takes the context of an object
      @workflow()
      class OddRun {
        async run(_: ObjectContext): Promise<void> {}
      }
      // @ts-expect-error who would give it its argument?
      @service()
      class Needs {
        readonly #name: string;
        constructor(name: string) {
          this.#name = name;
        }
        @handler() async greet(_: Context): Promise<string> {
          return this.#name;
        }
      }
      // @ts-expect-error an abstract class has no instances
      @service()
      abstract class Abstract {
        @handler() async greet(_: Context): Promise<void> {}
      }
      return [NoRun, OddRun, Needs, Abstract];
    });
  });

  test("is refused options that are not of its kind", () => {
    compiled(() => [
      // @ts-expect-error workflows have it
      service({ workflowRetention: { days: 1 } }),
      // @ts-expect-error objects have it
      service({ enableLazyState: true }),
      // @ts-expect-error no such option
      workflow({ retention: 1 }),
      // @ts-expect-error a service has no state
      handler({ enableLazyState: true }),
      // @ts-expect-error neither pause nor kill
      run({ retryPolicy: { onMaxAttempts: "stop" } }),
    ]);
  });
});

describe("a functional definition", () => {
  test("gives inputs the types of their serdes, and checks what is written against them", () => {
    const user = serde.schema(v.object({ name: v.string() }));
    compiled(() => [
      handlers.handler({ input: user, output: serde.binary }, async (ctx, given) => {
        expectTypeOf(ctx).toEqualTypeOf<Context>();
        expectTypeOf(given).toEqualTypeOf<{ name: string }>();
        return new Uint8Array();
      }),
      handlers.object.shared({ ingressPrivate: true }, async (_, by: number) => by),
      // @ts-expect-error a user is no number
      handlers.handler({ input: user }, async (_: Context, by: number) => by),
      // @ts-expect-error a number is no bytes
      handlers.handler({ output: serde.binary }, async () => 5),
    ]);
    compiled(() => {
      class Greeter {
        @handler({ input: user }) async greet(
          _: Context,
          given: { name: string },
        ): Promise<string> {
          return given.name;
        }
        // @ts-expect-error a user is no number
        @handler({ input: user }) async add(_: Context, by: number): Promise<number> {
          return by;
        }
        // @ts-expect-error a number is no bytes
        @shared({ output: serde.binary }) async get(_: ObjectSharedContext): Promise<number> {
          return 1;
        }
      }
      return Greeter;
    });
  });

  test("gives contexts their types, without a word", () => {
    compiled(() => {
      const greeter = service({
        name: "Greeter",
        handlers: {
          greet: async (ctx, name: string) => {
            expectTypeOf(ctx).toEqualTypeOf<Context>();
            return ctx.run("greet", () => `Hello ${name}`);
          },
          ping: async () => undefined,
          method: async (ctx) => {
            expectTypeOf(ctx).toEqualTypeOf<Context>();
          },
        },
      });
      const counter = object({
        name: "Counter",
        handlers: {
          add: async (ctx, by: number) => {
            expectTypeOf(ctx).toEqualTypeOf<ObjectContext>();
            ctx.set("count", by);
          },
          get: handlers.object.shared(async (ctx) => {
            expectTypeOf(ctx).toEqualTypeOf<ObjectSharedContext>();
            return ctx.get<number>("count");
          }),
          reset: handlers.object.exclusive({ ingressPrivate: true }, async (ctx) => {
            expectTypeOf(ctx).toEqualTypeOf<ObjectContext>();
            ctx.clearAll();
          }),
        },
      });
      const signup = workflow({
        name: "Signup",
        handlers: {
          run: async (ctx, user: User) => {
            expectTypeOf(ctx).toEqualTypeOf<WorkflowContext>();
            ctx.set("name", user.name);
            return ctx.promise<boolean>("verified");
          },
          verify: async (ctx, ok: boolean) => {
            expectTypeOf(ctx).toEqualTypeOf<WorkflowSharedContext>();
            await ctx.promise<boolean>("verified").resolve(ok);
          },
          status: handlers.workflow.shared({ ingressPrivate: true }, async (ctx) => {
            expectTypeOf(ctx).toEqualTypeOf<WorkflowSharedContext>();
            return ctx.get<string>("status");
          }),
        },
        options: { workflowRetention: { days: 1 } },
      });
      expectTypeOf(greeter.name).toEqualTypeOf<"Greeter">();
      expectTypeOf(signup).toExtend<Definition<"workflow", "Signup">>();
      return [greeter, counter, signup];
    });
  });

  test("may annotate its contexts, and say what its state is", () => {
    compiled(() => [
      object({
        name: "Counter",
        handlers: {
          add: async (ctx: ObjectContext<{ count: number }>, by: number) => {
            ctx.set("count", ((await ctx.get("count")) ?? 0) + by);
          },
          get: handlers.object.shared(async (ctx: ObjectSharedContext) => ctx.get("count")),
          plain: async (_: Context) => 1,
        },
      }),
      workflow({
        name: "Signup",
        handlers: {
          run: handlers.workflow.workflow(
            { inactivityTimeout: 1 },
            async (ctx: WorkflowContext<{ stage: string }>, user: User) => {
              ctx.set("stage", user.name);
            },
          ),
        },
      }),
      service({
        name: "S",
        handlers: { greet: handlers.handler(async (_, name: string) => name) },
      }),
    ]);
  });

  test("is refused what classes are refused", () => {
    compiled(() => [
      // @ts-expect-error no run
      workflow({ name: "W", handlers: { other: async () => 1 } }),
      // @ts-expect-error not async
      service({ name: "S", handlers: { greet: () => "sync" } }),
      // @ts-expect-error no function
      service({ name: "S", handlers: { greet: 5 } }),
      // @ts-expect-error a service has no state
      service({ name: "S", handlers: { greet: async (_: ObjectContext) => 1 } }),
      // @ts-expect-error an object is no workflow
      object({ name: "O", handlers: { get: async (_: WorkflowContext) => 1 } }),
      workflow({
        name: "W",
        // @ts-expect-error shared handlers don't write
        handlers: { run: async () => 1, get: async (_: WorkflowContext) => 1 },
      }),
      // @ts-expect-error shared handlers don't write
      handlers.object.shared(async (_: ObjectContext) => 1),
      // @ts-expect-error clients of workflows have a method of that name
      workflow({ name: "W", handlers: { run: async () => 1, workflowSubmit: async () => 1 } }),
      // @ts-expect-error two inputs
      service({ name: "S", handlers: { two: async (_: Context, a: string, b: string) => a + b } }),
      // @ts-expect-error no name
      service({ handlers: { greet: async () => 1 } }),
      // @ts-expect-error workflows have it
      service({ name: "S", handlers: { a: async () => 1 }, options: { workflowRetention: 1 } }),
    ]);
  });

  test("takes handlers with options that fit their kind only", () => {
    compiled(() => [
      // @ts-expect-error a service has no state
      handlers.handler({ enableLazyState: true }, async () => 1),
      // @ts-expect-error not async
      handlers.handler(() => 1),
      // @ts-expect-error shared handlers don't write
      handlers.workflow.shared(async (ctx) => ctx.set("a", 1)),
    ]);
  });
});

class Greeter {
  @handler() async greet(_: Context, name: string): Promise<{ text: string }> {
    return { text: name };
  }
  @handler() async maybe(_: Context, name?: string): Promise<number> {
    return this.helper(name ?? "");
  }
  @handler() async ping(_: Context): Promise<void> {}
  @handler() async bare(): Promise<Date> {
    return new Date();
  }
  @handler() async voidInput(_: Context, _input: void): Promise<void> {}
  readonly language: string = "en";
  helper(text: string): number {
    return text.length + this.language.length;
  }
}

const counter = object({
  name: "Counter",
  handlers: { add: async (_, by: number) => by },
});
const signup = workflow({
  name: "Signup",
  handlers: { run: async (_, user: User) => user.name, status: async () => "new" as const },
});
const greeterDefinition = service({ name: "G", handlers: { greet: async (_, n: string) => n } });

describe("clients inside handlers", () => {
  test("follow a class", () => {
    compiled(async (ctx) => {
      const client = ctx.serviceClient(Greeter);
      expectTypeOf(client.greet("Ada")).toEqualTypeOf<InvocationPromise<{ text: string }>>();
      expectTypeOf(await client.greet("Ada")).toEqualTypeOf<{ text: string }>();
      expectTypeOf(await client.greet("Ada").invocationId).toEqualTypeOf<InvocationId>();
      expectTypeOf(await client.maybe()).toEqualTypeOf<number>();
      expectTypeOf(await client.ping()).toEqualTypeOf<void>();
      expectTypeOf(await client.bare()).toEqualTypeOf<Date>();
      await client.voidInput();
    });
  });

  test("take options behind the input, or alone where the input may be left out", () => {
    compiled(async (ctx) => {
      const client = ctx.serviceClient(Greeter);
      const options = rpc.opts({ idempotencyKey: "k" });
      await client.greet("Ada", options);
      await client.maybe("Ada", options);
      await client.maybe(options);
      await client.ping(options);
      await client.bare(options);
      await client.voidInput(options);
    });
  });

  test("refuse wrong inputs and options", () => {
    compiled(async (ctx) => {
      const client = ctx.serviceClient(Greeter);
      // @ts-expect-error an input is missing
      await client.greet();
      // @ts-expect-error a wrong input
      await client.greet(5);
      // @ts-expect-error an input is missing in front of the options
      await client.greet(rpc.opts({}));
      // @ts-expect-error options are made by rpc.opts
      await client.greet("Ada", { idempotencyKey: "k" });
      // @ts-expect-error options of a send
      await client.greet("Ada", rpc.sendOpts({}));
      // @ts-expect-error it takes no input
      await client.ping("Ada");
      // @ts-expect-error no such handler
      await client.unknown();
      // @ts-expect-error no method
      await client.language();
    });
  });

  test("follow a definition, by key where it has one", () => {
    compiled(async (ctx) => {
      expectTypeOf(await ctx.objectClient(counter, "a").add(1)).toEqualTypeOf<number>();
      expectTypeOf(await ctx.workflowClient(signup, "a").status()).toEqualTypeOf<"new">();
      expectTypeOf(await ctx.workflowClient(signup, "a").run({ name: "Ada" })).toBeString();
      // @ts-expect-error an object needs a key
      ctx.objectClient(counter);
      // @ts-expect-error an object is no service
      ctx.serviceClient(counter);
      // @ts-expect-error a service has no key
      ctx.objectClient(greeterDefinition, "k");
      // @ts-expect-error a workflow is no object
      ctx.objectClient(signup, "k");
      // @ts-expect-error a key is text
      ctx.objectClient(counter, 5);
    });
  });

  test("follow a type beside a bare name, be it a class, an instance, a definition or handlers", () => {
    interface Handlers {
      greet(ctx: Context, name: string): Promise<number>;
    }
    compiled(async (ctx) => {
      const name = { name: "X" };
      const byClass = ctx.serviceClient<typeof Greeter>(name);
      expectTypeOf(await byClass.greet("Ada")).toEqualTypeOf<{ text: string }>();
      const byInstance = ctx.serviceClient<Greeter>(name);
      expectTypeOf(await byInstance.greet("Ada")).toEqualTypeOf<{ text: string }>();
      const byDefinition = ctx.objectClient<typeof counter>({ name: "Counter" }, "k");
      expectTypeOf(await byDefinition.add(1)).toEqualTypeOf<number>();
      const byHandlers = ctx.workflowClient<Handlers>(name, "k");
      expectTypeOf(await byHandlers.greet("Ada")).toEqualTypeOf<number>();
      const annotated: typeof counter = { name: "Counter" };
      expectTypeOf(await ctx.objectClient(annotated, "k").add(1)).toEqualTypeOf<number>();
      const send = ctx.serviceSendClient<Handlers>(name);
      expectTypeOf(send.greet("Ada")).toEqualTypeOf<InvocationHandle>();
      // @ts-expect-error a wrong input
      await byHandlers.greet(5);
    });
  });

  test("of sends give handles, and take their own options", () => {
    compiled(async (ctx) => {
      const client = ctx.serviceSendClient(Greeter);
      const options = rpc.sendOpts({ delay: { days: 1 } });
      expectTypeOf(client.greet("Ada", options)).toEqualTypeOf<InvocationHandle>();
      expectTypeOf(await client.ping(options).invocationId).toEqualTypeOf<InvocationId>();
      client.maybe(options);
      ctx.objectSendClient(counter, "a").add(1);
      ctx.workflowSendClient(signup, "a").run({ name: "Ada" });
      // @ts-expect-error an object is no service
      ctx.serviceSendClient(counter);
    });
  });

  test("can be generic", () => {
    compiled(async (ctx) => {
      const target = { service: "S", method: "m" };
      const bytes = ctx.genericCall({ ...target, parameter: new Uint8Array() });
      expectTypeOf(bytes).toEqualTypeOf<InvocationPromise<Uint8Array>>();
      // @ts-expect-error no delay in a call
      void ctx.genericCall({ ...target, parameter: new Uint8Array(), delay: 1 });
      expectTypeOf(
        ctx.genericSend({ ...target, parameter: new Uint8Array(), delay: 1 }),
      ).toEqualTypeOf<InvocationHandle>();
    });
  });
});

describe("state", () => {
  test("without a type is unknown, or what the call says", () => {
    compiled(async (ctx: ObjectContext) => {
      expectTypeOf(await ctx.get("a")).toEqualTypeOf<unknown>();
      expectTypeOf(await ctx.get<number>("a")).toEqualTypeOf<number | null>();
      ctx.set("a", 1);
      ctx.set<string>("a", "x");
      // @ts-expect-error not what the call says
      ctx.set<string>("a", 1);
    });
  });

  test("with a type has the keys and values of it", () => {
    const code = async (
      ctx: ObjectContext<{ count: number; name: string }>,
      read: ObjectSharedContext<{ count: number }>,
    ): Promise<void> => {
      expectTypeOf(await ctx.get("count")).toEqualTypeOf<number | null>();
      expectTypeOf(await read.get("count")).toEqualTypeOf<number | null>();
      ctx.set("name", "Ada");
      ctx.clear("name");
      // @ts-expect-error a wrong value
      ctx.set("count", "one");
      // @ts-expect-error no such key
      ctx.set("other", 1);
      // @ts-expect-error no such key
      await ctx.get("other");
      // @ts-expect-error no such key
      ctx.clear("other");
      // @ts-expect-error shared handlers don't write
      read.set("count", 1);
    };
    expectTypeOf(code).toBeFunction();
  });

  test("may be described by an interface", () => {
    interface State {
      count: number;
    }
    const code = async (ctx: WorkflowContext<State>): Promise<number | null> => ctx.get("count");
    expectTypeOf(code).toBeFunction();
  });
});

describe("durable promises", () => {
  test("keep their types through combinations and mappings", () => {
    compiled(async (ctx) => {
      const text = ctx.run("a", () => "x");
      const count = ctx.run("b", async () => 1);
      expectTypeOf(text).toEqualTypeOf<DurablePromise<string>>();
      expectTypeOf(await DurablePromise.all([text, count])).toEqualTypeOf<[string, number]>();
      expectTypeOf(await DurablePromise.race([text, count])).toEqualTypeOf<string | number>();
      expectTypeOf(await DurablePromise.any([text, count])).toEqualTypeOf<string | number>();
      expectTypeOf(await DurablePromise.allSettled([text, count])).toEqualTypeOf<
        [PromiseSettledResult<string>, PromiseSettledResult<number>]
      >();
      const many = ["a", "b"].map((name) => ctx.run(name, () => 1));
      expectTypeOf(await DurablePromise.all(many)).toEqualTypeOf<number[]>();
      expectTypeOf(text.map((value) => value?.length)).toEqualTypeOf<
        DurablePromise<number | undefined>
      >();
      expectTypeOf(text.orTimeout(1)).toEqualTypeOf<DurablePromise<string>>();
      expectTypeOf(ctx.sleep(1)).toEqualTypeOf<DurablePromise<void>>();
      expectTypeOf(DurablePromise.resolve(1)).toEqualTypeOf<DurablePromise<number>>();
      // @ts-expect-error native promises settle in no recorded order
      void DurablePromise.race([text, Promise.resolve(1)]);
    });
  });

  test("of a workflow are typed by the call", () => {
    compiled(async (ctx) => {
      const promise = ctx.promise<string>("p");
      expectTypeOf(await promise).toEqualTypeOf<string>();
      expectTypeOf(await promise.peek()).toEqualTypeOf<string | undefined>();
      expectTypeOf(promise.get()).toEqualTypeOf<DurablePromise<string>>();
      // @ts-expect-error not what the promise is of
      await promise.resolve(5);
      expectTypeOf(await ctx.awakeable<number>().promise).toEqualTypeOf<number>();
    });
  });
});
