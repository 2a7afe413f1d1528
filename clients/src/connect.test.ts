import { definitionSymbol } from "@perdure/protocol/definitions";
import { describe, expect, test } from "vitest";
import { connect } from "./connect.js";
import { ClientError, HttpCallError } from "./errors.js";
import { json, silence, startIngress, unusedUrl } from "./ingress.fixture.js";
import { rpc } from "./options.js";
import { serde } from "./serde.js";

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

/** A fetch that fails as Node's does, in Node's own form of an error. */
function failure(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("expected an error"),
    (error: unknown) => error,
  );
}

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

  test("uses other serdes when asked to", async () => {
    const bytes = new Uint8Array([0, 1, 255]);
    const ingress = await startIngress(() => ({ body: bytes }));
    const options = rpc.opts({ input: serde.binary, output: serde.binary });

    const result = await connect({ url: ingress.url }).call({
      service: "Files",
      handler: "store",
      input: bytes,
      options,
    });

    expect(result).toEqual(bytes);
    expect(ingress.requests[0]?.headers["content-type"]).toBe("application/octet-stream");
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

  test("gives a handle whose result can be waited for", async () => {
    const ingress = await startIngress(({ path }) =>
      path.startsWith("/restate/send") ? accepted : json("Hi Ada"),
    );
    const connection = connect({ url: ingress.url });
    const handle = await connection.serviceSendClient<Greeter>(greeter).greet("Ada");

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
    expect(() => ingress.serviceClient({ name: "" })).toThrow(/needs a name/);
  });
});

describe("an error", () => {
  test("of a handler carries status, code, metadata and whose it is", async () => {
    const body = {
      code: 422,
      message: "no such plan",
      metadata: { plan: "gold" },
      source: "invocation",
      errorCode: "PDR3030",
    };
    const ingress = await startIngress(() => ({
      ...json(body, 422),
      headers: { "x-restate-id": "inv_1abc" },
    }));
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);

    const error = await errorOf(client.greet("Ada"));

    expect(error).toBeInstanceOf(HttpCallError);
    expect(error).toMatchObject({
      message: "calling Greeter/greet failed with HTTP 422: no such plan (PDR3030)",
      status: 422,
      responseText: JSON.stringify(body),
      code: 422,
      errorCode: "PDR3030",
      source: "invocation",
      metadata: { plan: "gold" },
      invocationId: "inv_1abc",
    });
  });

  test.each([
    ["<h1>Bad Gateway</h1>", "<h1>Bad Gateway</h1>"],
    ["[1]", "[1]"],
    ["", "the answer gives no reason"],
  ])("of something in between is told as it came: %j", async (body, told) => {
    const ingress = await startIngress(() => ({ status: 502, body }));
    const client = connect({ url: ingress.url }).objectClient<Counter>(counter, "alice");

    const error = await errorOf(client.get());

    expect(error).toMatchObject({
      message: `calling Counter/alice/get failed with HTTP 502: ${told}`,
      status: 502,
      responseText: body,
      code: undefined,
    });
  });

  test.each([
    ["not JSON", () => ({ body: "<html>" })],
    ["no send's answer", () => json({ hello: true })],
  ])("says when the answer is %s", async (_what, answer) => {
    const ingress = await startIngress(answer);
    const client = connect({ url: ingress.url }).serviceSendClient<Greeter>(greeter);

    const error = await errorOf(client.ping());

    expect(error).toMatchObject({ name: "ClientError", code: "PDR5302" });
  });

  test("names the address when nobody listens there", async () => {
    const url = await unusedUrl();
    const client = connect({ url }).serviceClient<Greeter>(greeter);

    const error = await errorOf(client.ping());

    expect(error).toBeInstanceOf(ClientError);
    expect((error as Error).message).toBe(
      `PDR5301: calling Greeter/ping: no answer from the ingress at ${url} (ECONNREFUSED). ` +
        "Check the address, and that a server runs there: npx perdure server",
    );
  });

  test("says when the input can't be serialised", async () => {
    const client = connect({ url: "http://127.0.0.1:1" }).serviceClient<Greeter>(greeter);

    const error = await errorOf(client.greet(5n as never));

    expect(error).toMatchObject({ code: "PDR5303", message: expect.stringContaining("BigInt") });
  });

  test("says which header can't be sent", async () => {
    const client = connect({ url: "http://127.0.0.1:1" }).serviceClient<Greeter>(greeter);

    const error = await errorOf(client.ping(rpc.opts({ idempotencyKey: "☃" })));

    expect(error).toMatchObject({
      code: "PDR5303",
      message: expect.stringContaining("idempotency-key"),
    });
  });

  test.each([
    "127.0.0.1:8080",
    "localhost:8080",
    "",
    "ftp://host",
    "http://host?x=1",
    "http://user:pw@host",
  ])("refuses the url %j", (url) => {
    expect(() => connect({ url })).toThrow(/^PDR5303: /);
  });
});

describe("a wait", () => {
  test("ends when the timeout is over", async () => {
    const ingress = await startIngress(() => silence);
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);

    const error = await errorOf(client.ping(rpc.opts({ timeout: 20 })));

    expect(error).toMatchObject({ name: "TimeoutError" });
  });

  test("ends when the signal aborts, also beside a timeout", async () => {
    const controller = new AbortController();
    const ingress = await startIngress(() => {
      controller.abort();
      return silence;
    });
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);
    const options = rpc.opts({ timeout: { minutes: 1 }, signal: controller.signal });

    const error = await errorOf(client.ping(options));

    expect(error).toMatchObject({ name: "AbortError" });
  });

  test("for a result goes on when fetch gives up on it", async () => {
    const ingress = await startIngress(() => json({ success: true }));
    let tries = 0;
    const fetch = async (url: string, init: RequestInit): Promise<Response> => {
      if (++tries < 3) throw failure("UND_ERR_HEADERS_TIMEOUT");
      return globalThis.fetch(url, init);
    };
    const client = connect({ url: ingress.url, fetch }).workflowClient<Signup>(signup, "ada");

    const result = await client.workflowAttach();

    expect(result).toEqual({ success: true });
    expect(tries).toBe(3);
  });

  test("for a call that can't be repeated says what would make it so", async () => {
    let tries = 0;
    const fetch = async (): Promise<Response> => {
      tries++;
      throw failure("UND_ERR_HEADERS_TIMEOUT");
    };
    const client = connect({ url: "http://ingress", fetch }).serviceClient<Greeter>(greeter);

    const error = await errorOf(client.ping());

    expect(error).toMatchObject({
      code: "PDR5301",
      message: expect.stringContaining("idempotency key"),
    });
    expect(tries).toBe(1);
  });
});
