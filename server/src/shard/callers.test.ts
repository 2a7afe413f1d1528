import { create } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import {
  HandlerKind,
  HandlerSchema,
  ServiceKind,
  ServiceSchema,
  type Handler,
} from "@perdure/proto/manifest/v1/manifest";
import { DeploymentSchema, InvocationStatus } from "@perdure/proto/storage/v1/records";
import { isInvocationId, partitionOfInvocationId } from "@perdure/protocol/ids";
import { ended, failure, resultOf } from "../core/events.fixture.js";
import { findRun } from "../core/queries.js";
import { Admission } from "./admission.js";
import { Callers } from "./callers.js";
import type { InvocationRef, SubmitRequest } from "./invocations.js";
import { Machine, type RunningShard } from "./machine.fixture.js";
import type { RegisteredService } from "./registry-view.js";

const { SHARED, RUN, EXCLUSIVE } = HandlerKind;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function service(name: string, kind: ServiceKind, handler: Handler): RegisteredService {
  const deployment = create(DeploymentSchema, { id: "dp_1" });
  const described = create(ServiceSchema, { name, kind, handlers: [handler] });
  const handlers = new Map([[handler.name, handler]]);
  return { service: described, revision: 1, deployment, handlers };
}

const greet = create(HandlerSchema, { name: "greet", kind: SHARED });
const add = create(HandlerSchema, { name: "add", kind: EXCLUSIVE });
const run = create(HandlerSchema, { name: "run", kind: RUN });

const plain: SubmitRequest = {
  service: service("Greeter", ServiceKind.SERVICE, greet),
  handler: greet,
  key: undefined,
  headers: [],
  parameter: text("Ada"),
  idempotencyKey: undefined,
  delayMs: 0,
  scope: undefined,
  limitKey: undefined,
};
const keyed: SubmitRequest = {
  ...plain,
  service: service("Counter", ServiceKind.VIRTUAL_OBJECT, add),
  handler: add,
  key: "k",
};
const workflow: SubmitRequest = {
  ...plain,
  service: service("Signup", ServiceKind.WORKFLOW, run),
  handler: run,
  key: "ada",
};
const workflowRef: InvocationRef = {
  kind: "workflow",
  workflow: "Signup",
  key: "ada",
  scope: undefined,
};

let machine: Machine;
let running: RunningShard;
let callers: Callers;

beforeEach(async () => {
  machine = new Machine();
  await start();
});

async function start(): Promise<void> {
  running = await machine.boot();
  const { shard } = running;
  callers = new Callers({
    shard: () => shard,
    clock: { now: () => machine.nowMs },
    retention: { journalMs: 1_000, idempotencyMs: 5_000, workflowMs: 9_000 },
    admission: new Admission({ waitingBytesMax: Infinity }),
  });
  running.listener = (effect) => {
    if (effect.kind === "submitted") callers.submitted(effect.token, effect.submission);
    if (effect.kind === "completed") {
      callers.completed(effect.runId, effect.invocation, effect.output);
    }
  };
}

/** The handler of an invocation returns. */
async function finish(id: string, ...result: Parameters<typeof resultOf>): Promise<void> {
  const partition = partitionOfInvocationId(id);
  const tables = running.store.partition(partition);
  const runId = findRun(tables, id) ?? "";
  const { epoch } = tables.partitionState;
  const attempt = tables.invocations.get(runId)?.attempt ?? 0;
  running.shard.enqueue(partition, ended(runId, result[0], { epoch, attempt }), {});
  await running.shard.drained();
}

describe("a submission", () => {
  test("is answered with its id when it is durable", async () => {
    const answer = await callers.submit(plain);

    expect(answer).toMatchObject({ accepted: true, executionTimeMs: undefined });
    expect(isInvocationId(answer.invocationId)).toBe(true);
    await machine.losePower(3);
    const again = await machine.boot();
    const tables = again.store.partition(partitionOfInvocationId(answer.invocationId));
    const runId = findRun(tables, answer.invocationId) ?? "";
    expect(tables.journal.read(runId)[0]?.body).toMatchObject({
      case: "input",
      value: { value: resultOf("Ada").value },
    });
  });

  test("with a delay is answered with the time at which it starts", async () => {
    const answer = await callers.submit({ ...plain, delayMs: 5_000 });

    expect(answer).toMatchObject({ accepted: true, executionTimeMs: 6_001 });
  });

  test("of a workflow's key or an idempotency key is accepted once", async () => {
    for (const request of [workflow, { ...plain, idempotencyKey: "once" }]) {
      const first = await callers.submit(request);
      const second = await callers.submit(request);

      expect(second).toEqual({ ...first, accepted: false });
    }
  });

  test("that the core refuses is an error for its caller, and for nobody else", async () => {
    const broken = { ...keyed, handler: create(HandlerSchema, { name: "add", kind: EXCLUSIVE }) };
    const refused = callers.submit({ ...broken, key: undefined });
    const accepted = callers.submit(plain);

    await expect(refused).rejects.toThrow("has an object key");
    expect((await accepted).accepted).toBe(true);
    expect(running.fatal).toEqual([]);
  });
});

describe("a call", () => {
  test("waits for the result", async () => {
    const call = callers.call(plain);
    await running.shard.drained();
    const id = running.ofKind("submitted")[0]?.submission.id ?? "";

    await finish(id, "Hello Ada");

    expect(await call).toEqual({
      kind: "value",
      value: text("Hello Ada"),
      invocationId: id,
      service: "Greeter",
      handler: "greet",
      retainedUntilMs: undefined,
    });
  });

  test("that fails says so, with what the handler said", async () => {
    const call = callers.call(keyed);
    await running.shard.drained();

    await finish(running.ofKind("submitted")[0]?.submission.id ?? "", failure(418, "no tea"));

    expect(await call).toMatchObject({
      kind: "failure",
      failure: { code: 418, message: "no tea" },
    });
  });

  test("with an idempotency key gets the first one's result, before and after its end", async () => {
    const request = { ...plain, idempotencyKey: "once" };
    const calls = [callers.call(request), callers.call(request)];
    await running.shard.drained();
    await finish(running.ofKind("submitted")[0]?.submission.id ?? "", "Hello");
    const late = await callers.call(request);

    for (const outcome of [...(await Promise.all(calls)), late]) {
      expect(outcome).toMatchObject({ kind: "value", value: text("Hello") });
      expect(outcome.retainedUntilMs).toBeCloseTo(machine.nowMs + 5_000);
    }
  });

  test("of a workflow that was run is told 409, whether it has ended or not", async () => {
    const { invocationId } = await callers.submit(workflow);

    const whileRunning = await callers.call(workflow);
    await finish(invocationId, "welcome");
    const afterwards = await callers.call(workflow);

    for (const outcome of [whileRunning, afterwards]) {
      expect(outcome).toMatchObject({ kind: "failure", invocationId, failure: { code: 409 } });
    }
  });

  test("of a workflow that has yet to start is told nothing of a result that is kept", async () => {
    await callers.submit({ ...workflow, delayMs: 60_000 });

    const told = await callers.call(workflow);

    expect(told).toMatchObject({ kind: "failure", failure: { code: 409 } });
    expect(told.retainedUntilMs).toBeUndefined();
  });

  test("whose caller has gone is forgotten; the invocation is not", async () => {
    const gone = new AbortController();
    let isTold = false;
    void callers.call(plain, gone.signal).then(() => (isTold = true));
    await running.shard.drained();
    gone.abort();
    const id = running.ofKind("submitted")[0]?.submission.id ?? "";

    await finish(id, "Hello");

    expect(isTold).toBe(false);
    expect(await callers.output({ kind: "id", invocationId: id })).toMatchObject({ kind: "value" });
  });
});

describe("an attach", () => {
  test("waits for the result, by id, by workflow key and by idempotency key", async () => {
    const once = { ...keyed, idempotencyKey: "once" };
    const idempotent: InvocationRef = {
      kind: "idempotent",
      service: "Counter",
      handler: "add",
      key: "k",
      idempotencyKey: "once",
      scope: undefined,
    };
    for (const [request, ref] of [
      [plain, undefined],
      [workflow, workflowRef],
      [once, idempotent],
    ] as const) {
      const { invocationId } = await callers.submit(request);
      const byRef = ref ?? { kind: "id" as const, invocationId };
      const attached = callers.attach(byRef);
      expect(callers.idOf(byRef)).toBe(invocationId);
      expect(await callers.output(byRef)).toBe("notReady");

      await finish(invocationId, "done");

      expect(await attached).toMatchObject({ invocationId, value: text("done") });
      expect(await callers.attach(byRef)).toMatchObject({ invocationId, value: text("done") });
      expect(await callers.output(byRef)).toMatchObject({ invocationId, value: text("done") });
    }
  });

  test("to what never was finds nothing", async () => {
    expect(await callers.attach(workflowRef)).toBeUndefined();
    expect(await callers.output(workflowRef)).toBeUndefined();
  });

  test("finds the result after a restart", async () => {
    const { invocationId } = await callers.submit(workflow);
    await finish(invocationId, "welcome");
    await machine.kill();
    await start();

    expect(await callers.attach(workflowRef)).toMatchObject({ value: text("welcome") });
  });
});

describe("a signal from outside", () => {
  test("is durable when it resolves", async () => {
    const { invocationId } = await callers.submit(plain);

    await callers.signal(invocationId, 17, resultOf("x"));

    await machine.losePower(5);
    const again = await machine.boot();
    const tables = again.store.partition(partitionOfInvocationId(invocationId));
    const journal = tables.journal.read(findRun(tables, invocationId) ?? "");
    expect(journal.map(({ body }) => body.case)).toEqual(["input", "signal"]);
  });

  test("to what has ended, or never was, resolves and does nothing", async () => {
    const { invocationId } = await callers.submit(plain);
    await finish(invocationId, "done");
    const records = machine.records.length;

    await callers.signal(invocationId, 17, resultOf("x"));
    await callers.signal(callers.idOf(workflowRef), 17, resultOf("x"));

    expect(machine.records).toHaveLength(records);
  });
});

describe("what is submitted to a key", () => {
  test("is one after the other for exclusive handlers", async () => {
    await callers.submit(keyed);
    const second = await callers.submit(keyed);

    const tables = running.store.partition(partitionOfInvocationId(second.invocationId));
    const runId = findRun(tables, second.invocationId) ?? "";
    expect(tables.invocations.get(runId)?.status).toBe(InvocationStatus.INBOXED);
  });
});
