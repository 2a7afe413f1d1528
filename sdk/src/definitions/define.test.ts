import { definitionSymbol, nameOf } from "@perdure/protocol/definitions";
import { describe, expect, test } from "vitest";
import type {
  Context,
  ObjectContext,
  ObjectSharedContext,
  WorkflowContext,
  WorkflowSharedContext,
} from "../context/context.js";
import { SessionDriver } from "../endpoint/session.fixture.js";
import { input } from "../replay/entries.fixture.js";
import { TerminalError } from "../errors.js";
import { serde } from "../serde/serde.js";
import { exclusive, handler, run, shared } from "./decorators.js";
import { modelOf, object, service, workflow } from "./define.js";
import {
  createObjectHandler,
  createObjectSharedHandler,
  createServiceHandler,
  createWorkflowHandler,
  createWorkflowSharedHandler,
  handlers,
} from "./handlers.js";
import { DefinitionError } from "./model.js";

/** Kinds of handlers, by name. */
function kindsOf(definable: object): Record<string, string> {
  return Object.fromEntries(
    [...modelOf(definable).handlers.values()].map(({ name, kind }) => [name, kind]),
  );
}

@service({ description: "Greets", metadata: { team: "a" } })
class Greeter {
  readonly #greeting = "Hello";
  @handler() async greet(_: Context, name: string): Promise<string> {
    return `${this.#greeting} ${this.decorated(name)}`;
  }
  @handler({ ingressPrivate: true, input: serde.binary, description: "For friends" })
  async hidden(_: Context): Promise<void> {}
  decorated(name: string): string {
    return `*${name}*`;
  }
}

@object({ name: "counter", enableLazyState: true })
class Counter {
  @exclusive() async add(ctx: ObjectContext, by: number): Promise<void> {
    ctx.set("count", by);
  }
  @handler() async plain(_: Context): Promise<void> {}
  @shared({ inactivityTimeout: 5 }) async get(ctx: ObjectSharedContext): Promise<unknown> {
    return ctx.get("count");
  }
}

@workflow({ workflowRetention: { days: 7 }, retryPolicy: { maxAttempts: 3 } })
class Signup {
  @run({ journalRetention: 1 }) async run(_: WorkflowContext): Promise<void> {}
  @shared() async status(_: WorkflowSharedContext): Promise<void> {}
  @handler() async plain(_: Context): Promise<void> {}
}

describe("a decorated class", () => {
  test("has the name of the class, or the one that it is given", () => {
    expect(modelOf(Greeter).name).toBe("Greeter");
    expect(modelOf(Counter).name).toBe("counter");
    expect(nameOf(Greeter)).toBe("Greeter");
    expect(nameOf(Counter)).toBe("counter");
    expect(Counter.name).toBe("Counter");
  });

  test("has the kind of its decorator, for whoever asks", () => {
    expect([Greeter, Counter, Signup].map((each) => modelOf(each).kind)).toEqual([
      "service",
      "object",
      "workflow",
    ]);
    expect(Reflect.get(Signup, definitionSymbol)).toEqual({
      name: "Signup",
      kind: "workflow",
      handlers: { run: {}, plain: {}, status: {} },
    });
  });

  test("has its decorated methods as handlers, of the kinds that they say, and no others", () => {
    expect(kindsOf(Greeter)).toEqual({ greet: "shared", hidden: "shared" });
    expect(kindsOf(Counter)).toEqual({ add: "exclusive", plain: "exclusive", get: "shared" });
    expect(kindsOf(Signup)).toEqual({ run: "run", status: "shared", plain: "shared" });
  });

  test("carries its options, and those of its handlers", () => {
    const greeter = modelOf(Greeter);
    expect(greeter.options).toEqual({ description: "Greets", metadata: { team: "a" } });
    expect(greeter.handlers.get("greet")?.options).toEqual({});
    expect(greeter.handlers.get("hidden")?.options).toEqual({
      ingressPrivate: true,
      input: serde.binary,
      description: "For friends",
    });
    expect(modelOf(Counter).options).toEqual({ enableLazyState: true });
    expect(modelOf(Counter).handlers.get("get")?.options).toEqual({ inactivityTimeout: 5 });
    expect(modelOf(Signup).options).toEqual({
      workflowRetention: { days: 7 },
      retryPolicy: { maxAttempts: 3 },
    });
  });

  test("is still the class that was written", async () => {
    const greeter = new Greeter();
    expect(greeter).toBeInstanceOf(Greeter);
    expect(await greeter.greet({} as Context, "Ada")).toBe("Hello *Ada*");
  });

  test("runs its handlers on one instance, made when the first is called", async () => {
    let made = 0;
    @service()
    class Lazy {
      #calls = 0;
      constructor() {
        made++;
      }
      @handler() async count(): Promise<number> {
        return ++this.#calls;
      }
    }
    const session = new SessionDriver([Lazy]);
    expect(made).toBe(0);
    const start = { handler: "Lazy/count", entries: [input()] };
    expect(await session.start(start).until("end")).toEqual(["end = 1"]);
    expect(await session.start(start).until("end")).toEqual(["end = 2"]);
    expect(made).toBe(1);
  });

  test("whose constructor fails fails the attempt, and is tried again", async () => {
    let tries = 0;
    @service()
    class Flaky {
      constructor() {
        if (++tries === 1) throw new Error("no database yet");
      }
      @handler() async greet(): Promise<string> {
        return "Hello";
      }
    }
    const session = new SessionDriver([Flaky]);
    const start = { handler: "Flaky/greet", entries: [input()] };
    expect(await session.start(start).until("failed")).toEqual(["failed ! 500 no database yet"]);
    expect(await session.start(start).until("end")).toEqual(['end = "Hello"']);
  });
});

describe("inheritance", () => {
  class Base {
    protected prefix = "base";
    @handler() async inherited(): Promise<string> {
      return this.prefix;
    }
    @handler({ ingressPrivate: true }) async overridden(): Promise<string> {
      return "base";
    }
    @handler() async hidden(): Promise<string> {
      return "base";
    }
  }
  @service()
  class Derived extends Base {
    protected override prefix = "derived";
    @handler() override async overridden(): Promise<string> {
      return "derived";
    }
    override async hidden(): Promise<string> {
      return "derived";
    }
    @handler() async own(): Promise<string> {
      return this.prefix;
    }
  }

  test("brings the handlers of the classes above along, the nearest first", async () => {
    expect(kindsOf(Derived)).toEqual({ inherited: "shared", overridden: "shared", own: "shared" });
    expect(modelOf(Derived).handlers.get("overridden")?.options).toEqual({});
    const session = new SessionDriver([Derived]);
    const outputs = [];
    for (const name of ["inherited", "overridden", "own"]) {
      const entries = [input()];
      outputs.push(...(await session.start({ handler: `Derived/${name}`, entries }).until("end")));
    }
    expect(outputs).toEqual(['end = "derived"', 'end = "derived"', 'end = "derived"']);
  });

  test("makes no service of the class above, nor of one below that is not decorated", () => {
    class Below extends Derived {}
    expect(() => modelOf(Base)).toThrow(DefinitionError);
    expect(() => modelOf(Below)).toThrow("Below is no service");
  });

  test("lets two services share a class", () => {
    @service()
    class First extends Base {}
    @service({ name: "Other" })
    class Second extends Base {}
    expect([modelOf(First).name, modelOf(Second).name]).toEqual(["First", "Other"]);
    expect(modelOf(Second).handlers.size).toBe(3);
  });
});

describe("a functional definition", () => {
  const greeter = service({
    name: "Greeter",
    description: "Greets",
    metadata: { team: "a" },
    options: { inactivityTimeout: 1 },
    handlers: {
      greet: async (_, name: string) => `Hello ${name}`,
      hidden: handlers.handler({ ingressPrivate: true }, async () => undefined),
    },
  });

  test("is a plain object with a name, a kind, and what its callers want to know", () => {
    expect(greeter).toEqual({
      name: "Greeter",
      _kind: "service",
      _handlers: { greet: {}, hidden: {} },
      _description: "Greets",
      _metadata: { team: "a" },
    });
    expect(Object.getPrototypeOf(greeter)).toBe(Object.prototype);
    expect(nameOf(greeter)).toBe("Greeter");
  });

  test("has the same model as a class", () => {
    const { name, kind, options } = modelOf(greeter);
    expect({ name, kind, options }).toEqual({
      name: "Greeter",
      kind: "service",
      options: { inactivityTimeout: 1, description: "Greets", metadata: { team: "a" } },
    });
    expect(kindsOf(greeter)).toEqual({ greet: "shared", hidden: "shared" });
    expect(modelOf(greeter).handlers.get("hidden")?.options).toEqual({ ingressPrivate: true });
  });

  test("has exclusive handlers in objects, shared ones beside the run in workflows", () => {
    const counter = object({
      name: "Counter",
      handlers: {
        add: async () => 1,
        set: handlers.object.exclusive(async () => 1),
        get: handlers.object.shared({ inactivityTimeout: 5 }, async () => 1),
        plain: handlers.handler(async () => 1),
      },
    });
    expect(kindsOf(counter)).toEqual({
      add: "exclusive",
      set: "exclusive",
      get: "shared",
      plain: "exclusive",
    });
    const signup = workflow({
      name: "Signup",
      handlers: {
        run: handlers.workflow.workflow({ journalRetention: 1 }, async () => 1),
        status: async () => 1,
        verify: handlers.workflow.shared(async () => 1),
      },
    });
    expect(kindsOf(signup)).toEqual({ run: "run", status: "shared", verify: "shared" });
  });

  test("takes handlers by their other names, too", () => {
    expect(createServiceHandler).toBe(handlers.handler);
    expect(createObjectHandler).toBe(handlers.object.exclusive);
    expect(createObjectSharedHandler).toBe(handlers.object.shared);
    expect(createWorkflowHandler).toBe(handlers.workflow.workflow);
    expect(createWorkflowSharedHandler).toBe(handlers.workflow.shared);
  });

  test("may use one function in two places, with different options", () => {
    const get = async (): Promise<number> => 1;
    const both = object({
      name: "O",
      handlers: {
        shared: handlers.object.shared(get),
        exclusive: handlers.object.exclusive({ ingressPrivate: true }, get),
        plain: get,
      },
    });
    expect(kindsOf(both)).toEqual({ shared: "shared", exclusive: "exclusive", plain: "exclusive" });
    expect(modelOf(both).handlers.get("plain")?.options).toEqual({});
  });

  test("runs its handlers with the input", async () => {
    const session = new SessionDriver([greeter]);
    const start = { handler: "Greeter/greet", entries: [input("Ada")] };
    expect(await session.start(start).until("end")).toEqual(['end = "Hello Ada"']);
  });

  test("may throw what is mapped by its service", async () => {
    const asTerminalError = (error: unknown): TerminalError | undefined =>
      error instanceof RangeError ? new TerminalError("mapped") : undefined;
    const failing = service({
      name: "F",
      options: { asTerminalError },
      handlers: {
        fail: async () => {
          throw new RangeError("x");
        },
      },
    });
    const session = new SessionDriver([failing]);
    const start = { handler: "F/fail", entries: [input()] };
    expect(await session.start(start).until("end")).toEqual(["end ! 500 mapped"]);
  });
});

describe("what can't be a service is refused, with PDR2004", () => {
  const refused = (message: string, make: () => unknown): void => {
    expect(make).toThrow(DefinitionError);
    expect(make).toThrow(message);
    expect(make).toThrow("(PDR2004)");
  };

  test("a value that is none", () => {
    class Plain {}
    refused("Plain is no service: decorate the class", () => modelOf(Plain));
    refused("X is no service", () => modelOf({ name: "X" }));
    refused("this value is no service", () => modelOf({}));
  });

  test("no handlers at all", () => {
    refused("Empty has no handlers", () => {
      @service()
      class Empty {
        notDecorated(): void {}
      }
      return Empty;
    });
    refused("E has no handlers", () => object({ name: "E", handlers: {} }));
  });

  test("a class whose decorators are compiled in the old way", () => {
    class Old {
      greet(): void {}
    }
    const decorate = handler() as (...given: unknown[]) => void;
    refused("the decorator of Old.greet is compiled in the old way of TypeScript", () => {
      decorate(Old.prototype, "greet", Object.getOwnPropertyDescriptor(Old.prototype, "greet"));
    });
  });

  test("a workflow without a run", () => {
    refused('the workflow W has no handler "run"', () =>
      workflow({ name: "W", handlers: { other: async () => 1 } as never }),
    );
    refused('the workflow NoRun has no handler "run"', () => {
      @workflow()
      class NoRun {
        async run(_: WorkflowContext): Promise<void> {}
        @shared() async other(_: WorkflowSharedContext): Promise<void> {}
      }
      return NoRun;
    });
  });

  test("handlers of a kind that the service type has not", () => {
    refused("handler get of S can't be shared: S is a service", () =>
      service({ name: "S", handlers: { get: handlers.object.shared(async () => 1) as never } }),
    );
    refused("handler run of O can't be run: O is an object", () =>
      object({ name: "O", handlers: { run: handlers.workflow.workflow(async () => 1) as never } }),
    );
    refused("handler add of W can't be exclusive: W is a workflow", () => {
      @workflow({ name: "W" })
      class Wrong {
        @run() async run(_: WorkflowContext): Promise<void> {}
        @exclusive() async add(_: Context): Promise<void> {}
      }
      return Wrong;
    });
    refused("handler run of W can't be shared", () => {
      @workflow({ name: "W" })
      class Wrong {
        @shared() async run(_: Context): Promise<void> {}
      }
      return Wrong;
    });
    refused("handler main of W can't be run", () =>
      workflow({
        name: "W",
        handlers: { run: async () => 1, main: handlers.workflow.workflow(async () => 1) as never },
      }),
    );
  });

  test("handlers that are no functions", () => {
    refused("handler greet of S is no function", () =>
      service({ name: "S", handlers: { greet: "hello" as never } }),
    );
  });

  test("a service without a name", () => {
    refused("a service needs a name", () => service({ name: "", handlers: { a: async () => 1 } }));
    refused("an object needs a name", () => object({ name: "", handlers: { a: async () => 1 } }));
  });

  test("a class that is decorated twice", () => {
    refused("class Twice is decorated twice", () => {
      @service()
      @object()
      class Twice {
        @handler() async greet(_: Context): Promise<void> {}
      }
      return Twice;
    });
  });
});
