// The environment as users meet it: real services on a real server.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpCallError } from "@perdure/clients";
import { service, type Context } from "@perdure/sdk";
import { afterEach, describe, expect, test } from "vitest";
import { RestateTestEnvironment, TestEnvironment, type TestEnvironmentOptions } from "./index.js";
import { Counter, Greeter, happened, Signup } from "./services.fixture.js";

const started: TestEnvironment[] = [];

async function start(options: Partial<TestEnvironmentOptions> = {}): Promise<TestEnvironment> {
  const env = await TestEnvironment.start({ services: [Greeter, Counter, Signup], ...options });
  started.push(env);
  return env;
}

afterEach(async () => {
  for (const env of started.splice(0)) await env.stop();
  happened.clear();
});

describe("a test environment", () => {
  test("runs services, objects and workflows", async () => {
    const { client } = await start();

    expect(await client.serviceClient(Greeter).greet("Ada")).toBe("Hello, Ada");
    expect(await client.objectClient(Counter, "one").add(2)).toBe(2);
    expect(await client.objectClient(Counter, "one").add(3)).toBe(5);
    const signup = client.workflowClient(Signup, "ada");
    await signup.workflowSubmit("ada@example.org");
    await signup.click("ada@example.org-secret");
    expect(await signup.workflowAttach()).toBe("confirmed");
  });

  test("says where callers and operators come in", async () => {
    const env = await start();

    const called = await fetch(`${env.baseUrl()}/Greeter/greet`, {
      method: "POST",
      body: '"x"',
      headers: { "content-type": "application/json" },
    });
    const listed = await fetch(`${env.adminAPIBaseUrl()}/deployments`);

    expect(await called.json()).toBe("Hello, x");
    expect(((await listed.json()) as { deployments: unknown[] }).deployments).toHaveLength(1);
  });

  test("has a name that users of the field know", () => {
    expect(RestateTestEnvironment).toBe(TestEnvironment);
  });

  test("knows nothing of another one in the same process", async () => {
    const [one, other] = await Promise.all([start(), start()]);

    await one.client.objectClient(Counter, "same").add(7);

    expect(await other.client.objectClient(Counter, "same").get()).toBeNull();
    expect(one.baseUrl()).not.toBe(other.baseUrl());
    await one.advance({ hours: 5 });
    expect(one.time.now() - other.time.now()).toBeGreaterThan(4.9 * 60 * 60 * 1_000);
  });

  test("passes on how a handler fails", async () => {
    const { client } = await start();

    const failed = client.serviceClient(Greeter).refuses();

    await expect(failed).rejects.toThrow(HttpCallError);
    await expect(failed).rejects.toMatchObject({ status: 418 });
  });

  test("suspends and replays a handler at every await, when it is asked to", async () => {
    const usual = await start();
    const replaying = await start({ alwaysReplay: true });

    expect(await usual.client.serviceClient(Greeter).attempts("usual")).toBe(1);
    expect(await replaying.client.serviceClient(Greeter).attempts("replaying")).toBe(3);
  });

  test("ends an invocation with its first failure, when it is asked to", async () => {
    const usual = await start({ config: { inactivityTimeoutMs: 1_000 } });
    const strict = await start({ disableRetries: true });

    const retried = usual.client.serviceClient(Greeter).flaky({ id: "usual", failures: 1 });
    await usual.time.settled();
    await usual.advance({ seconds: 1 });
    expect(await retried).toBe(2);
    await expect(
      strict.client.serviceClient(Greeter).flaky({ id: "strict", failures: 1 }),
    ).rejects.toThrow("try 1 of strict fails");
    expect(happened.get("strict")).toBe(1);
  });

  test.each(["memory", "disk"] as const)("removes its data from %s", async (storage) => {
    const env = await start({ storage });
    const directory = env.dataDirectory;
    expect(existsSync(directory)).toBe(true);

    await env.stop();

    expect(existsSync(directory)).toBe(false);
  });

  test("goes on with the data of an earlier one, in a directory of the test's own", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "perdure-own-"));
    try {
      const first = await start({ config: { dataDir } });
      await first.client.objectClient(Counter, "kept").add(4);
      await first.stop();

      const second = await start({ config: { dataDir } });

      expect(await second.client.objectClient(Counter, "kept").get()).toBe(4);
      await second.stop();
      expect(existsSync(dataDir)).toBe(true);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  test("stops at the end of its scope, and more than once", async () => {
    let url = "";
    {
      await using env = await TestEnvironment.start({ services: [Greeter] });
      url = env.baseUrl();
      expect((await fetch(`${url}/restate/health`)).status).toBe(200);
      void env.stop();
    }
    await expect(fetch(`${url}/restate/health`)).rejects.toThrow("fetch failed");
  });

  test("fails what still waits for a result when it stops, at once", async () => {
    const env = await start();
    const waiting = env.client.serviceClient(Greeter).nap(1);
    waiting.catch(() => undefined);
    await env.time.settled();
    const began = performance.now();

    await env.stop();

    await expect(waiting).rejects.toThrow(/PDR5402/);
    await expect(env.client.serviceClient(Greeter).greet("x")).rejects.toThrow(/PDR5402/);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test("stops in a moment while a step is at work that never ends", async () => {
    let begun = (): void => undefined;
    const atWork = new Promise<void>((resolve) => (begun = resolve));
    const stuck = service({
      name: "Stuck",
      handlers: {
        stuck: async (ctx: Context) =>
          ctx.run("never ends", () => {
            begun();
            return new Promise<number>(() => undefined);
          }),
      },
    });
    const env = await start({ services: [stuck] });
    await env.client.serviceSendClient(stuck).stuck();
    await atWork;
    const began = performance.now();

    await env.stop();

    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test("does not start without services, and leaves nothing behind", async () => {
    const none = TestEnvironment.start({ services: [] });

    await expect(none).rejects.toThrow(/PDR5401.*can't be registered/);
  });

  test("does not start with two services of one name", async () => {
    const one = service({ name: "Same", handlers: { a: async () => 1 } });
    const other = service({ name: "Same", handlers: { a: async () => 2 } });

    await expect(TestEnvironment.start({ services: [one, other] })).rejects.toThrow(/PDR2004/);
  });

  test("starts in a moment", async () => {
    const tookMs: number[] = [];
    for (let n = 0; n < 3; n++) {
      const began = performance.now();
      const env = await start();
      tookMs.push(performance.now() - began);
      await env.stop();
    }

    // The best of some: other tests are at work on the same machine.
    expect(Math.min(...tookMs)).toBeLessThan(300);
  });
});
