import { definitionSymbol } from "@perdure/protocol/definitions";
import { describe, expect, test } from "vitest";
import { connect } from "./connect.js";
import { errorOf, json, silence, startIngress } from "./ingress.fixture.js";
import { rpc } from "./options.js";
import { serde } from "./serdes.js";

interface Greeter {
  greet(ctx: unknown, name: string): Promise<string>;
  ping(ctx: unknown): Promise<void>;
}

interface Counter {
  add(ctx: unknown, by: number): Promise<number>;
  get(ctx: unknown): Promise<number>;
}

interface Signup {
  run(ctx: unknown, user: { name: string }): Promise<{ success: boolean }>;
  verifyEmail(ctx: unknown, request: { secret: string }): Promise<void>;
}

const greeter = { name: "Greeter" };
const counter = { name: "Counter" };
const signup = { name: "Signup" };
const accepted = json({ invocationId: "inv_1abc", status: "Accepted" }, 202);

describe("a call", () => {
  test("sends the input as JSON and resolves with the result", async () => {
    const ingress = await startIngress(() => json("Hi Ada"));
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);

    const result = await client.greet("Ada");

    expect(result).toBe("Hi Ada");
    expect(ingress.requests).toMatchObject([
      { method: "POST", path: "/restate/call/Greeter/greet", body: '"Ada"' },
    ]);
    expect(ingress.requests[0]?.headers["content-type"]).toBe("application/json");
  });

  test("without input sends no body and no content type; an empty answer is undefined", async () => {
    const ingress = await startIngress(() => ({}));
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);

    const result = await client.ping();

    expect(result).toBeUndefined();
    expect(ingress.requests[0]?.body).toBe("");
    expect(ingress.requests[0]?.headers["content-type"]).toBeUndefined();
  });

  test("takes options behind the input", async () => {
    const ingress = await startIngress(() => json("Hi"));
    const client = connect({
      url: ingress.url,
      headers: { "x-team": "blue", "x-run": "1" },
    }).serviceClient<Greeter>(greeter);

    await client.greet("Ada", rpc.opts({ idempotencyKey: "k1", headers: { "X-Run": "2" } }));

    expect(ingress.requests[0]?.headers).toMatchObject({
      "idempotency-key": "k1",
      "x-team": "blue",
      "x-run": "2",
    });
  });

  test("takes options alone where the handler has no input", async () => {
    const ingress = await startIngress(() => ({}));
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);

    await client.ping(rpc.opts({ idempotencyKey: "k1" }));

    expect(ingress.requests[0]).toMatchObject({ body: "", headers: { "idempotency-key": "k1" } });
  });

  test("refuses options that are a plain object", async () => {
    const { greet } = connect({ url: "http://127.0.0.1:1" }).serviceClient<Greeter>(greeter);

    const error = await errorOf(greet("Ada", { idempotencyKey: "k1" } as never));

    expect(error).toMatchObject({ code: "PDR5303", message: expect.stringContaining("rpc.opts") });
  });

  test("refuses options of contexts, which look alike", async () => {
    class Opts {
      readonly kind = "call";
      readonly options = { idempotencyKey: "k" };
    }
    const { ping } = connect({ url: "http://127.0.0.1:1" }).serviceClient<Greeter>(greeter);

    const error = await errorOf(ping(new Opts() as never));

    expect(error).toMatchObject({
      code: "PDR5303",
      message: expect.stringContaining("@perdure/clients"),
    });
  });

  test("uses other serdes when asked to", async () => {
    const bytes = new Uint8Array([0, 1, 255]);
    const ingress = await startIngress(() => ({ body: bytes }));
    const options = rpc.opts({ input: serde.binary, output: serde.binary });

    const result = await connect({ url: ingress.url }).call({
      service: "Files",
      handler: "store",
      parameter: bytes,
      opts: options,
    });

    expect(result).toEqual(bytes);
    expect(ingress.requests[0]?.headers["content-type"]).toBe("application/octet-stream");
  });

  test("may be a GET, where the handler has no input", async () => {
    const ingress = await startIngress(() => json("pong"));
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);

    await client.ping(rpc.opts({ method: "GET" }));
    const error = await errorOf(client.greet("Ada", rpc.opts({ method: "GET" })));

    expect(ingress.requests).toMatchObject([{ method: "GET", path: "/restate/call/Greeter/ping" }]);
    expect(error).toMatchObject({ code: "PDR5303", message: expect.stringContaining("GET") });
  });

  test("by names alone takes what the typed ones take", async () => {
    const ingress = await startIngress(() => json(5));

    const result = await connect({ url: ingress.url }).call<number, number>({
      service: "Counter",
      key: "alice",
      handler: "add",
      parameter: 5,
      opts: rpc.opts({ idempotencyKey: "k" }),
    });

    expect(result).toBe(5);
    expect(ingress.requests).toMatchObject([
      {
        path: "/restate/call/Counter/alice/add",
        body: "5",
        headers: { "idempotency-key": "k", "x-restateclient-retry-attempt": "1" },
      },
    ]);
  });

  test("goes through a url with a path", async () => {
    const ingress = await startIngress(() => json("Hi"));
    const client = connect({ url: `${ingress.url}/perdure/` }).serviceClient<Greeter>(greeter);

    await client.greet("Ada");

    expect(ingress.requests[0]?.path).toBe("/perdure/restate/call/Greeter/greet");
  });
});

describe("an object's key", () => {
  test.each([
    ["alice", "/restate/call/Counter/alice/add"],
    ["a/b c?d#é%", "/restate/call/Counter/a%2Fb%20c%3Fd%23%C3%A9%25/add"],
    ["", "/restate/call/Counter//add"],
  ])("%j is sent as %s", async (key, path) => {
    const ingress = await startIngress(() => json(3));
    const client = connect({ url: ingress.url }).objectClient<Counter>(counter, key);

    await client.add(3);

    expect(ingress.requests[0]?.path).toBe(path);
  });

  test.each([".", "..", "\ud800"])("%j is refused, since no URL can carry it", async (key) => {
    const ingress = await startIngress(() => json(3));
    const client = connect({ url: ingress.url }).objectClient<Counter>(counter, key);

    const error = await errorOf(client.add(3));

    expect(error).toMatchObject({ name: "ClientError", code: "PDR5303" });
    expect(ingress.requests).toEqual([]);
  });

  test("has to be text", () => {
    const ingress = connect({ url: "http://127.0.0.1:1" });

    expect(() => ingress.objectClient<Counter>(counter, 5 as never)).toThrow(
      /PDR5303.*needs a key/,
    );
  });
});

describe("a send", () => {
  test("resolves with the invocation's id", async () => {
    const ingress = await startIngress(() => accepted);
    const client = connect({ url: ingress.url }).serviceSendClient<Greeter>(greeter);

    const handle = await client.greet("Ada");

    expect(handle).toEqual({ invocationId: "inv_1abc", status: "Accepted", attachable: false });
    expect(ingress.requests[0]?.path).toBe("/restate/send/Greeter/greet");
  });

  test("may be delayed, and is attachable with an idempotency key", async () => {
    const ingress = await startIngress(() =>
      json({ invocationId: "inv_1abc", status: "PreviouslyAccepted" }, 202),
    );
    const client = connect({ url: ingress.url }).objectSendClient<Counter>(counter, "alice");

    const handle = await client.add(
      1,
      rpc.sendOpts({ delay: { minutes: 5, seconds: 1 }, idempotencyKey: "k" }),
    );

    expect(handle).toMatchObject({ status: "PreviouslyAccepted", attachable: true });
    expect(ingress.requests[0]?.path).toBe("/restate/send/Counter/alice/add?delay=301000ms");
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses a delay of %d", async (delay) => {
    const client = connect({ url: "http://127.0.0.1:1" }).serviceSendClient<Greeter>(greeter);

    const error = await errorOf(client.ping(rpc.sendOpts({ delay })));

    expect(error).toMatchObject({ code: "PDR5303", message: expect.stringContaining("delay") });
  });

  test("says when it runs, where it is delayed", async () => {
    const executionTime = "2026-11-21T12:00:00.000Z";
    const ingress = await startIngress(() =>
      json({ invocationId: "inv_1abc", status: "Accepted", executionTime }, 202),
    );
    const client = connect({ url: ingress.url }).serviceSendClient<Greeter>(greeter);

    const handle = await client.greet("Ada", rpc.sendOpts({ delay: { hours: 1 } }));

    expect(handle).toEqual({
      invocationId: "inv_1abc",
      status: "Accepted",
      attachable: false,
      executionTime,
    });
  });

  test("without an idempotency key has no result to wait for", async () => {
    const ingress = await startIngress(() => accepted);
    const connection = connect({ url: ingress.url });
    const handle = await connection.serviceSendClient<Greeter>(greeter).greet("Ada");

    const error = await errorOf(connection.result(handle));

    expect(error).toMatchObject({
      code: "PDR5303",
      message: expect.stringContaining("idempotency key"),
    });
    expect(ingress.requests).toHaveLength(1);
  });

  test("gives a handle whose result can be waited for", async () => {
    const ingress = await startIngress(({ path }) =>
      path.startsWith("/restate/send") ? accepted : json("Hi Ada"),
    );
    const connection = connect({ url: ingress.url });
    const handle = await connection
      .serviceSendClient<Greeter>(greeter)
      .greet("Ada", rpc.sendOpts({ idempotencyKey: "k" }));

    const result = await connection.result(handle);

    expect(result).toBe("Hi Ada");
    expect(ingress.requests[1]).toMatchObject({
      path: "/restate/attach",
      body: '{"target":"invocation","invocationId":"inv_1abc"}',
    });
  });
});

describe("a workflow client", () => {
  test("submits the run", async () => {
    const ingress = await startIngress(() => accepted);
    const client = connect({ url: ingress.url }).workflowClient<Signup>(signup, "ada");

    const submission = await client.workflowSubmit({ name: "Ada" }, rpc.sendOpts({ delay: 10 }));

    expect(submission).toEqual({ invocationId: "inv_1abc", status: "Accepted", attachable: true });
    expect(ingress.requests).toMatchObject([
      { path: "/restate/send/Signup/ada/run?delay=10ms", body: '{"name":"Ada"}' },
    ]);
  });

  test("waits for the result, whatever the key", async () => {
    const ingress = await startIngress(() => json({ success: true }));
    const client = connect({ url: ingress.url }).workflowClient<Signup>(signup, "..");

    const result = await client.workflowAttach();

    expect(result).toEqual({ success: true });
    expect(ingress.requests).toMatchObject([
      {
        path: "/restate/attach",
        body: '{"target":"workflow","workflowName":"Signup","workflowKey":".."}',
      },
    ]);
  });

  test("reads the output if there is one", async () => {
    const answers = [
      json({ code: 470, message: "not completed yet" }, 470),
      json({ success: true }),
    ];
    const ingress = await startIngress(() => answers.shift() ?? silence);
    const client = connect({ url: ingress.url }).workflowClient<Signup>(signup, "ada");

    expect(await client.workflowOutput()).toEqual({ ready: false, result: undefined });
    expect(await client.workflowOutput()).toEqual({ ready: true, result: { success: true } });
    expect(ingress.requests.map(({ path }) => path)).toEqual([
      "/restate/output",
      "/restate/output",
    ]);
  });

  test("calls shared handlers by name", async () => {
    const ingress = await startIngress(() => ({}));
    const client = connect({ url: ingress.url }).workflowClient<Signup>(signup, "ada");

    await client.verifyEmail({ secret: "s" });

    expect(ingress.requests[0]?.path).toBe("/restate/call/Signup/ada/verifyEmail");
  });
});

describe("a client", () => {
  test("can be awaited, printed and turned into JSON without calling a handler", async () => {
    const ingress = await startIngress(() => json("called"));
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);

    const awaited = await (client as unknown as Promise<typeof client>);

    expect(awaited).toBe(client);
    expect(`${client as unknown as string}`).toBe("[object Object]");
    expect(JSON.stringify(client)).toBe("{}");
    expect(ingress.requests).toEqual([]);
  });

  test("of a decorated class has the name that its decorator gave", async () => {
    class Greetings {
      static readonly [definitionSymbol] = { name: "Greeter", kind: "service" };
      async greet(_ctx: unknown, name: string): Promise<string> {
        return name;
      }
    }
    const ingress = await startIngress(() => json("Hi"));

    await connect({ url: ingress.url }).serviceClient(Greetings).greet("Ada");

    expect(ingress.requests[0]?.path).toBe("/restate/call/Greeter/greet");
  });

  test("refuses what is no definition of its kind", () => {
    class Undecorated {
      async greet(): Promise<void> {}
    }
    class Decorated {
      static readonly [definitionSymbol] = { name: "Signup", kind: "workflow" };
    }
    const ingress = connect({ url: "http://127.0.0.1:1" });

    expect(() => ingress.serviceClient(Undecorated)).toThrow(/PDR5303.*Undecorated.*@service\(\)/);
    expect(() => ingress.objectClient(Decorated, "k")).toThrow(/"workflow": use workflowClient/);
    expect(() => ingress.serviceClient({ name: "" })).toThrow(/needs the name/);
  });
});
