// How long a request is waited for, and what ends the wait.

import { describe, expect, test } from "vitest";
import { connect } from "./connect.js";
import { errorOf, json, silence, startIngress } from "./ingress.fixture.js";
import { rpc } from "./options.js";

interface Greeter {
  greet(ctx: unknown, name: string): Promise<string>;
  ping(ctx: unknown): Promise<void>;
}
interface Signup {
  run(ctx: unknown, user: { name: string }): Promise<{ success: boolean }>;
  verifyEmail(ctx: unknown, request: { secret: string }): Promise<void>;
}

const greeter = { name: "Greeter" };
const signup = { name: "Signup" };

/** A fetch that fails as Node's does, in Node's own form of an error. */
function failure(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}

describe("a wait", () => {
  test("ends when the timeout is over", async () => {
    const ingress = await startIngress(() => silence);
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);

    const error = await errorOf(client.ping(rpc.opts({ timeout: 20 })));

    expect(error).toMatchObject({ name: "TimeoutError" });
  });

  test("ends when the signal aborts", async () => {
    const controller = new AbortController();
    const ingress = await startIngress(() => {
      controller.abort();
      return silence;
    });
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);

    const error = await errorOf(client.ping(rpc.opts({ signal: controller.signal })));

    expect(error).toMatchObject({ name: "AbortError" });
  });

  test("ends with the reason that the signal was given", async () => {
    const reason = new Error("the user has gone");
    const client = connect({ url: "http://127.0.0.1:1" }).serviceClient<Greeter>(greeter);

    const error = await errorOf(client.ping(rpc.opts({ signal: AbortSignal.abort(reason) })));

    expect(error).toBe(reason);
  });

  test("takes a timeout or a signal, not both", async () => {
    const ingress = await startIngress(() => json("Hi"));
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);
    const { signal } = new AbortController();

    const error = await errorOf(client.ping(rpc.opts({ timeout: { minutes: 1 }, signal })));

    expect(error).toMatchObject({ code: "PDR5303", message: expect.stringContaining("timeout") });
    expect(ingress.requests).toEqual([]);
  });

  test.each([-1, Number.NaN])("refuses a timeout of %d", async (timeout) => {
    const client = connect({ url: "http://127.0.0.1:1" }).serviceClient<Greeter>(greeter);

    const error = await errorOf(client.ping(rpc.opts({ timeout })));

    expect(error).toMatchObject({ code: "PDR5303", message: expect.stringContaining("timeout") });
  });

  test("may be longer than a timer can be", async () => {
    const ingress = await startIngress(() => json("Hi"));
    const client = connect({ url: ingress.url }).serviceClient<Greeter>(greeter);

    await client.ping(rpc.opts({ timeout: { days: 1_000 } }));

    expect(ingress.requests).toHaveLength(1);
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
