// Scopes and limit keys of calls and sends, and clients by kind.

import type { CallCommand, SendCommand } from "@perdure/proto/protocol/v1/journal";
import { definitionSymbol, type Definition } from "@perdure/protocol/definitions";
import { describe, expect, test } from "vitest";
import { object, service, workflow } from "../definitions/define.js";
import { attempt, type AttemptDriver, type Code } from "../endpoint/session.fixture.js";
import { command, completedWith } from "../replay/entries.fixture.js";
import { serde } from "../serde/serde.js";
import { rpc } from "./clients.js";
import type { Context, ObjectContext, WorkflowContext } from "./context.js";
import { handlers } from "../definitions/handlers.js";

const greeter = service({
  name: "Greeter",
  handlers: { greet: async (_: Context, name: string) => `Hello ${name}` },
});
const counter = object({
  name: "Counter",
  handlers: { add: async (_: ObjectContext, by: number) => by },
});
const signup = workflow({
  name: "Signup",
  handlers: { run: async (_: WorkflowContext, name: string) => name },
});

function targetsOf(driver: AttemptDriver): unknown[] {
  return driver.frames.flatMap(({ frame }) => {
    if (frame.case !== "command") return [];
    const { target } = frame.value.body.value as CallCommand | SendCommand;
    const { service: name, key, handler, scope, limitKey } = target ?? {};
    return [[name, key, handler, scope, limitKey].map((part) => part ?? "-").join(" ")];
  });
}

describe("calls in a scope", () => {
  test("carry it, whichever client makes them", async () => {
    const driver = attempt(async (ctx) => {
      const scoped = ctx.scope("tenant-1");
      void scoped.serviceClient(greeter).greet("a");
      void scoped.objectClient(counter, "k").add(1);
      void scoped.workflowClient(signup, "k").run("a");
      scoped.serviceSendClient(greeter).greet("a");
      scoped.objectSendClient(counter, "k").add(1);
      scoped.workflowSendClient(signup, "k").run("a");
      void scoped.client(greeter).greet("a", rpc.opts({ limitKey: "llm/large" }));
      scoped.sendClient(counter, "k").add(1, rpc.sendOpts({ limitKey: "llm" }));
      const generic = { service: "Greeter", method: "greet", parameter: new Uint8Array() };
      void scoped.genericCall(generic);
      scoped.genericSend({ ...generic, limitKey: "a.b_c-D" });
      void ctx.genericCall({ ...generic, scope: "other", limitKey: "x" });
      ctx.genericSend({ ...generic, scope: "other" });
      void ctx.serviceClient(greeter).greet("a");
    });
    await driver.until("end");
    expect(targetsOf(driver)).toEqual([
      "Greeter - greet tenant-1 -",
      "Counter k add tenant-1 -",
      "Signup k run tenant-1 -",
      "Greeter - greet tenant-1 -",
      "Counter k add tenant-1 -",
      "Signup k run tenant-1 -",
      "Greeter - greet tenant-1 llm/large",
      "Counter k add tenant-1 llm",
      "Greeter - greet tenant-1 -",
      "Greeter - greet tenant-1 a.b_c-D",
      "Greeter - greet other x",
      "Greeter - greet other -",
      "Greeter - greet - -",
    ]);
  });

  test("are compared with it on replay", async () => {
    const called = { service: "Greeter", handler: "greet", scope: "a", limitKey: "l" };
    const code =
      (scope: string, limitKey: string): Code =>
      async (ctx) => {
        await ctx.scope(scope).client(greeter).greet("Ada", rpc.opts({ limitKey }));
      };
    const journal = [command({ case: "call", value: { target: called } })];
    expect(await attempt(code("a", "l"), { journal }).until("waiting")).toHaveLength(1);
    expect(await attempt(code("b", "l"), { journal }).until("failed")).toEqual([
      expect.stringContaining('recorded was Call (Greeter/greet, scope "a", limit key "l")'),
    ]);
    expect(await attempt(code("a", "m"), { journal }).until("failed")).toEqual([
      expect.stringContaining('asks for Call (Greeter/greet, scope "a", limit key "m")'),
    ]);
  });
});

describe("a scope", () => {
  test("is 1 to 36 letters, digits, underscores, dots and dashes", async () => {
    const good = ["a", "A_b.c-9", "x".repeat(36)];
    for (const key of good) {
      const driver = attempt(async (ctx) => {
        ctx.scope(key);
      });
      expect(await driver.until("end")).toEqual(["end = empty"]);
    }
    for (const key of ["", "x".repeat(37), "a b", "a/b", "ä", "a\n", undefined, 7]) {
      const driver = attempt(async (ctx) => {
        ctx.scope(key as string);
      });
      expect((await driver.until("failed")).at(-1)).toMatch(/a scope is 1 to 36 of .*PDR2014/s);
    }
  });

  test("is required by a limit key", async () => {
    const generic = { service: "Greeter", method: "greet", parameter: new Uint8Array() };
    for (const code of [
      async (ctx) => ctx.serviceClient(greeter).greet("a", rpc.opts({ limitKey: "l" })),
      async (ctx) => {
        ctx.serviceSendClient(greeter).greet("a", rpc.sendOpts({ limitKey: "l" }));
      },
      async (ctx) => ctx.genericCall({ ...generic, limitKey: "l" }),
      async (ctx) => {
        ctx.genericSend({ ...generic, limitKey: "l" });
      },
    ] as Code[]) {
      const driver = attempt(code);
      expect(await driver.until("failed")).toEqual([
        expect.stringMatching(/a limit key requires a scope: "l".*PDR2014/),
      ]);
    }
  });

  test("has limit keys of one or two parts", async () => {
    for (const limitKey of ["", "/", "a/", "/a", "a/b/c", "a b", "x".repeat(37)]) {
      const driver = attempt(async (ctx) =>
        ctx.scope("s").client(greeter).greet("a", rpc.opts({ limitKey })),
      );
      expect((await driver.until("failed")).at(-1)).toMatch(/a limit key is one or two parts/);
    }
  });
});

describe("a client by kind", () => {
  test("needs a key where the kind has one, and takes none where it has not", async () => {
    const driver = attempt(async (ctx) => {
      void ctx.client(greeter).greet("a");
      void ctx.client(counter, "k").add(1);
      void ctx.client(signup, "").run("a");
      ctx.sendClient(greeter).greet("a");
      ctx.sendClient(signup, "k").run("a");
    });
    await driver.until("end");
    expect(targetsOf(driver)).toEqual([
      "Greeter - greet - -",
      "Counter k add - -",
      "Signup  run - -",
      "Greeter - greet - -",
      "Signup k run - -",
    ]);
    const keyed = attempt(async (ctx) => ctx.client(greeter as never, "k"));
    expect((await keyed.until("failed")).at(-1)).toContain("Greeter takes no key");
    const unkeyed = attempt(async (ctx) => ctx.client(counter, undefined as never));
    expect((await unkeyed.until("failed")).at(-1)).toContain("Counter needs a key");
  });

  test("knows the kind of a class, and takes a bare name as it comes", async () => {
    class Marked {
      async add(_: ObjectContext, by: number): Promise<number> {
        return by;
      }
    }
    Object.defineProperty(Marked, definitionSymbol, { value: { name: "Named", kind: "object" } });
    const bare: Definition<"object", "Bare", Marked> = { name: "Bare" };
    const driver = attempt(async (ctx) => {
      void ctx.client(Marked, "k").add(1);
      void ctx.client(bare, "k").add(1);
    });
    await driver.until("end");
    expect(targetsOf(driver)).toEqual(["Named k add - -", "Bare k add - -"]);
    const unkeyed = attempt(async (ctx) => ctx.client(Marked, undefined as never));
    expect((await unkeyed.until("failed")).at(-1)).toContain("Named needs a key");
  });
});

describe("a definition that declares serdes", () => {
  const raw = service({
    name: "Raw",
    handlers: {
      echo: handlers.handler(
        { input: serde.binary, output: serde.binary },
        async (_: Context, bytes: Uint8Array) => bytes,
      ),
    },
  });

  test("has its clients use them", async () => {
    const driver = attempt(async (ctx) => {
      ctx.serviceSendClient(raw).echo(Buffer.from("sent"));
      const bytes = await ctx.client(raw).echo(Buffer.from("called"));
      return Buffer.from(bytes).toString();
    });
    expect(await driver.until("waiting")).toEqual([
      "Send (Raw/echo) #1 with sent",
      "Call (Raw/echo) #2 #3 with called",
      "waiting for first(cancel, #3), seen 0",
    ]);
    driver.notify(4, completedWith(3, 5));
    expect(await driver.until("end")).toEqual(['end = "5"']);
  });

  test("does not win over the options of a call", async () => {
    const driver = attempt(async (ctx) => {
      const json = { input: serde.json as never, output: serde.json as never };
      return ctx.client(raw).echo("text" as never, rpc.opts(json));
    });
    expect(await driver.until("waiting")).toContain('Call (Raw/echo) #1 #2 with "text"');
    driver.notify(3, completedWith(2, "json"));
    expect(await driver.until("end")).toEqual(['end = "json"']);
  });
});
