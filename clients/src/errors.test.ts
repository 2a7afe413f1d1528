// How the failure of a request is told.

import { describe, expect, test } from "vitest";
import { connect } from "./connect.js";
import { ClientError, HttpCallError } from "./errors.js";
import { errorOf, json, startIngress, unusedUrl } from "./ingress.fixture.js";
import { rpc } from "./options.js";

interface Greeter {
  greet(ctx: unknown, name: string): Promise<string>;
  ping(ctx: unknown): Promise<void>;
}
interface Counter {
  add(ctx: unknown, by: number): Promise<number>;
  get(ctx: unknown): Promise<number>;
}

const greeter = { name: "Greeter" };
const counter = { name: "Counter" };

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

  test("made by hand, as tests of users do, has what its body says", () => {
    const error = new HttpCallError(409, '{"code":409,"source":"invocation"}', "no");

    expect(error).toMatchObject({ message: "no", status: 409, code: 409, source: "invocation" });
  });

  test("says whose it is by its header, where its body does not", async () => {
    const headers = { "x-restate-error-source": "ingress" };
    const ingress = await startIngress(() => ({ status: 503, headers, body: "" }));
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);

    expect(await errorOf(client.ping())).toMatchObject({ status: 503, source: "ingress" });
  });
});
