// Which serde is used for what, and what the codec sees.

import { definitionSymbol, type Descriptor } from "@perdure/protocol/definitions";
import { describe, expect, test } from "vitest";
import { connect } from "./connect.js";
import type { ConnectionOpts } from "./connection.js";
import { json, startIngress, type IngressFixture } from "./ingress.fixture.js";
import { rpc } from "./options.js";
import type { JournalValueCodec, Serde } from "./serde.js";
import { serde } from "./serdes.js";

/** Text with a mark on it, so that the serde at work can be seen on both sides. */
function marked(mark: string): Serde<string> {
  return {
    contentType: `text/${mark}`,
    serialize: (value) => new TextEncoder().encode(`${mark}:${value}`),
    deserialize: (bytes) => `${mark}<${new TextDecoder().decode(bytes)}`,
  };
}

const declared = { _inputSerde: marked("declared"), _outputSerde: marked("declared") };
const greeter = {
  name: "Greeter",
  _kind: "service",
  _handlers: { greet: declared },
} as unknown as Descriptor<"service", "Greeter", { greet: typeof declared }>;
const signup = {
  name: "Signup",
  _kind: "workflow",
  _handlers: { run: declared },
} as unknown as Descriptor<"workflow", "Signup", { run: typeof declared }>;

class Greeter {
  static readonly [definitionSymbol] = {
    name: "Greeter",
    kind: "service",
    handlers: { greet: declared },
  };
  async greet(_ctx: unknown, name: string): Promise<string> {
    return name;
  }
}
interface Bare {
  greet(ctx: unknown, name: string): Promise<string>;
}

/** Answers with `out`, or as a send. */
async function start(): Promise<IngressFixture> {
  return startIngress(({ path }) =>
    path.includes("/send/")
      ? json({ invocationId: "inv_1abc", status: "Accepted" }, 202)
      : { body: "out" },
  );
}

describe("the serde", () => {
  const common = { serde: marked("common") };
  const perCall = { input: marked("call"), output: marked("call") };
  type Call = (url: string) => Promise<unknown>;
  const to = (url: string, options: Partial<ConnectionOpts> = {}) => connect({ url, ...options });

  test.each<[string, string, Call]>([
    [
      "of a request",
      "call",
      (url) => to(url, common).serviceClient(greeter).greet("x", rpc.opts(perCall)),
    ],
    ["of a definition", "declared", (url) => to(url, common).serviceClient(greeter).greet("x")],
    ["of a class", "declared", (url) => to(url, common).serviceClient(Greeter).greet("x")],
    ["of a definition, by kind", "declared", (url) => to(url, common).client(greeter).greet("x")],
    [
      "of a definition, in a scope",
      "declared",
      (url) => to(url).scope("s").client(greeter).greet("x"),
    ],
    [
      "of the connection",
      "common",
      (url) => to(url, common).serviceClient<Bare>({ name: "Greeter" }).greet("x"),
    ],
    [
      "of the connection, by names",
      "common",
      (url) => to(url, common).call({ service: "Greeter", handler: "greet", parameter: "x" }),
    ],
  ])("%s is used", async (_what, mark, call) => {
    const ingress = await start();

    const result = await call(ingress.url);

    expect(result).toBe(`${mark}<out`);
    expect(ingress.requests).toMatchObject([
      { body: `${mark}:x`, headers: { "content-type": `text/${mark}` } },
    ]);
  });

  test("is chosen for input and output apart", async () => {
    const ingress = await start();
    const client = connect({ url: ingress.url, ...common }).serviceClient(greeter);

    const result = await client.greet("x", rpc.opts({ output: marked("call") }));

    expect(result).toBe("call<out");
    expect(ingress.requests[0]?.body).toBe("declared:x");
  });

  test("that a workflow declares for run is used for its submission and its result", async () => {
    const ingress = await start();
    const client = connect({ url: ingress.url, ...common }).workflowClient(signup, "k");

    const submission = await client.workflowSubmit("x");
    const results = [
      await client.workflowAttach(),
      await client.workflowOutput(),
      await client.workflowAttach(rpc.opts({ output: marked("call") })),
      await connect({ url: ingress.url, ...common }).result(submission),
    ];

    expect(ingress.requests[0]?.body).toBe("declared:x");
    expect(results).toEqual([
      "declared<out",
      { ready: true, result: "declared<out" },
      "call<out",
      "declared<out",
    ]);
  });

  test("of a result can be given, as a serde or in options; a handle from elsewhere has none", async () => {
    const ingress = await start();
    const connection = connect({ url: ingress.url, ...common });
    const handle = await connection
      .serviceSendClient(greeter)
      .greet("x", rpc.sendOpts({ idempotencyKey: "k" }));

    const results = [
      await connection.result(handle),
      await connection.result(handle, marked("given")),
      await connection.result(handle, rpc.opts({ output: marked("options") })),
      await connection.result({ ...handle }),
    ];

    expect(results).toEqual(["declared<out", "given<out", "options<out", "common<out"]);
  });

  test("of the connection is used for awakeables, unless one is given", async () => {
    const ingress = await startIngress(() => ({ status: 202 }));
    const connection = connect({ url: ingress.url, ...common });

    await connection.resolveAwakeable("sign_1abc", "x");
    await connection.resolveAwakeable("sign_1abc", "x", marked("given"));

    expect(ingress.requests.map(({ body }) => body)).toEqual(["common:x", "given:x"]);
  });

  test.each<[string, Serde<any>, unknown, string, string | undefined]>([
    ["JSON", serde.json, { a: 1 }, '{"a":1}', "application/json"],
    ["JSON null", serde.json, null, "null", "application/json"],
    ["nothing as JSON", serde.json, undefined, "", undefined],
    ["bytes", serde.binary, new TextEncoder().encode("ab"), "ab", "application/octet-stream"],
    ["no bytes", serde.binary, new Uint8Array(), "", "application/octet-stream"],
    ["nothing as bytes", serde.binary, undefined, "", undefined],
    ["nothing", serde.empty, undefined, "", undefined],
    [
      "nothing by an own serde that writes it",
      marked("own"),
      undefined,
      "own:undefined",
      "text/own",
    ],
    [
      "bytes of no type",
      { serialize: () => new TextEncoder().encode("ab"), deserialize: () => undefined },
      1,
      "ab",
      "application/octet-stream",
    ],
  ])("writes %s", async (_what, input, parameter, body, contentType) => {
    const ingress = await startIngress(() => ({}));
    const opts = rpc.opts<any, any>({ input });

    await connect({ url: ingress.url }).call({ service: "S", handler: "h", parameter, opts });

    expect(ingress.requests[0]?.body).toBe(body);
    expect(ingress.requests[0]?.headers["content-type"]).toBe(contentType);
  });

  test.each<[string, Serde<any>, unknown]>([
    ["a function", serde.json, () => 5],
    ["something where nothing is expected", serde.empty, 5],
  ])("refuses %s before anything is sent", async (_what, input, parameter) => {
    const connection = connect({ url: "http://127.0.0.1:1" });
    const opts = rpc.opts<any, any>({ input });

    await expect(
      connection.call({ service: "S", handler: "h", parameter, opts }),
    ).rejects.toMatchObject({ code: "PDR5303" });
  });
});

describe("the codec", () => {
  /** Bytes are turned round; nothing becomes a mark, as a cipher's does. */
  const codec: JournalValueCodec = {
    encode: (bytes) => (bytes.length === 0 ? new TextEncoder().encode("~") : bytes.toReversed()),
    decode: async (bytes) =>
      new TextDecoder().decode(bytes) === "~" ? new Uint8Array() : bytes.toReversed(),
  };

  test("is passed by inputs, results and awakeables, not by the answers to sends", async () => {
    const ingress = await startIngress(({ path }) =>
      path.includes("/send/")
        ? json({ invocationId: "inv_1abc", status: "Accepted" }, 202)
        : { body: '"iH"' },
    );
    const connection = connect({ url: ingress.url, journalValueCodec: codec });
    const client = connection.workflowClient<{
      run(ctx: unknown, name: string): Promise<string>;
      greet(ctx: unknown, name: string): Promise<string>;
    }>({ name: "Signup" }, "k");

    const submission = await client.workflowSubmit("Ada");
    const results = [
      await client.greet("Ada"),
      await client.workflowAttach(),
      (await client.workflowOutput()).result,
      await connection.result(submission),
    ];
    await connection.resolveAwakeable("sign_1abc", "Ada");
    await connection.rejectAwakeable("sign_1abc", "Ada");

    expect(results).toEqual(["Hi", "Hi", "Hi", "Hi"]);
    expect(submission.invocationId).toBe("inv_1abc");
    const bodies = ingress.requests.map(({ path, body }) => [path, body]);
    expect(bodies).toEqual([
      ["/restate/send/Signup/k/run", '"adA"'],
      ["/restate/call/Signup/k/greet", '"adA"'],
      ["/restate/attach", expect.stringContaining('"workflowKey":"k"')],
      ["/restate/output", expect.stringContaining('"workflowKey":"k"')],
      ["/restate/attach", expect.stringContaining('"invocationId":"inv_1abc"')],
      ["/restate/a/sign_1abc/resolve", '"adA"'],
      ["/restate/a/sign_1abc/reject", "Ada"],
    ]);
  });

  test("is passed by no input too", async () => {
    const ingress = await startIngress(() => ({ body: "~" }));
    const connection = connect({ url: ingress.url, journalValueCodec: codec });

    const result = await connection.call({ service: "S", handler: "h" });

    expect(result).toBeUndefined();
    expect(ingress.requests).toMatchObject([
      { body: "~", headers: { "content-type": "application/json" } },
    ]);
  });

  test("that can't read a result is told as a bad answer", async () => {
    const ingress = await startIngress(() => json("Hi"));
    const broken: JournalValueCodec = {
      ...codec,
      decode: async () => {
        throw new Error("wrong key");
      },
    };
    const connection = connect({ url: ingress.url, journalValueCodec: broken });

    await expect(connection.call({ service: "S", handler: "h" })).rejects.toMatchObject({
      code: "PDR5302",
      message: expect.stringContaining("wrong key"),
    });
  });
});
