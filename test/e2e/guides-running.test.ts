// The examples of docs/guides about running services and calling them, run: each against a real server with real
// services, as its page says it behaves.

import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Cart } from "@perdure/example-guides/cart";
import { shopping, signUp } from "@perdure/example-guides/client";
import { copyState } from "@perdure/example-guides/export-state";
import { POST } from "@perdure/example-guides/fetch-endpoint";
import { Greeter } from "@perdure/example-guides/greeter";
import { createHttpEndpoint } from "@perdure/example-guides/http-endpoint";
import { Operator } from "@perdure/example-guides/lifecycle";
import {
  services,
  type Counter,
  type Greeter as FieldGreeter,
  type Signup as FieldSignup,
} from "@perdure/example-guides/migrated";
import { limit, Reports } from "@perdure/example-guides/reports";
import { rollOut } from "@perdure/example-guides/roll-out";
import { Signup } from "@perdure/example-guides/signup";
import { bookings, Payments as TripPayments, Trips } from "@perdure/example-guides/trip";
import { serveTrusted } from "@perdure/example-guides/trusted-endpoint";
import { connect, rpc } from "@perdure/clients";
import { handler, object, service, type Context } from "@perdure/sdk";
import type { TestEnvironment } from "@perdure/testing";
import { describe, expect, test } from "vitest";
import { failureOf, register, useGuideBed } from "../harness/guide-bed.js";
import { NodeProcess } from "../harness/node-process.js";
import { freePort } from "../harness/ports.js";
import { rootFolder } from "../tidy/repository.js";

const bed = useGuideBed();

describe("lifecycle", () => {
  const booked = async (): Promise<{
    env: TestEnvironment;
    id: string;
    result: Promise<unknown>;
  }> => {
    bookings.clear();
    const env = await bed.start([Trips, TripPayments]);
    const send = await env.client
      .serviceSendClient(Trips)
      .book(3, rpc.sendOpts({ idempotencyKey: "trip" }));
    await env.time.settled();
    expect([...bookings]).toEqual(["flight", "hotel"]);
    const result = env.client.result(send);
    result.catch(() => undefined); // looked at later
    return { env, id: send.invocationId, result };
  };

  test("what is cancelled compensates, and ends with 409", async () => {
    const { env, id, result } = await booked();

    const answer = await new Operator(env.adminAPIBaseUrl()).tell(id, "cancel");

    expect(answer).toBe(202);
    expect(await failureOf(result)).toMatchObject({ status: 409 });
    expect(bookings.size).toBe(0);
  });

  test("what is killed does not", async () => {
    const { env, id, result } = await booked();
    const operator = new Operator(env.adminAPIBaseUrl());

    const answer = await operator.tell(id, "kill");

    expect(answer).toBe(200);
    expect(await failureOf(result)).toMatchObject({
      status: 409,
      message: expect.stringContaining("killed"),
    });
    expect(bookings.size).toBe(2);
    await expect(operator.tell(id, "cancel")).rejects.toThrow("PDR4014");
  });

  test("what is paused waits for resume, and runs once more when it is restarted", async () => {
    const { env, id, result } = await booked();
    const operator = new Operator(env.adminAPIBaseUrl());

    await operator.tell(id, "pause");
    await expect.poll(() => operator.status(id)).toBe("paused");
    await env.advance({ days: 3 });
    const still = await operator.status(id);
    await operator.tell(id, "resume");
    const ended = await result;
    const restarted = await operator.restart(id);
    await env.advance({ days: 3 });

    expect([still, ended]).toEqual(["paused", "booked"]);
    expect(restarted).not.toBe(id);
    await expect.poll(() => operator.status(restarted)).toBe("completed");
    expect(await operator.tell(restarted, "purge")).toBe(200);
  });
});

describe("limits and scopes", () => {
  test("a rule bounds what runs at the same time", async () => {
    let running = 0;
    let most = 0;
    @service()
    class Slow {
      @handler()
      async work(ctx: Context): Promise<void> {
        await ctx.run("work", async () => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setTimeout(resolve, 20));
          running--;
        });
      }
    }
    const env = await bed.start([Slow]);
    await limit(env.adminAPIBaseUrl(), "acme", 2);

    const slow = env.client.scope("acme").serviceClient(Slow);
    await Promise.all(Array.from({ length: 6 }, () => slow.work()));

    expect(most).toBe(2);
  });

  test("a rule that goes lets go of what waits", async () => {
    const env = await bed.start([TripPayments]);
    const admin = env.adminAPIBaseUrl();
    await limit(admin, "acme", 1);
    const settle = env.client.scope("acme").serviceClient(TripPayments);
    const both = Promise.all([settle.settle(1), settle.settle(1)]);
    await env.time.settled();
    const rule = await fetch(`${admin}/limits/rules/bulk-delete`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify([{ pattern: "acme" }]),
    });
    await env.advance({ days: 1 });

    expect(await rule.json()).toEqual(["acme"]);
    await both; // a day, not two
  });

  test("handlers call in a scope, with a limit key", async () => {
    const env = await bed.start([Reports]);
    await limit(env.adminAPIBaseUrl(), "acme/free", 1);

    const made = env.client.serviceClient(Reports).makeFor({ tenant: "acme", plan: "free" });

    expect(await made).toBe("made for acme");
  });
});

describe("deployments", () => {
  test("a roll-out waits for what runs on the old code, and removes its deployment", async () => {
    const env = await bed.start([Signup]);
    const signup = env.client.workflowClient(Signup, "ada");
    await signup.workflowSubmit({ name: "Ada", email: "ada@example.org" });
    await env.time.settled();

    let removed: string[] | undefined;
    const rolling = rollOut(env.adminAPIBaseUrl(), await bed.serveAt([Signup, Greeter])).then(
      (ids) => (removed = ids),
    );
    await expect
      .poll(() =>
        env.client
          .serviceClient(Greeter)
          .greet("Bob")
          .catch(() => ""),
      )
      .toBe("Hello Bob");
    expect(removed).toBeUndefined();
    await signup.click("a secret");

    expect(await signup.workflowAttach()).toBe("confirmed");
    expect(await rolling).toHaveLength(1);
  });

  test("what belongs to a deployment that is forced out stops, and goes on when it is resumed on another", async () => {
    const env = await bed.start([Signup]);
    const signup = env.client.workflowClient(Signup, "ada");
    const { invocationId } = await signup.workflowSubmit({ name: "Ada", email: "ada@example.org" });
    await env.time.settled();
    const admin = env.adminAPIBaseUrl();
    const { deployments } = (await (await fetch(`${admin}/deployments`)).json()) as {
      deployments: { id: string }[];
    };
    const [old = { id: "" }] = deployments;
    await register(env, await bed.serveAt([Signup]));

    const inUse = await fetch(`${admin}/deployments/${old.id}`, { method: "DELETE" });
    const forced = await fetch(`${admin}/deployments/${old.id}?force=true`, { method: "DELETE" });
    await signup.click("a secret");
    const before = await signup.workflowOutput();
    const resumed = await fetch(`${admin}/invocations/${invocationId}/resume?deployment=latest`, {
      method: "PATCH",
    });

    expect([inUse.status, forced.status, resumed.status]).toEqual([409, 202, 200]);
    expect(before.ready).toBe(false);
    expect(await signup.workflowAttach()).toBe("confirmed");
  });

  test("strictly, a handler may not go", async () => {
    const env = await bed.start([Cart]);
    const less = object({ name: "Cart", handlers: { add: async () => 1 } });

    const response = await register(env, await bed.serveAt([less]), { strict: true });

    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ errorCode: "PDR4207" });
  });
});

describe("endpoints of request and response", () => {
  test("carry attempts as requests, beside whatever else the server answers", async () => {
    const env = await bed.start([Cart]);
    const server = createHttpEndpoint().listen(0, "127.0.0.1");
    bed.after(() => server.close());
    bed.after(() => server.closeAllConnections());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;

    const response = await register(env, `http://127.0.0.1:${port}/perdure`);
    const { id } = (await response.json()) as { id: string };
    const deployment = await fetch(`${env.adminAPIBaseUrl()}/deployments/${id}`);

    expect(await deployment.json()).toMatchObject({
      protocol_type: "RequestResponse",
      http_version: "HTTP/1.1",
    });
    expect(await env.client.serviceClient(Greeter).greet("Ada")).toBe("Hello Ada");
  });

  test("as a function of a request answer health checks", async () => {
    const response = await POST(new Request("http://127.0.0.1/health"));

    expect([response.status, await response.text()]).toEqual([200, "OK"]);
  });
});

describe("request identity", () => {
  test("an endpoint with a key takes the server that signs with it, and no other", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "perdure-identity-"));
    bed.after(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, "identity.pem");
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }));
    const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
    const trusted = await serveTrusted(`publickeyv1_${base58(raw)}`, 0);
    bed.after(() => trusted.close());
    const uri = `http://127.0.0.1:${trusted.port}`;
    const config = { requestIdentityKeyFile: file };
    const [signing, other] = await Promise.all([bed.start([Cart], { config }), bed.start([Cart])]);

    const taken = await register(signing, uri);
    const refused = await register(other, uri);

    expect(taken.status).toBe(201);
    expect(await signing.client.serviceClient(Greeter).greet("Ada")).toBe("Hello Ada");
    expect(refused.ok).toBe(false);
    expect(await refused.json()).toMatchObject({ message: expect.stringContaining("401") });
  });

  function base58(bytes: Uint8Array): string {
    const digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let rest = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
    let text = "";
    for (; rest > 0n; rest /= 58n) text = (digits[Number(rest % 58n)] ?? "") + text;
    return text.padStart(text.length + bytes.findIndex((byte) => byte !== 0), "1");
  }
});

describe("clients", () => {
  test("call, send, submit, and tell failures apart", async () => {
    const env = await bed.start([Cart, Greeter, Signup]);

    expect(await shopping(env.baseUrl())).toEqual(["Hello Ada", "tea"]);
    expect(await signUp(env.baseUrl(), "ada")).toBe("Accepted, not ready, then confirmed");
  });
});

describe("operating", () => {
  test("state is copied from one key to another", async () => {
    const env = await bed.start([Cart]);
    const client = connect({ url: env.baseUrl() });
    await client.objectClient(Cart, "ada").add("tea");

    await copyState(env.adminAPIBaseUrl(), "Cart", "ada", "bob");

    await expect.poll(() => client.objectClient(Cart, "bob").items()).toEqual(["tea"]);
  });
});

describe("services that were written for the field", () => {
  test("run with another import", async () => {
    const env = await bed.start(services);
    const greeter = env.client.serviceClient<FieldGreeter>({ name: "Greeter" });
    const signup = env.client.workflowClient<FieldSignup>({ name: "Signup" }, "ada");

    const greeting = greeter.greet("Ada");
    await env.advance({ seconds: 1 });
    await signup.workflowSubmit("ada@example.org");
    await signup.click("secret");

    expect(await greeting).toBe("You said hi to Ada");
    expect(await env.client.objectClient<Counter>({ name: "Counter" }, "Ada").current()).toBe(1);
    expect(await signup.workflowAttach()).toBe(true);
  });
});

describe("the README", () => {
  test("has a workflow that runs as it says", async () => {
    const port = String(await freePort());
    const hello = NodeProcess.start({
      name: "hello",
      args: ["--conditions=source", "--import", "tsx", "examples/guides/src/hello.ts"],
      cwd: rootFolder,
      env: { PORT: port },
    });
    bed.after(() => hello.kill());
    const env = await bed.start([Cart]);
    const registered = async (): Promise<boolean> =>
      (await register(env, `http://127.0.0.1:${port}`)).ok;
    await expect.poll(registered, { timeout: 30_000 }).toBe(true);
    const post = (path: string, body: unknown): Promise<Response> =>
      fetch(`${env.baseUrl()}/restate/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });

    await post("send/Hello/ann/run", "Ann");
    await post("call/Hello/ann/answer", "a doctor");
    await env.advance({ seconds: 2 });
    const target = { target: "workflow", workflowName: "Hello", workflowKey: "ann" };
    const answer = await post("attach", target);

    expect(await answer.json()).toBe("Ann is a doctor");
    expect(hello.output).toContain("Hello Ann, who are you?");
  });
});
