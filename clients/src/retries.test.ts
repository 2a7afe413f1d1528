// Which requests are sent again, after what, and what is sent: by a connection's whole way, over real HTTP.

import { describe, expect, test } from "vitest";
import { connect } from "./connect.js";
import { HttpCallError } from "./errors.js";
import {
  breakOff,
  errorOf,
  hangUp,
  inTurn,
  json,
  silence,
  startIngress,
  type Answer,
  type Reaction,
} from "./ingress.fixture.js";
import type { Ingress } from "./ingress.js";
import { rpc } from "./options.js";
import { defaultShouldRetry, type RetryFailure, type RetryPolicy } from "./retry.js";

interface Greeter {
  greet(ctx: unknown, name: string): Promise<string>;
}
interface Signup {
  run(ctx: unknown, user: string): Promise<string>;
  status(ctx: unknown): Promise<string>;
}

const greeter = { name: "Greeter" };
const signup = { name: "Signup" };
const fast: RetryPolicy = { initialInterval: 1, maxInterval: 1 };
const sent = { invocationId: "inv_1abc", status: "Accepted" };
const idempotent = { idempotencyKey: "k" };

const unavailable: Answer = { status: 503, body: '{"code":503,"source":"ingress"}' };
/** Good for a call and for a send. */
const good = json(sent);

type Operation = (ingress: Ingress) => Promise<unknown>;

/** Everything that sends a request, and whether it may be sent twice. */
const operations: readonly (readonly [what: string, isSafe: boolean, operation: Operation])[] = [
  ["a call", false, (to) => to.serviceClient<Greeter>(greeter).greet("Ada")],
  [
    "a call with an idempotency key",
    true,
    (to) => to.serviceClient<Greeter>(greeter).greet("Ada", rpc.opts(idempotent)),
  ],
  [
    "a call with an empty idempotency key",
    false,
    (to) => to.serviceClient<Greeter>(greeter).greet("Ada", rpc.opts({ idempotencyKey: "" })),
  ],
  ["a call of an object", false, (to) => to.objectClient<Greeter>(greeter, "k").greet("Ada")],
  ["a send", false, (to) => to.serviceSendClient<Greeter>(greeter).greet("Ada")],
  [
    "a send with an idempotency key",
    true,
    (to) => to.objectSendClient<Greeter>(greeter, "k").greet("Ada", rpc.sendOpts(idempotent)),
  ],
  ["a call by names", false, (to) => to.call({ service: "Greeter", handler: "greet" })],
  [
    "a send by names with an idempotency key",
    true,
    (to) => to.send({ service: "Greeter", handler: "greet", opts: rpc.sendOpts(idempotent) }),
  ],
  ["a call in a scope", false, (to) => to.scope("s").serviceClient<Greeter>(greeter).greet("Ada")],
  [
    "a call in a scope with an idempotency key",
    true,
    (to) => to.scope("s").serviceClient<Greeter>(greeter).greet("Ada", rpc.opts(idempotent)),
  ],
  ["a submission", true, (to) => to.workflowClient<Signup>(signup, "k").workflowSubmit("Ada")],
  [
    "a submission in a scope",
    true,
    (to) => to.scope("s").workflowClient<Signup>(signup, "k").workflowSubmit("Ada"),
  ],
  ["a wait for a workflow", true, (to) => to.workflowClient<Signup>(signup, "k").workflowAttach()],
  ["a look at its output", true, (to) => to.workflowClient<Signup>(signup, "k").workflowOutput()],
  ["a call of its handlers", false, (to) => to.workflowClient<Signup>(signup, "k").status()],
  [
    "a wait for a result",
    true,
    (to) => to.result({ invocationId: "inv_1abc", status: "Accepted", attachable: true }),
  ],
  ["resolving an awakeable", false, (to) => to.resolveAwakeable("sign_1abc", 5)],
  ["rejecting an awakeable", false, (to) => to.rejectAwakeable("sign_1abc", "no")],
];

describe("without a policy", () => {
  test.each(operations)("%s is sent once", async (_what, _isSafe, operation) => {
    const ingress = await startIngress(() => unavailable);

    const error = await errorOf(operation(connect({ url: ingress.url })));

    expect(error).toMatchObject({ name: "HttpCallError", status: 503 });
    expect(ingress.requests).toHaveLength(1);
    expect(ingress.requests[0]?.headers["x-restateclient-retry-attempt"]).toBe("1");
  });

  test("false is none either", async () => {
    const ingress = await startIngress(() => unavailable);
    const client = connect({ url: ingress.url, retry: false }).serviceClient<Greeter>(greeter);

    await errorOf(client.greet("Ada", rpc.opts(idempotent)));

    expect(ingress.requests).toHaveLength(1);
  });
});

describe("with a policy", () => {
  const failures: readonly (readonly [string, Reaction])[] = [
    ["a 503", unavailable],
    ["no answer", hangUp],
    ["an answer that breaks off", breakOff],
  ];

  describe.each(failures)("after %s", (_failure, failure) => {
    test.each(operations.filter(([, isSafe]) => isSafe))(
      "%s is sent again, the same but for the attempt's number",
      async (_what, _isSafe, operation) => {
        const ingress = await startIngress(inTurn(failure, failure, good));

        await operation(connect({ url: ingress.url, retry: fast }));

        const numbers = ingress.requests.map(
          ({ headers }) => headers["x-restateclient-retry-attempt"],
        );
        const [one, two, three] = ingress.requests.map(({ headers, ...rest }) => ({
          ...rest,
          key: headers["idempotency-key"],
          type: headers["content-type"],
        }));
        expect(numbers).toEqual(["1", "2", "3"]);
        expect([two, three]).toEqual([one, one]);
      },
    );

    test.each(operations.filter(([, isSafe]) => !isSafe))(
      "%s is not",
      async (_what, _isSafe, operation) => {
        const ingress = await startIngress(inTurn(failure, good));

        await errorOf(operation(connect({ url: ingress.url, retry: fast })));

        expect(ingress.requests).toHaveLength(1);
      },
    );
  });

  const call = (url: string, retry: RetryPolicy | true): Promise<string> =>
    connect({ url, retry }).serviceClient<Greeter>(greeter).greet("Ada", rpc.opts(idempotent));

  test("true is the built-in one", async () => {
    const ingress = await startIngress(
      inTurn({ status: 503, headers: { "retry-after": "0" } }, json("Hi")),
    );

    expect(await call(ingress.url, true)).toBe("Hi");
    expect(ingress.requests).toHaveLength(2);
  });

  test("gives up after the last attempt, with its error", async () => {
    const ingress = await startIngress(inTurn(hangUp, unavailable, { status: 502, body: "last" }));

    const error = await errorOf(call(ingress.url, { ...fast, maxAttempts: 3 }));

    expect(error).toBeInstanceOf(HttpCallError);
    expect(error).toMatchObject({ status: 502, responseText: "last" });
    expect(ingress.requests).toHaveLength(3);
  });

  test("gives up at once where the wait would be too long", async () => {
    const ingress = await startIngress(() => unavailable);
    const retry = { maxAttempts: false, initialInterval: { hours: 1 }, maxInterval: { hours: 1 } };

    const error = await errorOf(call(ingress.url, retry as RetryPolicy));

    expect(error).toMatchObject({ status: 503 });
    expect(ingress.requests).toHaveLength(1);
  });

  test("gives up when its time is over, without a limit of attempts", async () => {
    const ingress = await startIngress(() => unavailable);

    const error = await errorOf(
      call(ingress.url, { ...fast, maxAttempts: false, maxDuration: 400 }),
    );

    expect(error).toMatchObject({ status: 503 });
    expect(ingress.requests.length).toBeGreaterThan(1);
  });

  test("waits as long as Retry-After says, beyond its own intervals", async () => {
    const ingress = await startIngress(
      inTurn({ status: 429, headers: { "retry-after": "0.2" } }, json("Hi")),
    );
    const before = performance.now();

    await call(ingress.url, fast);

    expect(performance.now() - before).toBeGreaterThanOrEqual(195);
  });

  test("does not, where the policy says so", async () => {
    const ingress = await startIngress(
      inTurn({ status: 429, headers: { "retry-after": "3600" } }, json("Hi")),
    );

    const result = await call(ingress.url, { ...fast, respectRetryAfter: false });

    expect(result).toBe("Hi");
  });

  test("takes an invocation's own failure for a result", async () => {
    const headers = { "x-restate-error-source": "invocation" };
    const ingress = await startIngress(() => ({ status: 500, headers, body: "boom" }));

    const error = await errorOf(call(ingress.url, fast));

    expect(error).toMatchObject({ status: 500, source: "invocation" });
    expect(ingress.requests).toHaveLength(1);
  });

  test("an output that is not ready is an answer", async () => {
    const ingress = await startIngress(() => json({ code: 470 }, 470));
    const client = connect({ url: ingress.url, retry: fast }).workflowClient<Signup>(signup, "k");

    const found = await client.workflowOutput();

    expect(found).toEqual({ ready: false, result: undefined });
    expect(ingress.requests).toHaveLength(1);
  });

  test("an output that is not ready may be asked for again by an own rule", async () => {
    const ingress = await startIngress(inTurn(json({}, 470), json({}, 470), json("done")));
    const shouldRetry = (failure: RetryFailure): boolean =>
      defaultShouldRetry(failure) || (failure.kind === "response" && failure.status === 470);
    const retry = { ...fast, shouldRetry };
    const client = connect({ url: ingress.url, retry }).workflowClient<Signup>(signup, "k");

    expect(await client.workflowOutput()).toEqual({ ready: true, result: "done" });
  });

  test("an own rule sees the answer, headers and body, and decides", async () => {
    const headers = { "x-mark": "1" };
    const ingress = await startIngress(
      inTurn({ status: 418, headers, body: "again" }, { status: 418 }),
    );
    const seen: RetryFailure[] = [];
    const shouldRetry = (failure: RetryFailure): boolean => {
      seen.push(failure);
      return failure.kind === "response" && failure.body === "again";
    };

    await errorOf(call(ingress.url, { ...fast, shouldRetry }));

    expect(ingress.requests).toHaveLength(2);
    expect(seen).toMatchObject([
      { kind: "response", status: 418, body: "again" },
      { kind: "response", status: 418 },
    ]);
    expect(seen[0]).toHaveProperty("headers");
    expect((seen[0] as { headers: Headers }).headers.get("x-mark")).toBe("1");
    expect(seen[1]).not.toHaveProperty("body");
  });

  test("an own rule gets what fetch threw", async () => {
    const thrown = new TypeError("fetch failed");
    const seen: RetryFailure[] = [];
    const connection = connect({
      url: "http://ingress",
      fetch: async () => {
        throw thrown;
      },
      retry: { shouldRetry: (failure) => seen.push(failure) < 0 },
    });

    const error = await errorOf(
      connection.serviceClient<Greeter>(greeter).greet("Ada", rpc.opts(idempotent)),
    );

    expect(seen).toEqual([{ kind: "network", error: thrown }]);
    expect(error).toMatchObject({ code: "PDR5301", cause: thrown });
  });

  test("each attempt has the whole timeout", async () => {
    const ingress = await startIngress(inTurn(silence, silence, json("Hi")));
    const client = connect({ url: ingress.url, retry: fast }).serviceClient<Greeter>(greeter);

    const result = await client.greet("Ada", rpc.opts({ ...idempotent, timeout: 300 }));

    expect(result).toBe("Hi");
    expect(ingress.requests).toHaveLength(3);
  });

  test("the last attempt's timeout is told as one", async () => {
    const ingress = await startIngress(() => silence);
    const retry = { ...fast, maxAttempts: 2 };
    const client = connect({ url: ingress.url, retry }).serviceClient<Greeter>(greeter);

    const error = await errorOf(client.greet("Ada", rpc.opts({ ...idempotent, timeout: 20 })));

    expect(error).toMatchObject({ name: "TimeoutError" });
    expect(ingress.requests).toHaveLength(2);
  });

  test("a signal that aborts within an attempt ends all", async () => {
    const controller = new AbortController();
    const ingress = await startIngress(() => {
      controller.abort();
      return silence;
    });
    const asked: RetryFailure[] = [];
    const retry = { ...fast, shouldRetry: (failure: RetryFailure) => asked.push(failure) > 0 };
    const client = connect({ url: ingress.url, retry }).serviceClient<Greeter>(greeter);
    const { signal } = controller;

    const error = await errorOf(client.greet("Ada", rpc.opts({ ...idempotent, signal })));

    expect(error).toMatchObject({ name: "AbortError" });
    expect(asked).toEqual([]);
    expect(ingress.requests).toHaveLength(1);
  });

  test("a signal that aborts between two attempts ends the wait", async () => {
    const controller = new AbortController();
    const reason = new Error("the user has gone");
    const ingress = await startIngress(() => unavailable);
    const shouldRetry = (): boolean => {
      queueMicrotask(() => controller.abort(reason));
      return true;
    };
    const retry = { initialInterval: 30_000, maxInterval: 30_000, shouldRetry };
    const client = connect({ url: ingress.url, retry }).serviceClient<Greeter>(greeter);
    const { signal } = controller;

    const error = await errorOf(client.greet("Ada", rpc.opts({ ...idempotent, signal })));

    expect(error).toBe(reason);
    expect(ingress.requests).toHaveLength(1);
  });
});
