import type { CallCommand, SendCommand } from "@perdure/proto/protocol/v1/journal";
import { describe, expect, test } from "vitest";
import { object, service, workflow } from "../definitions/define.js";
import { attempt, type AttemptDriver, type Code } from "../endpoint/session.fixture.js";
import { completedWith, failedWith, invocationId } from "../replay/entries.fixture.js";
import { serde } from "../serde/serde.js";
import { rpc } from "./clients.js";
import type { Context } from "./context.js";

const greeter = service({
  name: "Greeter",
  handlers: {
    greet: async (_: Context, name: string) => `Hello ${name}`,
    ping: async () => undefined,
  },
});
const counter = object({
  name: "Counter",
  handlers: { add: async (_: Context, by: number) => by },
});
const signup = workflow({
  name: "Signup",
  handlers: { run: async (_: Context, user: { name: string }) => user.name },
});

function commandOf(driver: AttemptDriver, at = 0): CallCommand | SendCommand {
  const { frame } = driver.frames[at] ?? {};
  if (frame?.case !== "command") throw new Error("no command");
  const { body } = frame.value;
  if (body.case !== "call" && body.case !== "send") throw new Error("no call");
  return body.value;
}

describe("a call", () => {
  test("waits for the callee's result", async () => {
    const driver = attempt(async (ctx) => ctx.serviceClient(greeter).greet("Ada"));
    expect(await driver.until("waiting")).toEqual([
      'Call (Greeter/greet) #1 #2 with "Ada"',
      "waiting for first(cancel, #2), seen 0",
    ]);
    driver.notify(2, invocationId(1, "inv_1callee"));
    expect(await driver.until("waiting")).toEqual(["waiting for first(cancel, #2), seen 2"]);
    driver.notify(3, completedWith(2, "Hello Ada"));
    expect(await driver.until("end")).toEqual(['end = "Hello Ada"']);
  });

  test("rejects with the callee's failure", async () => {
    const driver = attempt(async (ctx) => ctx.serviceClient(greeter).greet("Ada"));
    driver.notify(2, invocationId(1, "inv_1callee"));
    driver.notify(3, failedWith(2, "no", 404));
    expect((await driver.until("end")).at(-1)).toBe("end ! 404 no");
  });

  test("tells the id of the invocation that it called", async () => {
    const driver = attempt(async (ctx) => ctx.serviceClient(greeter).greet("Ada").invocationId);
    expect((await driver.until("waiting")).at(-1)).toBe("waiting for first(cancel, #1), seen 0");
    driver.notify(2, invocationId(1, "inv_1callee"));
    expect(await driver.until("end")).toEqual(['end = "inv_1callee"']);
  });

  test("is made when it is asked for, awaited or not", async () => {
    const driver = attempt(async (ctx) => {
      const client = ctx.serviceClient(greeter);
      const [first, second] = [client.greet("a"), client.greet("b")];
      return [await second, await first];
    });
    expect(await driver.until("waiting")).toEqual([
      'Call (Greeter/greet) #1 #2 with "a"',
      'Call (Greeter/greet) #3 #4 with "b"',
      "waiting for first(cancel, #4), seen 0",
    ]);
  });

  test("goes to an object or a workflow by key", async () => {
    const driver = attempt(async (ctx) => {
      void ctx.objectClient(counter, "a/b").add(1);
      void ctx.workflowClient(signup, "ada").run({ name: "Ada" });
      void ctx.objectClient({ name: "Untyped" } as unknown as typeof counter, "").add(1);
    });
    expect(await driver.until("end")).toEqual([
      "Call (Counter/a/b/add) #1 #2 with 1",
      'Call (Signup/ada/run) #3 #4 with {"name":"Ada"}',
      "Call (Untyped//add) #5 #6 with 1",
      "end = empty",
    ]);
  });

  test("needs a key where the callee has one", async () => {
    for (const key of [undefined, 7, null]) {
      const driver = attempt(async (ctx) => ctx.objectClient(counter, key as never).add(1));
      expect(await driver.until("failed")).toEqual([
        "failed ! 500 a client of Counter needs a key, as a string (PDR2029)",
      ]);
    }
  });

  test("and a send refuse an idempotency key that is empty", async () => {
    const generic = { service: "Greeter", method: "greet", parameter: new Uint8Array() };
    for (const code of [
      async (ctx) => ctx.serviceClient(greeter).greet("a", rpc.opts({ idempotencyKey: "" })),
      async (ctx) => ctx.genericCall({ ...generic, idempotencyKey: "" }),
      async (ctx) => {
        ctx.genericSend({ ...generic, idempotencyKey: "" });
      },
    ] as Code[]) {
      const driver = attempt(code);
      expect(await driver.until("failed")).toEqual([
        expect.stringMatching(/idempotency key .* is empty.*PDR2024/),
      ]);
    }
  });

  test("takes options behind its input, or alone where there is none", async () => {
    const driver = attempt(async (ctx) => {
      const client = ctx.serviceClient(greeter);
      const options = rpc.opts({ idempotencyKey: "k", headers: { "x-a": "1" }, name: "hello" });
      void client.greet("Ada", options);
      void client.ping(options);
      void client.ping();
    });
    expect(await driver.until("end")).toEqual([
      'Call "hello" (Greeter/greet, idempotency key "k") #1 #2 with "Ada"',
      'Call "hello" (Greeter/ping, idempotency key "k") #3 #4 with empty',
      "Call (Greeter/ping) #5 #6 with empty",
      "end = empty",
    ]);
    expect(commandOf(driver).headers).toMatchObject([{ name: "x-a", value: "1" }]);
    expect(commandOf(driver, 2).idempotencyKey).toBeUndefined();
  });

  test("writes and reads by the serdes of its options", async () => {
    const driver = attempt(async (ctx) => {
      const options = rpc.opts<Uint8Array, Uint8Array>({
        input: serde.binary,
        output: serde.binary,
      });
      const bytes: unknown = await ctx
        .serviceClient(greeter)
        .greet(Buffer.from("in") as never, options);
      return Buffer.from(bytes as Uint8Array).toString();
    });
    expect(await driver.until("waiting")).toContain("Call (Greeter/greet) #1 #2 with in");
    driver.notify(3, completedWith(2, 5));
    expect(await driver.until("end")).toEqual(['end = "5"']);
  });

  test("refuses an input that can't be written, and names the callee", async () => {
    const driver = attempt(async (ctx) => ctx.serviceClient(greeter).greet(5n as never));
    expect(await driver.until("failed")).toEqual([
      expect.stringMatching(/the input of Greeter\/greet can't be serialised.*PDR2002/),
    ]);
  });

  test("can be generic: bytes, unless serdes say otherwise", async () => {
    const target = { service: "Greeter", method: "greet" };
    const driver = attempt(async (ctx) => {
      const parameter = Buffer.from("raw");
      const bytes = await ctx.genericCall({ ...target, parameter });
      const text = await ctx.genericCall<string, string>({
        ...target,
        key: "k",
        parameter: "json",
        inputSerde: serde.json as never,
        outputSerde: serde.json as never,
        idempotencyKey: "i",
        name: "n",
      });
      return [Buffer.from(bytes).toString(), text];
    });
    expect(await driver.until("waiting")).toContain("Call (Greeter/greet) #1 #2 with raw");
    driver.notify(2, invocationId(1, "inv_1"));
    driver.notify(3, completedWith(2, 5));
    expect(await driver.until("command")).toEqual([
      'Call "n" (Greeter/k/greet, idempotency key "i") #3 #4 with "json"',
    ]);
    driver.notify(6, completedWith(4, "out"));
    expect((await driver.until("end")).at(-1)).toBe('end = ["5","out"]');
    const wrong = attempt(async (ctx) =>
      ctx.genericCall({ ...target, parameter: "text" as never }),
    );
    expect((await wrong.until("failed")).at(-1)).toContain("PDR2002");
  });
});

describe("a send", () => {
  test("does not wait, and tells the id when asked", async () => {
    const driver = attempt(async (ctx) => {
      const { invocationId: id } = ctx.serviceSendClient(greeter).greet("Ada");
      ctx.objectSendClient(counter, "a").add(1);
      return id;
    });
    expect(await driver.until("waiting")).toEqual([
      'Send (Greeter/greet) #1 with "Ada"',
      "Send (Counter/a/add) #2 with 1",
      "waiting for first(cancel, #1), seen 0",
    ]);
    driver.notify(3, invocationId(1, "inv_1sent"));
    expect(await driver.until("end")).toEqual(['end = "inv_1sent"']);
  });

  test("can be delayed", async () => {
    const driver = attempt(async (ctx) => {
      const client = ctx.workflowSendClient(signup, "ada");
      client.run({ name: "a" }, rpc.sendOpts({ delay: { minutes: 1 }, idempotencyKey: "k" }));
      client.run({ name: "b" }, rpc.sendOpts({ delay: -5 }));
      ctx.genericSend({ service: "S", method: "m", parameter: Buffer.from("raw"), delay: 7 });
    });
    expect(await driver.until("end")).toEqual([
      'Send (Signup/ada/run, idempotency key "k") #1 with {"name":"a"} in 60000 ms',
      'Send (Signup/ada/run) #2 with {"name":"b"}',
      "Send (S/m) #3 with raw in 7 ms",
      "end = empty",
    ]);
  });

  test("refuses a delay that is none", async () => {
    for (const delay of [NaN, Infinity, 1e300]) {
      const driver = attempt(async (ctx) => {
        ctx.serviceSendClient(greeter).ping(rpc.sendOpts({ delay }));
      });
      expect((await driver.until("failed")).at(-1)).toContain("the delay of a send is a duration");
    }
  });
});

describe("a client", () => {
  test("is no promise: it can be returned from an async function", async () => {
    const code: Code = async (ctx) => {
      const client = await Promise.resolve(ctx.serviceClient(greeter));
      return client.greet("Ada");
    };
    expect(await attempt(code).until("waiting")).toContain('Call (Greeter/greet) #1 #2 with "Ada"');
  });
});
