// Interfaces: made, implemented, served, called, and what the compiler says of all that.

import {
  descriptorOf,
  kindOf,
  nameOf,
  type HandlerDescriptor,
  type HandlersOf,
} from "@perdure/protocol/definitions";
import * as v from "valibot";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { InvocationHandle, InvocationPromise } from "../context/clients.js";
import type {
  Context,
  ObjectContext,
  ObjectSharedContext,
  WorkflowContext,
  WorkflowSharedContext,
} from "../context/context.js";
import { attempt, SessionDriver } from "../endpoint/session.fixture.js";
import { input } from "../replay/entries.fixture.js";
import { serde, type Serde } from "../serde/serde.js";
import { declaredSerdes } from "./declared-serdes.js";
import { exclusive, shared as sharedHandler } from "./decorators.js";
import { modelOf, object, service } from "./define.js";
import { handlers } from "./handlers.js";
import { iface } from "./iface.js";
import { implement } from "./implement.js";
import { DefinitionError } from "./model.js";

/** Text between marks, so that tests see whose serde it was. */
function marked(mark: string): Serde<string> {
  return {
    contentType: `text/${mark}`,
    serialize: (value) => Buffer.from(`${mark}(${value})`),
    deserialize: (bytes) => `${mark}:${Buffer.from(bytes).toString()}`,
  };
}

const name = v.object({ name: v.string() });

const greeter = iface.service("Greeter", {
  greet: iface.json<string, string>(),
  ping: iface.json(),
  bytes: iface.serdes({ input: serde.binary, output: marked("out") }),
  check: iface.schemas({ input: name, output: v.number() }),
});

const counter = iface.object(
  "Counter",
  {
    add: iface.json<number, number>({ description: "Adds", metadata: { a: "1" } }),
    get: iface.shared.json<void, number>(),
    raw: iface.shared.serdes({ output: serde.binary }),
    named: iface.shared.schemas({ input: name }),
  },
  { description: "Counts", metadata: { team: "x" } },
);

const signup = iface.workflow("Signup", {
  run: iface.json<string, boolean>(),
  verify: iface.json<string>(),
});

describe("an interface", () => {
  test("is a plain value that says what it offers", () => {
    expect(iface.service("S", { a: iface.json() })).toEqual({
      name: "S",
      _kind: "service",
      _handlers: { a: {} },
    });
    expect(counter).toEqual({
      name: "Counter",
      _kind: "object",
      _handlers: {
        add: { _description: "Adds", _metadata: { a: "1" } },
        get: { _shared: true },
        raw: { _shared: true, _outputSerde: serde.binary },
        named: { _shared: true, _inputSerde: expect.anything() as unknown },
      },
      _description: "Counts",
      _metadata: { team: "x" },
    });
    expect([kindOf(signup), nameOf(signup)]).toEqual(["workflow", "Signup"]);
  });

  test("wraps Standard Schemas as serde.schema does", () => {
    const { input: read } = declaredSerdes(greeter, "check");
    expect(() => read?.deserialize(serde.json.serialize({ name: 1 }))).toThrow(
      "/name: Invalid type",
    );
  });

  test("can't be served itself", () => {
    expect(() => modelOf(greeter)).toThrow(
      "Greeter is an interface only: serve what implement() makes of it (PDR2004)",
    );
  });

  test("has handlers as its callers know them", () => {
    type Handlers = HandlersOf<typeof greeter>;
    expectTypeOf<Handlers["greet"]>().toEqualTypeOf<
      (context: never, input: string) => Promise<string>
    >();
    expectTypeOf<Handlers["ping"]>().toEqualTypeOf<(context: never) => Promise<void>>();
    expectTypeOf<Handlers["bytes"]>().toEqualTypeOf<
      (context: never, input: Uint8Array) => Promise<string>
    >();
    expectTypeOf<Handlers["check"]>().toEqualTypeOf<
      (context: never, input: { name: string }) => Promise<number>
    >();
    expectTypeOf<HandlersOf<typeof counter>["raw"]>().toEqualTypeOf<
      (context: never) => Promise<Uint8Array>
    >();
    expectTypeOf(counter._handlers.get).toEqualTypeOf<HandlerDescriptor<void, number, true>>();
  });
});

const implementation = implement(counter, {
  handlers: {
    add: async (ctx, by) => ((await ctx.get<number>("count")) ?? 0) + by,
    get: async () => 7,
    raw: async () => Buffer.from("raw"),
    named: async () => undefined,
  },
  options: {
    enableLazyState: true,
    description: "not this one",
    handlers: { add: { ingressPrivate: true, description: "Adds, here" } },
  },
});

describe("an implementation", () => {
  test("can be served, with the kinds, the serdes and the words of the interface", () => {
    const { kind, options, handlers: made } = modelOf(implementation);
    expect([kind, options]).toEqual([
      "object",
      { enableLazyState: true, description: "Counts", metadata: { team: "x" } },
    ]);
    expect([...made.values()].map((handler) => [handler.name, handler.kind])).toEqual([
      ["add", "exclusive"],
      ["get", "shared"],
      ["raw", "shared"],
      ["named", "shared"],
    ]);
    expect(made.get("raw")?.options).toEqual({ output: serde.binary });
  });

  test("has options of its own for handlers, which win over the interface's words", () => {
    expect(modelOf(implementation).handlers.get("add")?.options).toEqual({
      ingressPrivate: true,
      description: "Adds, here",
      metadata: { a: "1" },
    });
  });

  test("stands for the interface", () => {
    expect(implementation).toMatchObject({ name: "Counter", _kind: "object" });
    expect(implementation._handlers).toEqual({
      ...counter._handlers,
      add: { _description: "Adds, here", _metadata: { a: "1" } },
    });
    expectTypeOf<HandlersOf<typeof implementation>>().toEqualTypeOf<HandlersOf<typeof counter>>();
  });

  test("says for itself what it is", () => {
    const made = implement(signup, {
      description: "Signs up",
      metadata: { team: "y" },
      handlers: { run: async () => true, verify: async () => undefined },
    });
    expect(modelOf(made).options).toEqual({ description: "Signs up", metadata: { team: "y" } });
    expect(made).toMatchObject({ _description: "Signs up", _metadata: { team: "y" } });
  });

  test("of a workflow has run as the workflow, and the others beside it", () => {
    const made = implement(signup, {
      handlers: { run: async () => true, verify: async () => undefined },
    });
    expect([...modelOf(made).handlers.values()].map(({ kind }) => kind)).toEqual(["run", "shared"]);
  });

  test("without a handler is refused, and so is one that is only inherited", () => {
    const incomplete = { handlers: { run: async () => true } } as never;
    expect(() => implement(signup, incomplete)).toThrow(DefinitionError);
    expect(() => implement(signup, incomplete)).toThrow(
      'implement(): missing handler "verify" (PDR2004)',
    );
    const odd = iface.service("Odd", { toString: iface.json() });
    expect(() => implement(odd, { handlers: {} as never })).toThrow('missing handler "toString"');
  });

  test("runs, reading and writing by the interface's serdes", async () => {
    const made = implement(greeter, {
      handlers: {
        greet: async (_, who) => `Hello ${who}`,
        ping: async () => undefined,
        bytes: async (_, bytes) => String(bytes.length),
        check: async (_, { name: who }) => who.length,
      },
      options: { serde: marked("service") },
    });
    const session = new SessionDriver([made]);
    const run = async (handler: string, given: unknown): Promise<string[]> =>
      session.start({ handler: `Greeter/${handler}`, entries: [input(given)] }).until("end");
    expect(await run("bytes", "abc")).toEqual(["end = out(5)"]);
    expect(await run("check", { name: "Ada" })).toEqual(["end = 3"]);
    expect(await run("check", { name: 1 })).toEqual([
      expect.stringMatching(/^end ! 400 Failed to deserialize input: .*\/name/),
    ]);
    // Where the interface is silent, the service's own default is used, and callers of the implementation know.
    expect(await run("greet", "x")).toEqual(['end = service(Hello service:"x")']);
    expect(declaredSerdes(made, "greet").input).toBe(modelOf(made).options.serde);
    expect(declaredSerdes(greeter, "greet").input).toBeUndefined();
  });

  test("is written with the contexts and values that its handlers get", () => {
    implement(counter, {
      handlers: {
        add: async (ctx, by) => {
          expectTypeOf(ctx).toEqualTypeOf<ObjectContext>();
          expectTypeOf(by).toEqualTypeOf<number>();
          return by;
        },
        get: async (ctx) => {
          expectTypeOf(ctx).toEqualTypeOf<ObjectSharedContext>();
          return 1;
        },
        raw: async () => new Uint8Array(),
        named: async (_, given) => {
          expectTypeOf(given).toEqualTypeOf<{ name: string }>();
        },
      },
      // @ts-expect-error serdes are the interface's
      options: { handlers: { add: { input: serde.json } } },
    });
    implement(signup, {
      handlers: {
        run: async (ctx) => {
          expectTypeOf(ctx).toEqualTypeOf<WorkflowContext>();
          return true;
        },
        verify: async (ctx) => {
          expectTypeOf(ctx).toEqualTypeOf<WorkflowSharedContext>();
        },
      },
    });
    const wrong = (): unknown =>
      implement(iface.service("S", { a: iface.json<string, number>() }), {
        handlers: {
          // @ts-expect-error it gives a number
          a: async (ctx, text) => {
            expectTypeOf(ctx).toEqualTypeOf<Context>();
            return text;
          },
        },
      });
    expect(wrong).not.toThrow();
  });
});

describe("callers", () => {
  test("use the serdes that are declared, unless the call says otherwise", async () => {
    const driver = attempt(async (ctx) => {
      const client = ctx.client(greeter);
      expectTypeOf(client.greet).returns.toEqualTypeOf<InvocationPromise<string>>();
      void client.greet("json");
      void client.bytes(Buffer.from("raw"));
      ctx.sendClient(implementation, "k").add(1);
      expectTypeOf(ctx.sendClient(counter, "k").get).returns.toEqualTypeOf<InvocationHandle>();
      ctx.sendClient(counter, "k").get();
      // @ts-expect-error it takes a string
      void ctx.client(greeter).greet(1);
      // @ts-expect-error an object has a key
      expect(() => ctx.client(counter)).toThrow("needs a key");
      await ctx.sleep(1);
    });
    expect(await driver.until("waiting")).toMatchObject([
      'Call (Greeter/greet) #1 #2 with "json"',
      "Call (Greeter/bytes) #3 #4 with raw",
      "Send (Counter/k/add) #5 with 1",
      "Send (Counter/k/get) #6 with empty",
      "Call (Greeter/greet) #7 #8 with 1",
      expect.stringContaining("Sleep"),
      expect.stringContaining("waiting"),
    ]);
  });
});

describe("what definitions and classes declare", () => {
  const input1 = marked("input");
  const ofHandler = marked("handler");
  const ofService = marked("service");
  const noop = async (): Promise<void> => undefined;

  test("is the effective serde of each handler: direction, handler, service, or none", () => {
    const definition = service({
      name: "S",
      options: { serde: ofService },
      handlers: {
        own: handlers.handler({ input: input1, serde: ofHandler }, noop),
        plain: noop,
      },
    });
    expect(declaredSerdes(definition, "own")).toEqual({ input: input1, output: ofHandler });
    expect(declaredSerdes(definition, "plain")).toEqual({ input: ofService, output: ofService });
    expect(declaredSerdes(definition, "none")).toEqual({ input: undefined, output: undefined });
    expect(declaredSerdes(definition, "toString").input).toBeUndefined();
    expect(definition).toMatchObject({ _kind: "service", _handlers: { own: {}, plain: {} } });
  });

  test("is the same for classes", () => {
    @object({ serde: ofService })
    class Counter {
      @exclusive({ output: input1 }) async add(_: ObjectContext): Promise<string> {
        return "x";
      }
      @sharedHandler() async get(_: ObjectSharedContext): Promise<string> {
        return "x";
      }
    }
    expect(kindOf(Counter)).toBe("object");
    expect(declaredSerdes(Counter, "add")).toEqual({ input: ofService, output: input1 });
    expect(descriptorOf(Counter, "get")).toEqual({
      _shared: true,
      _inputSerde: ofService,
      _outputSerde: ofService,
    });
    expect(descriptorOf(Counter, "none")).toBeUndefined();
  });

  test("is nothing for a bare name", () => {
    expect(kindOf({ name: "S" })).toBeUndefined();
    expect(declaredSerdes({ name: "S" }, "a")).toEqual({ input: undefined, output: undefined });
  });
});
