// Deployments that say what no SDK would: the server may fail their attempts, and nothing else.

import { create } from "@bufbuild/protobuf";
import { AttemptFailedSchema, type ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import { expect, test, vi } from "vitest";
import {
  call,
  command,
  goodEnd,
  output,
  scripted,
  serving,
} from "./scripted-deployment.fixture.js";

/** How long a busy machine may take. */
const patience = { timeout: 20_000 };

test.each([
  ["no result at all", output(undefined)],
  [
    "a value that is elsewhere",
    output({ case: "value", value: { content: { case: "reference", value: {} } } }),
  ],
])("an output with %s fails the attempt that brings it", async (_, bad) => {
  let attempts = 0;
  const endpoint = await scripted("Odd", (start, say) => {
    say(start, attempts++ === 0 ? bad : goodEnd);
  });
  const admin = await serving(endpoint);

  const response = await call(admin, "Odd");

  expect(response.status).toBe(200);
  expect(attempts).toBe(2);
});

test.each([
  ["a scope of another alphabet", { scope: "日本", limitKey: undefined }],
  ["a scope that is too long", { scope: "s".repeat(3_000), limitKey: undefined }],
  ["a limit key of another alphabet", { scope: "s", limitKey: "日本" }],
  ["a limit key without a scope", { scope: undefined, limitKey: "l" }],
])("a call with %s fails the attempt, and leaves the tables as they are", async (_, of) => {
  let attempts = 0;
  const other = await scripted("Other", (start, say) => {
    say(start, goodEnd);
  });
  const endpoint = await scripted("Odd", (start, say) => {
    const target = { service: "Other", handler: "h", ...of };
    const send = command({
      case: "send",
      value: { invocationIdCompletionId: 1, target: target as never },
    });
    say(start, ...(attempts++ === 0 ? [send, goodEnd] : [goodEnd]));
  });
  const admin = await serving(other, endpoint);

  const response = await call(admin, "Odd");

  expect(response.status).toBe(200);
  expect(attempts).toBe(2);
  await admin.restart();
  expect((await admin.ask("GET", "/deployments")).status).toBe(200);
});

test("a deployment can't speak for an attempt of another", async () => {
  let started = (_: ServerFrame): void => undefined;
  const begun = new Promise<ServerFrame>((resolve) => (started = resolve));
  const victim = await scripted("Victim", started);
  const intruder = await scripted("Intruder", (start, say) => {
    say(start, goodEnd);
  });
  const admin = await serving(victim, intruder);
  const waiting = call(admin, "Victim");
  const start = await begun;

  await call(admin, "Intruder");
  intruder.say(start, output({ case: "failure", value: { code: 500, message: "intruded" } }));
  await call(admin, "Intruder");
  victim.say(start, goodEnd);

  expect((await waiting).status).toBe(200);
});

test.each([
  ["all the time that a number can say", BigInt(Number.MAX_SAFE_INTEGER)],
  ["all the time that the contract can say", 2n ** 64n - 1n],
])("a retention of %s keeps the result, and the caller gets it", async (_, retention) => {
  const options = { idempotencyRetentionMs: retention, journalRetentionMs: retention };
  const endpoint = await scripted("Keeper", (start, say) => say(start, goodEnd), { options });
  const admin = await serving(endpoint);

  const first = await call(admin, "Keeper", { "idempotency-key": "k" });
  const again = await call(admin, "Keeper", { "idempotency-key": "k" });

  expect([first.status, again.status]).toEqual([200, 200]);
  expect(again.headers.get("idempotency-expires")).toBe("+275760-09-13T00:00:00.000Z");
});

test("an invocation that is to start, or to be tried again, after the end of time can be looked at", async () => {
  const other = await scripted("Other", (start, say) => say(start, goodEnd));
  const endpoint = await scripted("Late", (start, say) => {
    const target = { service: "Other", handler: "h" };
    const delayMs = 2n ** 64n - 1n;
    const send = { invocationIdCompletionId: 1, target: target as never, delayMs };
    sent.push(start.frame.case === "start" ? start.frame.value.invocationId : "");
    say(start, command({ case: "send", value: send }), {
      case: "failed",
      value: create(AttemptFailedSchema, { retryAfterMs: 2n ** 64n - 1n }),
    });
  });
  const sent: string[] = [];
  const admin = await serving(other, endpoint);
  await fetch(`${admin.server.ingressUrl}/Late/h/send`, { method: "POST" });
  await vi.waitUntil(() => sent.length > 0, patience);
  const looked = await vi.waitUntil(async () => {
    const answer = await admin.ask("GET", `/invocations/${sent[0]}`);
    return answer.status === 500 || "next_retry_at" in answer.json ? answer : undefined;
  }, patience);

  expect(looked.status).toBe(200);
});

test("a content type that no header can carry is refused when it is registered", async () => {
  const output = { contentType: "text/plain\r\nset-cookie: a=b" };
  const endpoint = await scripted("Cookies", (start, say) => say(start, goodEnd), { output });
  const admin = await serving();

  const answer = await admin.ask("POST", "/deployments", { uri: endpoint.url });

  expect(answer).toMatchObject({ status: 400, json: { errorCode: "PDR4203" } });
});
