// Runs in a browser, in a page of another origin than the ingress: uses the clients as a web application would and
// posts what came of it to the page's own server. The expectations are in clients.test.ts.

import { ClientError, connect, HttpCallError, rpc, serde } from "@perdure/clients";
import type { awaiting, formats, keyed } from "../services/formats.js";
import type { counter, greeter, signup } from "../services/greeter.js";

// Tests are compiled without the DOM's types; of those, this is all that the page needs.
const { search } = (globalThis as unknown as { location: { search: string } }).location;
const query = new URLSearchParams(search);
const url = query.get("ingress") ?? "";
const nowhere = query.get("nowhere") ?? "";
const ingress = connect({ url, headers: { "x-team": "blue" } });

const toGreeter = ingress.serviceClient<typeof greeter>({ name: "Greeter" });
const toFormats = ingress.serviceClient<typeof formats>({ name: "Formats" });

const checks: Record<string, () => Promise<unknown>> = {
  call: () => toGreeter.greet("Ada"),
  nothing: async () => (await toGreeter.nothing()) === undefined,
  key: () => ingress.objectClient<typeof keyed>({ name: "Keyed" }, "a/b é?").key("x"),
  emptyKey: () => ingress.objectClient<typeof keyed>({ name: "Keyed" }, "").key("x"),
  bytes: async () => {
    const options = rpc.opts({ input: serde.binary, output: serde.binary });
    return [...(await toFormats.measure(new Uint8Array([0, 255]), options))];
  },
  headers: () =>
    toFormats.headers(rpc.opts({ headers: { "x-run": "1" }, idempotencyKey: "browser" })),
  get: () => toFormats.headers(rpc.opts({ method: "GET" })),
  async scope() {
    const scoped = ingress.scope("browser");
    const client = scoped.objectClient<typeof counter>({ name: "Counter" }, "scoped");
    return client.add(1, rpc.opts({ limitKey: "a/b", idempotencyKey: "scoped" }));
  },
  awaitedProxy: async () => (await (toGreeter as unknown as Promise<unknown>)) === toGreeter,

  async send() {
    const client = ingress.objectSendClient<typeof counter>({ name: "Counter" }, "browser");
    const options = rpc.sendOpts({ idempotencyKey: "browser", delay: 50 });
    const handle = await client.add(3, options);
    const again = await client.add(3, options);
    const { status, attachable, executionTime } = handle;
    return {
      status,
      attachable,
      isDated: executionTime !== undefined,
      again: again.status,
      isSame: again.invocationId === handle.invocationId,
      result: await ingress.result(handle),
    };
  },

  async workflow() {
    const client = ingress.workflowClient<typeof signup>({ name: "Signup" }, "browser");
    const { status } = await client.workflowSubmit({ name: "Ada" });
    const early = await client.workflowOutput();
    const attached = client.workflowAttach();
    await client.verify("s3");
    const result = await attached;
    return { status, early, result, late: await client.workflowOutput() };
  },

  async awakeable() {
    const client = ingress.objectClient<typeof awaiting>({ name: "Awaiting" }, "browser");
    const waiting = client.wait();
    let id: string | null = null;
    while (id === null) id = await client.id();
    await ingress.resolveAwakeable(id, { ok: true });
    return waiting;
  },

  async failure() {
    const error = await errorOf(toFormats.fail({ code: 422, metadata: { plan: "gold" } }));
    if (!(error instanceof HttpCallError)) return error;
    const { status, code, source, errorCode, metadata, invocationId } = error;
    return { status, code, source, errorCode, metadata, hasId: invocationId !== undefined };
  },

  async refused() {
    const error = await errorOf(ingress.call({ service: "Nobody", handler: "x" }));
    if (!(error instanceof HttpCallError)) return error;
    return { status: error.status, source: error.source };
  },

  /** Headers of the answer that a policy needs can be read across origins. */
  async retryHeaders() {
    const seen: unknown[] = [];
    const connected = connect({
      url,
      retry: {
        shouldRetry(failure) {
          if (failure.kind === "response") seen.push(failure.headers.get("x-restate-error-source"));
          return false;
        },
      },
    });
    const client = connected.serviceClient<typeof formats>({ name: "Formats" });
    await errorOf(client.fail({ code: 503 }, rpc.opts({ idempotencyKey: "browser 503" })));
    return seen;
  },

  async noAnswer() {
    let attempts = 0;
    const connected = connect({
      url: nowhere,
      retry: { initialInterval: 1, maxAttempts: 3, shouldRetry: () => ++attempts > 0 },
    });
    const opts = rpc.opts({ idempotencyKey: "k" });
    const error = await errorOf(connected.call({ service: "Greeter", handler: "greet", opts }));
    return { code: error instanceof ClientError ? error.code : String(error), attempts };
  },

  timeout: async () => nameOf(await errorOf(toGreeter.sleep(30_000, rpc.opts({ timeout: 50 })))),
  async abort() {
    const controller = new AbortController();
    const call = toGreeter.sleep(30_000, rpc.opts({ signal: controller.signal }));
    controller.abort();
    return nameOf(await errorOf(call));
  },
};

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => `no error, but ${JSON.stringify(value)}`,
    (error: unknown) => error,
  );
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

const found: Record<string, unknown> = {};
for (const [name, check] of Object.entries(checks)) {
  found[name] = await check().catch((error: unknown) => `threw ${String(error)}`);
}
await fetch("/report", { method: "POST", body: JSON.stringify(found) });
