import { describe, expect, test } from "vitest";
import { connect } from "./connect.js";
import { json, startIngress } from "./ingress.fixture.js";

const id = "sign_1abc-_";

describe("an awakeable", () => {
  test("is resolved with a value", async () => {
    const ingress = await startIngress(() => ({ status: 202 }));

    const done = await connect({
      url: ingress.url,
      headers: { "x-team": "blue" },
    }).resolveAwakeable(id, { ok: true });

    expect(done).toBeUndefined();
    expect(ingress.requests).toMatchObject([
      {
        method: "POST",
        path: `/restate/a/${id}/resolve`,
        body: '{"ok":true}',
        headers: { "content-type": "application/json", "x-team": "blue" },
      },
    ]);
  });

  test("is resolved with nothing", async () => {
    const ingress = await startIngress(() => ({ status: 202 }));

    await connect({ url: ingress.url }).resolveAwakeable(id);

    expect(ingress.requests[0]?.body).toBe("");
  });

  test("is rejected with a reason", async () => {
    const ingress = await startIngress(() => ({ status: 202 }));

    await connect({ url: ingress.url }).rejectAwakeable(id, "no: é");

    expect(ingress.requests).toMatchObject([
      {
        method: "POST",
        path: `/restate/a/${id}/reject`,
        body: "no: é",
        headers: { "content-type": "text/plain" },
      },
    ]);
  });

  test("whose id is refused is told as the ingress tells it", async () => {
    const ingress = await startIngress(() => json({ code: 400, message: "no awakeable" }, 400));
    const connection = connect({ url: ingress.url });

    await expect(connection.resolveAwakeable("x", 1)).rejects.toMatchObject({
      status: 400,
      message: "resolving awakeable x failed with HTTP 400: no awakeable",
    });
    await expect(connection.rejectAwakeable("x", "no")).rejects.toMatchObject({ status: 400 });
  });

  test.each(["", undefined, ".."])("can't have the id %j", async (bad) => {
    const connection = connect({ url: "http://127.0.0.1:1" });

    await expect(connection.resolveAwakeable(bad as string, 1)).rejects.toMatchObject({
      code: "PDR5303",
    });
  });
});
