// What within a scope is asked for where, and that nothing of it leaves the scope.

import type { Descriptor, HandlerDescriptor } from "@perdure/protocol/definitions";
import { describe, expect, test } from "vitest";
import { connect } from "./connect.js";
import { json, startIngress } from "./ingress.fixture.js";
import type { Ingress } from "./ingress.js";
import { rpc } from "./options.js";

interface Cart {
  add(ctx: unknown, item: string): Promise<number>;
}
interface Signup {
  run(ctx: unknown, user: string): Promise<string>;
  status(ctx: unknown): Promise<string>;
}
const cart = { name: "Cart" };
const signup = { name: "Signup" };
type Add = { add: HandlerDescriptor<string, number> };
const cartObject = {
  name: "Cart",
  _kind: "object",
  _handlers: {},
} as unknown as Descriptor<"object", "Cart", Add>;
const cartService = {
  name: "Cart",
  _kind: "service",
  _handlers: {},
} as unknown as Descriptor<"service", "Cart", Add>;

const delayed = rpc.sendOpts({ delay: 5 });
const byNames = { service: "Cart", handler: "add", parameter: "x" };
type Operation = (ingress: Ingress) => Promise<unknown>;

describe("within a scope", () => {
  test.each<[string, string, Operation]>([
    ["serviceClient", "call/Cart/add", (to) => to.scope("acme").serviceClient<Cart>(cart).add("x")],
    [
      "serviceSendClient",
      "send/Cart/add",
      (to) => to.scope("acme").serviceSendClient<Cart>(cart).add("x"),
    ],
    [
      "objectClient",
      "call/Cart/a%2Fb/add",
      (to) => to.scope("acme").objectClient<Cart>(cart, "a/b").add("x"),
    ],
    [
      "objectClient with an empty key",
      "call/Cart//add",
      (to) => to.scope("acme").objectClient<Cart>(cart, "").add("x"),
    ],
    [
      "objectSendClient",
      "send/Cart/k/add?delay=5ms",
      (to) => to.scope("acme").objectSendClient<Cart>(cart, "k").add("x", delayed),
    ],
    [
      "workflowSubmit",
      "send/Signup/k/run",
      (to) => to.scope("acme").workflowClient<Signup>(signup, "k").workflowSubmit("x"),
    ],
    [
      "a workflow's handler",
      "call/Signup/k/status",
      (to) => to.scope("acme").workflowClient<Signup>(signup, "k").status(),
    ],
    ["client of a service", "call/Cart/add", (to) => to.scope("acme").client(cartService).add("x")],
    [
      "client of an object",
      "call/Cart/k/add",
      (to) => to.scope("acme").client(cartObject, "k").add("x"),
    ],
    [
      "sendClient of a service",
      "send/Cart/add",
      (to) => to.scope("acme").sendClient(cartService).add("x"),
    ],
    [
      "sendClient of an object",
      "send/Cart/k/add",
      (to) => to.scope("acme").sendClient(cartObject, "k").add("x"),
    ],
    ["call", "call/Cart/add", (to) => to.call({ ...byNames, scope: "acme" })],
    ["send", "send/Cart/k/add", (to) => to.send({ ...byNames, key: "k", scope: "acme" })],
  ])("%s asks at its path", async (_what, path, operation) => {
    const ingress = await startIngress(() => json({ invocationId: "inv_1a", status: "Accepted" }));

    await operation(connect({ url: ingress.url }));

    expect(ingress.requests).toMatchObject([
      { method: "POST", path: `/restate/scope/acme/${path}` },
    ]);
  });

  test("a workflow's result is asked for with the scope", async () => {
    const ingress = await startIngress(() => json("done"));
    const client = connect({ url: ingress.url }).scope("acme").workflowClient<Signup>(signup, "k");

    await client.workflowAttach();
    await client.workflowOutput();

    const target = {
      target: "workflow",
      workflowName: "Signup",
      workflowKey: "k",
      scope: "acme",
    };
    expect(ingress.requests.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
      ["/restate/attach", target],
      ["/restate/output", target],
    ]);
  });

  test("a limit key is sent as a header", async () => {
    const ingress = await startIngress(() => json(1));
    const client = connect({ url: ingress.url }).scope("acme").serviceClient<Cart>(cart);

    await client.add("x", rpc.opts({ limitKey: "tenant/user" }));

    expect(ingress.requests[0]?.headers["x-restate-limit-key"]).toBe("tenant/user");
  });

  test("errors name it", async () => {
    const ingress = await startIngress(() => json({ message: "no" }, 400));
    const client = connect({ url: ingress.url }).scope("acme").objectClient<Cart>(cart, "k");

    await expect(client.add("x")).rejects.toThrow("calling Cart/k/add in scope acme failed");
  });

  test.each(["", 5, undefined])("the key %j is refused", (key) => {
    expect(() => connect({ url: "http://ingress" }).scope(key as string)).toThrow(/PDR5303.*scope/);
  });

  test.each([".", ".."])("the key %j is refused, since no URL can carry it", async (key) => {
    const client = connect({ url: "http://127.0.0.1:1" }).scope(key).serviceClient<Cart>(cart);

    await expect(client.add("x")).rejects.toMatchObject({ code: "PDR5303" });
  });
});

describe("a client of any kind", () => {
  const ingress = connect({ url: "http://127.0.0.1:1" });

  test("of an object needs a key, which may be empty", async () => {
    const seen = await startIngress(() => json(1));

    await connect({ url: seen.url }).client(cartObject, "").add("x");

    expect(seen.requests[0]?.path).toBe("/restate/call/Cart//add");
    // @ts-expect-error an object needs a key
    expect(() => ingress.client(cartObject)).toThrow(/PDR5303.*needs a key/);
    // @ts-expect-error an object needs a key
    expect(() => ingress.sendClient(cartObject)).toThrow(/PDR5303.*needs a key/);
  });

  test("of a service takes none", () => {
    // @ts-expect-error a service has no keys
    expect(() => ingress.client(cartService, "k")).toThrow(/PDR5303.*no keys/);
  });

  test("of a workflow has run as a handler", async () => {
    const seen = await startIngress(() => json("done"));
    const workflow = { name: "Signup", _kind: "workflow", _handlers: {} } as unknown as Descriptor<
      "workflow",
      "Signup",
      { run: HandlerDescriptor<string, string> }
    >;

    await connect({ url: seen.url }).client(workflow, "k").run("x");

    expect(seen.requests[0]?.path).toBe("/restate/call/Signup/k/run");
  });
});
