// Values whose types codegen read: handlers get and give Date, bigint and bytes, callers in handlers send and get
// them, and the journal has JSON.

import type { CallCommand, SendCommand } from "@perdure/proto/protocol/v1/journal";
import { bytesOf } from "@perdure/protocol/messages";
import { create, toBinary } from "@bufbuild/protobuf";
import { HandlerKind, ManifestSchema, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { describe, expect, test } from "vitest";
import { rpc } from "../context/clients.js";
import type { Context } from "../context/context.js";
import { object, service, workflow } from "../definitions/define.js";
import { handlers } from "../definitions/handlers.js";
import { completedWith, input, invocationId } from "../replay/entries.fixture.js";
import type { Serde } from "../serde/serde.js";
import {
  bigintSchema,
  dateSchema,
  handlerOf,
  user,
  userJson,
  userSchema,
  usersManifest,
} from "./generated.fixture.js";
import { resolveEndpoint } from "./resolve-endpoint.js";
import { SessionDriver, type AttemptDriver, type Code } from "./session.fixture.js";

type User = typeof user;
const manifest = usersManifest();
const dayMs = 86_400_000;

let seen: unknown[] = [];
const users = service({
  name: "Users",
  handlers: {
    age: async (_: Context, given: User): Promise<bigint> => {
      seen = [given];
      return BigInt(Math.floor(given.born.getTime() / dayMs));
    },
    echo: async (_: Context, given: User): Promise<User> => {
      seen = [given];
      return given;
    },
  },
});

/** Any handler's code, beside a service that has a manifest. */
function calling(code: Code, more: Partial<ConstructorParameters<typeof SessionDriver>[1]> = {}) {
  const run = handlers.workflow.workflow(code);
  const own = create(ManifestSchema, {
    services: [
      { name: "W", kind: ServiceKind.WORKFLOW, handlers: [handlerOf("run", HandlerKind.RUN)] },
      {
        name: "Signup",
        kind: ServiceKind.WORKFLOW,
        handlers: [handlerOf("run", HandlerKind.RUN, { input: dateSchema, output: bigintSchema })],
      },
    ],
  });
  return new SessionDriver([workflow({ name: "W", handlers: { run } }), users], {
    manifest: [manifest, own],
    ...more,
  }).start();
}

function parameterOf(driver: AttemptDriver, at = 0): unknown {
  const { frame } = driver.frames[at] ?? {};
  if (frame?.case !== "command") throw new Error("no command");
  const { parameter } = frame.value.body.value as CallCommand | SendCommand;
  return JSON.parse(Buffer.from(bytesOf(parameter)).toString());
}

describe("a handler", () => {
  test("gets and gives dates, bigints and bytes, which are JSON in the journal", async () => {
    const session = new SessionDriver([users], { manifest });
    const driver = session.start({ handler: "Users/echo", entries: [input(userJson)] });
    expect(await driver.until("end")).toEqual([`end = ${JSON.stringify(userJson)}`]);
    expect(seen).toEqual([user]);
    const age = session.start({ handler: "Users/age", entries: [input(userJson)] });
    expect(await age.until("end")).toEqual(['end = "-56270"']);
  });

  test("ends with 400 where the input's text is none of the type", async () => {
    const session = new SessionDriver([users], { manifest });
    const entries = [input({ ...userJson, born: "yesterday" })];
    const driver = session.start({ handler: "Users/echo", entries });
    expect(await driver.until("end")).toEqual([
      'end ! 400 Failed to deserialize input: born: "yesterday" is no date and time as RFC 3339 has them ("2026-01-31T12:00:00Z")',
    ]);
  });

  test("fails where its output can't be written", async () => {
    const tooWide = service({
      name: "Users",
      handlers: { age: async () => 2n ** 64n, echo: async () => undefined },
    });
    const session = new SessionDriver([tooWide], { manifest });
    const driver = session.start({ handler: "Users/age", entries: [input(userJson)] });
    expect((await driver.until("failed")).at(-1)).toMatch(
      /^failed ! 500 what Users\/age returned can't be serialised: the value: 18446744073709551616 has more than 64 bits \(PDR2002\)/,
    );
  });

  test("gets what it got before where there is no manifest", async () => {
    const driver = new SessionDriver([users]).start({
      handler: "Users/echo",
      entries: [input(userJson)],
    });
    expect(await driver.until("end")).toEqual([`end = ${JSON.stringify(userJson)}`]);
    expect(seen).toEqual([userJson]);
  });

  test("with a serde of its own, or of its service, is left alone", async () => {
    const upper: Serde<unknown> = {
      contentType: "application/json",
      serialize: (value) => Buffer.from(JSON.stringify(value).toUpperCase()),
      deserialize: (bytes) => Buffer.from(bytes).toString(),
    };
    const own = service({
      name: "Users",
      handlers: {
        age: handlers.handler({ input: upper }, async (_, given: unknown) => {
          seen = [given];
          return 5n;
        }),
        echo: handlers.handler({ serde: upper }, async (_, given: unknown) => given),
      },
    });
    const session = new SessionDriver([own], { manifest });
    const age = session.start({ handler: "Users/age", entries: [input("x")] });
    expect(await age.until("end")).toEqual(['end = "5"']);
    expect(seen).toEqual(['"x"']);
    const echo = session.start({ handler: "Users/echo", entries: [input("x")] });
    expect(await echo.until("end")).toEqual(['end = "\\"X\\""']);
  });

  test("keeps its own objects: values that it returned are not changed", async () => {
    const kept = Object.freeze({ ...user });
    const frozen = service({
      name: "Users",
      handlers: { age: async () => 1n, echo: async () => kept },
    });
    const session = new SessionDriver([frozen], { manifest });
    const driver = session.start({ handler: "Users/echo", entries: [input(userJson)] });
    await driver.until("end");
    expect(kept).toEqual(user);
  });

  test("that asks callers for another content type reads the same JSON", async () => {
    const own = service({
      name: "Users",
      handlers: {
        age: handlers.handler({ accept: "application/*" }, async (_, given: unknown) => {
          seen = [given];
          return 5n;
        }),
        echo: async () => undefined,
      },
    });
    const known = usersManifest();
    const rule = known.services[0]?.handlers[0]?.input;
    if (rule !== undefined) rule.contentType = "application/*";
    const session = new SessionDriver([own], { manifest: known });
    const driver = session.start({ handler: "Users/age", entries: [input(userJson)] });
    expect(await driver.until("end")).toEqual(['end = "5"']);
    expect(seen).toEqual([user]);
  });

  test("without such values in its types has the serde that it had", () => {
    const plain = create(ManifestSchema, {
      services: [
        {
          name: "Users",
          kind: ServiceKind.SERVICE,
          handlers: ["age", "echo"].map((name) =>
            handlerOf(name, HandlerKind.SHARED, { input: { type: "string" } }),
          ),
        },
      ],
    });
    const { services, callees } = resolveEndpoint({ services: [users], manifest: plain });
    expect(services.get("Users")?.handlers.get("age")?.options).toEqual({});
    expect(callees).toBeUndefined();
  });
});

describe("a call from a handler", () => {
  test("to a service of the manifest sends and gets such values", async () => {
    let result: unknown;
    const driver = calling(async (ctx) => {
      result = await ctx.serviceClient(users).echo(user);
    });
    await driver.until("waiting");
    expect(parameterOf(driver)).toEqual(userJson);
    driver.notify(2, invocationId(1, "inv_1callee"));
    driver.notify(3, completedWith(2, userJson));
    await driver.until("end");
    expect(result).toEqual(user);
  });

  test("does so by the name of the service alone, and when it sends", async () => {
    const driver = calling(async (ctx) => {
      await ctx.serviceSendClient<typeof users>({ name: "Users" }).age(user).invocationId;
    });
    await driver.until("waiting");
    expect(parameterOf(driver)).toEqual(userJson);
  });

  test("does so for services of the manifest that another endpoint serves", async () => {
    let result: unknown;
    const driver = calling(async (ctx) => {
      const signup = workflow({
        name: "Signup",
        handlers: { run: async (_: unknown, at: Date) => BigInt(at.getTime()) },
      });
      result = await ctx.workflowClient(signup, "k").run(new Date(0));
    });
    await driver.until("waiting");
    expect(parameterOf(driver)).toBe("1970-01-01T00:00:00.000Z");
    driver.notify(2, invocationId(1, "inv_1callee"));
    driver.notify(3, completedWith(2, "7"));
    await driver.until("end");
    expect(result).toBe(7n);
  });

  test("has its own serde before all, and what the definition declares before the manifest", async () => {
    const text: Serde<unknown> = {
      contentType: "application/json",
      serialize: () => Buffer.from('"own"'),
      deserialize: () => "own",
    };
    const declared = service({
      name: "Users",
      handlers: {
        age: handlers.handler({ input: text }, async (_, _user: unknown) => 1n),
        echo: async () => undefined,
      },
    });
    const driver = calling(async (ctx) => {
      await ctx.serviceSendClient(declared).age(user).invocationId;
      await ctx.serviceSendClient(users).age(user, rpc.sendOpts({ input: text })).invocationId;
    });
    await driver.until("waiting");
    expect(parameterOf(driver)).toBe("own");
    driver.notify(2, invocationId(1, "inv_1a"));
    await driver.until("waiting");
    const second = driver.frames.findLastIndex(({ frame }) => frame.case === "command");
    expect(second).toBeGreaterThan(0);
    expect(parameterOf(driver, second)).toBe("own");
  });

  test("to a service that is in no manifest is plain JSON", async () => {
    const other = object({ name: "Other", handlers: { add: async (_, _by: unknown) => 1 } });
    const driver = calling(async (ctx) => ctx.objectClient(other, "k").add({ at: new Date(0) }));
    await driver.until("waiting");
    expect(parameterOf(driver)).toEqual({ at: "1970-01-01T00:00:00.000Z" });
  });

  test("is not of the manifest where the callee has a serde of its own", async () => {
    const bytes = Buffer.from("{}");
    const own: Serde<unknown> = {
      contentType: "application/json",
      serialize: () => bytes,
      deserialize: () => 0,
    };
    const served = service({
      name: "Users",
      options: { serde: own },
      handlers: { age: async () => 1n, echo: async () => undefined },
    });
    const { callees } = resolveEndpoint({ services: [served], manifest });
    expect(callees?.("Users", "age")).toEqual({ input: undefined, output: undefined });
  });
});

test("the result of a workflow that is found by its key has its type", async () => {
  let result: unknown;
  const driver = calling(async (ctx) => {
    result = await ctx.invocation({ workflow: "Signup", key: "k" }).attach();
  });
  await driver.until("waiting");
  driver.notify(2, completedWith(1, "9"));
  await driver.until("end");
  expect(result).toBe(9n);
});

test("previews show such values as the JSON that they are, both ways", async () => {
  const { services } = resolveEndpoint({ services: [users], manifest });
  const codec = services.get("Users")?.handlers.get("echo")?.options.input;
  const text = JSON.stringify(userJson);
  const value = codec?.deserialize(Buffer.from(text)) as User;
  expect(value).toEqual(user);
  expect(await codec?.preview?.toJsonString(value)).toBe(text);
  expect(await codec?.preview?.fromJsonString(text)).toEqual(user);
  expect(codec?.jsonSchema).toEqual(userSchema);
});

test("manifests of any form give the same values", async () => {
  const bytes = toBinary(ManifestSchema, manifest);
  const session = new SessionDriver([users], { manifest: bytes });
  const driver = session.start({ handler: "Users/echo", entries: [input(userJson)] });
  expect(await driver.until("end")).toEqual([`end = ${JSON.stringify(userJson)}`]);
  expect(seen).toEqual([user]);
});
