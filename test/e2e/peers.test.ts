// Invocations that deal with one another: named signals, attach and output, cancellation from handlers, explicit
// cancellation, scopes. Every wait is suspended, so the handlers are replayed at each.

import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Answer, Http } from "../harness/http.js";

const bed = useBed("after all");
let ingress: Http;

beforeAll(async () => {
  const { server } = await bed.serve({ modules: ["peers"] });
  ingress = server.ingress;
});

const call = (path: string, input?: unknown): Promise<Answer> =>
  ingress.post(`/restate/call/${path}`, input);

let sends = 0;

/** Sends with a key, so that the result can be had. */
async function send(path: string, input?: unknown): Promise<string> {
  const headers = { "idempotency-key": `peers-${String(sends++)}` };
  const { json } = await ingress.post(`/restate/send/${path}`, input, { headers });
  return (json as { invocationId: string }).invocationId;
}

const attach = (id: string): Promise<Answer> =>
  ingress.post("/restate/attach", { target: "invocation", invocationId: id });
const resolve = (id: string, name: string, value?: unknown): Promise<Answer> =>
  call("Peer/resolve", { id, name, ...(value === undefined ? {} : { value }) });
const reject = (id: string, name: string, reason: string): Promise<Answer> =>
  call("Peer/reject", { id, name, reason });

describe("signals", () => {
  test("resolve: the waiting handler returns the resolved value", async () => {
    const id = await send("Signalled/one", "go");
    await resolve(id, "go", { structured: [1, 2] });
    expect(await attach(id)).toMatchObject({ status: 200, json: { structured: [1, 2] } });
  });

  test("reject: the rejection is a terminal error, with code and metadata", async () => {
    const id = await send("Signalled/one", "go");
    await reject(id, "go", "boom");
    const answer = await attach(id);
    expect(answer).toMatchObject({
      status: 418,
      json: { message: "boom", metadata: { by: "peer" } },
    });
  });

  test("of one name are a queue, whether they come before or after the await", async () => {
    const id = await send("Signalled/queue", 3);
    for (const value of ["a", "b", "c"]) await resolve(id, "next", value);
    expect((await attach(id)).json).toEqual(["a", "b", "c"]);
  });

  test("signalAllSuccessfulOrFirstFailed", async () => {
    const id = await send("Signalled/allSucceeded", ["a", "b", "c"]);
    for (const [name, value] of [
      ["c", "val2"],
      ["a", "val0"],
      ["b", "val1"],
    ] as const) {
      await resolve(id, name, value);
    }
    expect((await attach(id)).json).toBe("val0|val1|val2");
  });

  test("signalFirstSuccessfulOrAllFailed", async () => {
    const id = await send("Signalled/firstSucceeded", ["a", "b", "c"]);
    await reject(id, "a", "no");
    await reject(id, "b", "no");
    await resolve(id, "c", "yes");
    expect((await attach(id)).json).toBe("yes");
  });

  test("signalAllCompleted", async () => {
    const id = await send("Signalled/allCompleted", ["a", "b", "c"]);
    await resolve(id, "a", "val0");
    await reject(id, "b", "err1");
    await resolve(id, "c", "val2");
    expect((await attach(id)).json).toBe("ok:val0|err:err1|ok:val2");
  });

  test("of one name, several of them awaited together", async () => {
    const id = await send("Signalled/firstSucceeded", ["same", "same", "same"]);
    await reject(id, "same", "no");
    await reject(id, "same", "no");
    await resolve(id, "same", "third");
    expect((await attach(id)).json).toBe("third");
  });

  test("mixedAllSucceededRunAndSignal", async () => {
    const id = await send("Signalled/withStep", "go");
    await resolve(id, "go", "sigval");
    expect((await attach(id)).json).toBe("runval|sigval");
  });
});

describe("another invocation", () => {
  test("can be attached to, and its output looked at, from a handler", async () => {
    const id = await send("Signalled/one", "go");
    expect((await call("Peer/output", id)).json).toBe("not yet");
    const attached = call("Peer/attach", id);
    await resolve(id, "go", "done");
    expect((await attached).json).toBe("done");
    expect((await call("Peer/output", id)).json).toBe("done");
  });

  test("can be found by its idempotency key", async () => {
    expect((await call("Peer/byKey", "a key")).json).toBe("echoed");
  });

  test("can be cancelled from a handler", async () => {
    const id = await send("Signalled/one", "go");
    await call("Peer/cancel", id);
    expect(await attach(id)).toMatchObject({ status: 409, json: { message: "Cancelled" } });
  });

  test("that is named by no id fails for good, with 400", async () => {
    const answer = await call("Peer/cancel", "inv_1nonsense");
    expect(answer.status).toBe(400);
    expect((answer.json as { message: string }).message).toContain('"inv_1nonsense"');
  });
});

describe("explicit cancellation", () => {
  test("wins a race; a second one comes after the clean-up", async () => {
    const id = await send("Explicit/twice");
    await call("Peer/cancel", id);
    await call("Peer/cancel", id);
    expect((await attach(id)).json).toEqual(["cancelled", "cleaned up", "cancelled again"]);
  });

  test("cancels previous calls when the code says so", async () => {
    const id = await send("Explicit/calls");
    await call("Peer/cancel", id);
    expect((await attach(id)).json).toEqual([2, "Cancelled", "Cancelled"]);
  });
});

describe("a scope", () => {
  test("reaches the handler that is called in it, with the limit key", async () => {
    expect((await call("Peer/inScope", "llm/large")).json).toEqual({
      scope: "tenant-1",
      limitKey: "llm/large",
    });
  });
});
