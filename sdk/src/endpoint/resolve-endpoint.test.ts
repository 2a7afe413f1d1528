// What an endpoint says for all of its services: options, serdes, error mapping; and who wins over whom.

import { OnMaxAttempts } from "@perdure/proto/manifest/v1/manifest";
import { describe, expect, test } from "vitest";
import { object, service, workflow } from "../definitions/define.js";
import { handlers } from "../definitions/handlers.js";
import { modelOf } from "../definitions/define.js";
import { TerminalError } from "../errors.js";
import { run } from "../replay/entries.fixture.js";
import { serde, type Serde } from "../serde/serde.js";
import { createManifest } from "./manifest.js";
import { resolveEndpoint } from "./resolve-endpoint.js";
import { attempt, SessionDriver } from "./session.fixture.js";

const noop = async (): Promise<void> => undefined;
const greeter = service({
  name: "Greeter",
  options: { journalRetention: 2_000, retryPolicy: { maxAttempts: 3 } },
  handlers: { greet: handlers.handler({ journalRetention: 3_000 }, noop), ping: noop },
});
const counter = object({ name: "Counter", handlers: { add: noop } });
const signup = workflow({
  name: "Signup",
  options: { workflowRetention: { days: 1 } },
  handlers: { run: noop },
});

describe("default options of an endpoint", () => {
  const { services } = resolveEndpoint({
    services: [greeter, counter, signup],
    defaultServiceOptions: {
      journalRetention: 1_000,
      inactivityTimeout: { seconds: 5 },
      ingressPrivate: true,
      enableLazyState: true,
      workflowRetention: { days: 9 },
      retryPolicy: { initialInterval: 7, onMaxAttempts: "kill" },
    },
  });
  const [first, second, third] = createManifest(services.values()).services;

  test("are in the manifest of every service that does not say otherwise", () => {
    expect(second?.options).toMatchObject({
      journalRetentionMs: 1_000n,
      inactivityTimeoutMs: 5_000n,
      ingressPrivate: true,
      retryPolicy: { initialIntervalMs: 7n, onMaxAttempts: OnMaxAttempts.KILL },
    });
    expect(first?.options).toMatchObject({
      journalRetentionMs: 2_000n,
      inactivityTimeoutMs: 5_000n,
    });
    expect(first?.handlers[0]?.options).toMatchObject({ journalRetentionMs: 3_000n });
    expect(first?.handlers[1]?.options?.journalRetentionMs).toBeUndefined();
  });

  test("give way as a whole: a retry policy is not mixed from two", () => {
    expect(first?.options?.retryPolicy).toMatchObject({
      maxAttempts: 3,
      onMaxAttempts: OnMaxAttempts.UNSPECIFIED,
    });
    expect(first?.options?.retryPolicy?.initialIntervalMs).toBeUndefined();
  });

  test("go only to services that can have them", () => {
    expect([first, second, third].map((offered) => offered?.options?.enableLazyState)).toEqual([
      undefined,
      true,
      true,
    ]);
    expect([first, second, third].map((offered) => offered?.options?.workflowRetentionMs)).toEqual([
      undefined,
      undefined,
      86_400_000n,
    ]);
  });

  test("are not overridden by options that are given as undefined", () => {
    const vague = service({
      name: "Vague",
      options: { journalRetention: undefined } as never,
      handlers: { ping: noop },
    });
    const resolved = resolveEndpoint({
      services: [vague],
      defaultServiceOptions: { journalRetention: 1_000 },
    });
    expect(resolved.services.get("Vague")?.options.journalRetention).toBe(1_000);
  });

  test("leave the definition as it was: another endpoint may say something else", () => {
    expect(modelOf(counter).options).toEqual({});
    expect(resolveEndpoint({ services: [counter] }).services.get("Counter")?.options).toEqual({
      hooks: [],
    });
  });

  test("two services of one name are refused", () => {
    expect(() => resolveEndpoint({ services: [counter, counter] })).toThrow(
      'two services are named "Counter": rename one (PDR2004)',
    );
  });
});

describe("asTerminalError", () => {
  const mapping = (message: string) => () => new TerminalError(message);
  const thrower = async (): Promise<never> => Promise.reject(new Error("x"));

  test("of the handler comes before that of the service, and that before the endpoint's", async () => {
    const endpoint = { defaultServiceOptions: { asTerminalError: mapping("endpoint") } };
    const serviceOptions = { asTerminalError: mapping("service") };
    const options = { asTerminalError: mapping("handler") };
    for (const [given, message] of [
      [{ endpoint, serviceOptions, options }, "handler"],
      [{ endpoint, serviceOptions }, "service"],
      [{ endpoint }, "endpoint"],
    ] as const) {
      expect(await attempt(thrower, given).until("end")).toEqual([`end ! 500 ${message}`]);
    }
  });
});

/** Text, between marks that say whose serde it was. */
function marked(mark: string): Serde<unknown> {
  return {
    contentType: `text/${mark}`,
    serialize: (value) => Buffer.from(`${mark}(${String(value)})`),
    deserialize: (bytes) => `${mark}:${Buffer.from(bytes).toString()}`,
  };
}

describe("the serde of a value", () => {
  const endpoint = { defaultServiceOptions: { serde: marked("endpoint") } };
  const serviceOptions = { serde: marked("service") };
  const options = { serde: marked("handler") };
  const directions = { ...options, input: marked("in"), output: marked("out") };

  test("is that of the direction, the handler, the service, the endpoint, or JSON", async () => {
    for (const [given, said] of [
      [{ endpoint, serviceOptions, options: directions }, 'end = out(in:"x")'],
      [{ endpoint, serviceOptions, options }, 'end = handler(handler:"x")'],
      [{ endpoint, serviceOptions }, 'end = service(service:"x")'],
      [{ endpoint }, 'end = endpoint(endpoint:"x")'],
      [{}, 'end = "x"'],
    ] as const) {
      const driver = attempt(async (_, input) => input, { ...given, input: "x" });
      expect(await driver.until("end")).toEqual([said]);
    }
  });

  test("in the context is the handler's default, unless the call says otherwise", async () => {
    const driver = attempt(
      async (ctx) => {
        ctx.set("a", 1);
        ctx.set("b", 2, serde.json);
        void ctx.promise("p").resolve(3);
        ctx
          .serviceSendClient<{ m(context: never, input: number): Promise<void> }>({ name: "S" })
          .m(4);
        const bytes = serde.binary as Serde<unknown>;
        await ctx.run("r", () => Buffer.from("raw"), { serde: bytes });
        return ctx.run("s", () => 5);
      },
      { endpoint, options: directions },
    );
    expect(await driver.until("proposeCompletion")).toEqual([
      'SetState (key "a") = handler(1)',
      'SetState (key "b") = 2',
      'CompletePromise (promise "p") #1 = handler(3)',
      "Send (S/m) #2 with handler(4)",
      'Run "r" #3',
      "propose #3 = raw",
    ]);
    driver.accept(7, 3);
    expect(await driver.until("proposeCompletion")).toContain("propose #4 = handler(5)");
  });

  test("of the date is JSON, whatever else is", async () => {
    const driver = attempt(async (ctx) => ctx.date.now(), { options: { serde: serde.binary } });
    expect((await driver.until("proposeCompletion")).at(-1)).toMatch(/^propose #1 = \d+$/);
    const replayed = attempt(async (ctx) => ctx.date.now(), { options, journal: [run(1)] });
    await replayed.until("proposeCompletion");
  });

  test("is published: content types and JSON Schemas", () => {
    const described = service({
      name: "Described",
      handlers: {
        both: handlers.handler(
          { input: serde.json.schema({ type: "string" }), output: serde.binary },
          async () => new Uint8Array(),
        ),
      },
    });
    const { services } = resolveEndpoint({ services: [described], ...endpoint });
    const [offered] = createManifest(services.values()).services;
    expect(offered?.handlers[0]).toMatchObject({
      input: { contentType: "application/json", jsonSchema: '{"type":"string"}' },
      output: { contentType: "application/octet-stream", jsonSchema: "" },
    });
  });
});

describe("lines that are logged", () => {
  test("go to the endpoint's logger: the SDK's own and those of handlers", async () => {
    const lines: unknown[] = [];
    const chatty = service({
      name: "Chatty",
      handlers: {
        talk: async (ctx) => {
          ctx.console.info("hello %s", "Ada");
          throw new Error("lost");
        },
      },
    });
    const session = new SessionDriver([chatty], {
      logger: ({ level, source, replaying, context }, ...rest: unknown[]) => {
        const request = context?.request?.target.toString();
        lines.push([level, source, replaying, context?.invocationTarget, request, ...rest]);
      },
    });
    await session.start({ handler: "Chatty/talk" }).until("failed");
    expect(lines).toEqual([
      ["info", "USER", false, "Chatty/talk", "Chatty/talk", "hello %s", "Ada"],
      ["warn", "SYSTEM", false, "Chatty/talk", undefined, "attempt failed: lost"],
    ]);
  });
});
