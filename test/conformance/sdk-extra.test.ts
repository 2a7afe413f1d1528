// 11.5: what the TypeScript SDK of the field is tested for beyond the cases of all languages. Hooks, serde previews and
// the clients' retries are tested where they are (inventory.test.ts says where).

import { randomUUID } from "node:crypto";
import { connect, rpc } from "@perdure/clients";
import { describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { until } from "../harness/until.js";
import { marked, overriding, type Said } from "./marked-serde.js";
import { inEveryMode } from "./modes.js";

const files = [
  "explicit-cancellation",
  "memory",
  "promise-combinators",
  "signal-test",
  "test-utils",
  "text-serde",
];

type SerdeHandlers = {
  echo(ctx: unknown, input: Said): Promise<Said>;
  echoOverride(ctx: unknown, input: Said): Promise<Said>;
};
type WaitingHandlers = SerdeHandlers & {
  wait(ctx: unknown, input: Said): Promise<Said>;
};
type RunHandlers = { run(ctx: unknown, input: Said): Promise<Said> };

inEveryMode(useBed("after all"), files, (stage) => {
  const messages = ["err1", "err2"];

  test.each([
    ["11.5 combinators 1: resolve gives its value", "resolved", "hello", "hello"],
    ["11.5 combinators 2: reject throws its error", "rejected", "boom", /boom/],
    ["11.5 combinators 3: all of resolved", "allResolved", ["a", "b"], ["a", "b"]],
    ["11.5 combinators 4: all with one rejected", "allWithOneRejected", "fail at 1", /fail at 1/],
    ["11.5 combinators 5: race of resolved", "raceResolved", ["first", "second"], "first"],
    ["11.5 combinators 6: any passes over a rejection", "anyResolved", ["x", "y"], "x"],
    ["11.5 combinators 7: any of rejected has all errors", "anyRejected", messages, messages],
    [
      "11.5 combinators 8: allSettled of both",
      "settledMixed",
      undefined,
      ["ok", "rejected: no", "ok2"],
    ],
    ["11.5 combinators 9: all and allSettled of nothing", "ofNothing", undefined, [[], []]],
    ["11.5 combinators 10: any of nothing rejects", "anyOfNothing", undefined, 0],
    ["11.5 combinators 11: all with a sleep", "allWithSleep", "instant", ["slept", "instant"]],
    ["11.5 combinators 12: race with a sleep", "raceWithSleep", "instant", "instant"],
    [
      "11.5 combinators 13: allSettled with a sleep and a step",
      "settledWithSleepAndStep",
      undefined,
      ["fulfilled", "fulfilled", "rejected"],
    ],
    ["11.5 combinators 14: nested races", "nestedRaces", undefined, "quick"],
    [
      "11.5 combinators 15: races with shared children",
      "sharedChildren",
      undefined,
      ["one", "one", "one"],
    ],
    ["11.5 combinators 16: orTimeout of a constant", "constInTime", undefined, "in time"],
    ["11.5 combinators 17: orTimeout of race([])", "raceOfNothingTimesOut", undefined, 408],
    ["11.5 combinators 18: map is deterministic", "mapIsDeterministic", undefined, true],
    ["11.5 combinators 19: map runs once", "mapRunsOnce", undefined, 1],
    ["11.5 combinators 20: map mends a failure", "mapMendsFailure", undefined, "mended broken"],
  ] as const)("%s", async (_, handler, input, expected) => {
    const answer = await stage().call(`PromiseCombinators/${handler}`, input);

    if (expected instanceof RegExp) {
      expect(answer.status).toBe(500);
      expect(answer.json.message).toMatch(expected);
    } else {
      expect(answer).toMatchObject({ status: 200 });
      expect(answer.json).toEqual(expected);
    }
  });

  describe("signals", () => {
    const wait = (name: string): Promise<string> => stage().id("SignalTest/waitForSignal", name);
    const resolve = (invocationId: string, signalName: string, value: unknown) =>
      stage().call("TestUtilsService/resolveSignal", { invocationId, signalName, value });
    const append = (id: string, values: string[]) =>
      stage().call("SignalTest/appendToStream", { id, values });
    const resultOf = async (id: string): Promise<unknown> => (await stage().attach(id)).json;

    test("11.5 signals 1: resolve gives the handler that waits the value", async () => {
      const id = await wait("one");
      await resolve(id, "one", "hello");
      expect(await resultOf(id)).toBe("hello");
    });

    test("11.5 signals 2: reject is a terminal error", async () => {
      const invocationId = await wait("one");
      const body = { invocationId, signalName: "one", reason: "boom" };
      await stage().call("TestUtilsService/rejectSignal", body);
      expect(await stage().attach(invocationId)).toMatchObject({
        status: 500,
        json: { message: "boom" },
      });
    });

    test("11.5 signals 3: a payload may be structured", async () => {
      const id = await wait("one");
      await resolve(id, "one", { key: "k", count: 42, list: [null, { deep: true }] });
      expect(await resultOf(id)).toEqual({ key: "k", count: 42, list: [null, { deep: true }] });
    });

    test("11.5 signals 4: names are independent, whatever comes first", async () => {
      const id = await stage().id("SignalTest/waitForTwo");
      await resolve(id, "b", "b-value");
      await resolve(id, "a", "a-value");
      expect(await resultOf(id)).toEqual({ a: "a-value", b: "b-value" });
    });

    test("11.5 signals 5: the time-out wins where nothing comes", async () => {
      expect((await stage().call("SignalTest/raceSignalVsTimeout", 1)).json).toBe("timeout");
    });

    test("11.5 signals 6: the signal wins where it comes first", async () => {
      const id = await stage().id("SignalTest/raceSignalVsTimeout", 60_000);
      await resolve(id, "go", "fast");
      expect(await resultOf(id)).toBe("fast");
    });

    test("11.5 signals 7: those of one name are a stream", async () => {
      const id = await stage().id("SignalTest/readStream");
      await append(id, ["alpha", "beta", "gamma"]);
      await stage().call("SignalTest/endStream", id);
      expect(await resultOf(id)).toEqual(["alpha", "beta", "gamma"]);
    });

    test("11.5 signals 8: a stream may come in batches", async () => {
      const id = await stage().id("SignalTest/readStream");
      await append(id, ["a", "b"]);
      await append(id, ["c"]);
      await stage().call("SignalTest/endStream", id);
      expect(await resultOf(id)).toEqual(["a", "b", "c"]);
    });

    test("11.5 signals 9: a stream may be empty", async () => {
      const id = await stage().id("SignalTest/readStream");
      await stage().call("SignalTest/endStream", id);
      expect(await resultOf(id)).toEqual([]);
    });
  });

  describe("explicit cancellation", () => {
    const cancel = async (id: string): Promise<void> => {
      const path = `/invocations/${id}/cancel`;
      expect((await stage().server.admin.send(path, { method: "PATCH" })).status).toBe(202);
    };
    const resultOf = async (id: string): Promise<unknown> => (await stage().attach(id)).json;

    test("11.5 explicit cancellation 1: wins a race", async () => {
      const gate = randomUUID();
      const id = await stage().id("ExplicitCancellation/winsRace", gate);
      await stage().gates.reached(gate);

      await cancel(id);

      expect(await resultOf(id)).toBe("cancelled");
    });

    test("11.5 explicit cancellation 2: the second comes after the clean-up of the first", async () => {
      const gate = randomUUID();
      const id = await stage().id("ExplicitCancellation/twice", gate);
      await stage().gates.reached(gate);

      await cancel(id);
      await stage().gates.reached(`${gate}/cleaning`);
      await cancel(id);

      expect(await resultOf(id)).toEqual(["cleaned up", "cancelled again"]);
    });

    test("11.5 explicit cancellation 3: an AbortController aborts several steps", async () => {
      const gate = randomUUID();
      const id = await stage().id("ExplicitCancellation/abortsSteps", gate);
      await stage().gates.reached(gate, 2);

      await cancel(id);

      expect(await resultOf(id)).toEqual(["one aborted", "two aborted"]);
    });

    test.each([
      ["11.5 explicit cancellation 4: cancelPreviousCalls for all", ["cancel"]],
      ["11.5 explicit cancellation 5: cancelPreviousCalls for none", ["leave"]],
      ["11.5 explicit cancellation 6: cancelPreviousCalls for two batches", ["cancel", "cancel"]],
    ] as const)("%s", async (_, batches) => {
      const gate = randomUUID();
      const cancelled = [2, "rejected", "rejected"];
      const id = await stage().id("ExplicitCancellation/cancelsCalls", { gate, batches });

      for (const at of batches.keys()) {
        await Promise.all([1, 2].map((each) => stage().gates.reached(`${gate}/${at}/${each}`)));
        await cancel(id);
      }

      expect(await resultOf(id)).toEqual(
        batches.map((batch) => (batch === "leave" ? "still open" : cancelled)),
      );
    });
  });

  describe("a default serde of the ingress client", () => {
    const client = () => connect({ url: stage().server.ingress.url, serde: marked });
    const name = {
      service: { name: "DefaultSerdeService" },
      object: { name: "DefaultSerdeObject" },
      workflow: { name: "DefaultSerdeWorkflow" },
      override: { name: "OverridingSerdeWorkflow" },
    } as const;
    const both = { input: overriding, output: overriding };
    const once = () => ({ idempotencyKey: randomUUID() });

    test("11.5 ingress default serde 1: is used for calls", async () => {
      const service = client().serviceClient<SerdeHandlers>(name.service);
      const object = client().objectClient<SerdeHandlers>(name.object, randomUUID());

      expect(await service.echo({ value: "a" })).toEqual({ value: "service: a" });
      expect(await object.echo({ value: "b" })).toEqual({ value: "object: b" });
    });

    test("11.5 ingress default serde 2: that of a call wins over it", async () => {
      const service = client().serviceClient<SerdeHandlers>(name.service);
      const object = client().objectClient<SerdeHandlers>(name.object, randomUUID());

      const fromService = await service.echoOverride({ value: "a" }, rpc.opts<Said, Said>(both));
      const fromObject = await object.echoOverride({ value: "b" }, rpc.opts<Said, Said>(both));

      expect(fromService).toEqual({ value: "service override: a" });
      expect(fromObject).toEqual({ value: "object override: b" });
    });

    test("11.5 ingress default serde 3: is used for workflows: submit, attach, output", async () => {
      const workflow = client().workflowClient<RunHandlers>(name.workflow, randomUUID());

      await workflow.workflowSubmit({ value: "a" });

      const result = { value: "workflow: a" };
      expect(await workflow.workflowAttach()).toEqual(result);
      expect(await workflow.workflowOutput()).toMatchObject({ ready: true, result });
    });

    test("11.5 ingress default serde 4: others win over it for workflows", async () => {
      const workflow = client().workflowClient<RunHandlers>(name.override, randomUUID());
      const output = () => rpc.opts<never, Said>({ output: overriding });

      await workflow.workflowSubmit({ value: "a" }, rpc.sendOpts<Said>({ input: overriding }));

      const result = { value: "workflow override: a" };
      expect(await workflow.workflowAttach(output())).toEqual(result);
      expect(await workflow.workflowOutput(output())).toMatchObject({ ready: true, result });
    });

    test("11.5 ingress default serde 5: is used for sends and their results", async () => {
      const ingress = client();
      const service = ingress.serviceSendClient<SerdeHandlers>(name.service);
      const object = ingress.objectSendClient<SerdeHandlers>(name.object, randomUUID());

      const sent = await service.echo({ value: "a" }, rpc.sendOpts<Said>(once()));
      const sentToo = await object.echo({ value: "b" }, rpc.sendOpts<Said>(once()));

      expect(await ingress.result(sent)).toEqual({ value: "service: a" });
      expect(await ingress.result(sentToo)).toEqual({ value: "object: b" });
    });

    test("11.5 ingress default serde 6: others win over it for sends and their results", async () => {
      const ingress = client();
      const service = ingress.serviceSendClient<SerdeHandlers>(name.service);

      const options = rpc.sendOpts<Said>({ ...once(), input: overriding });
      const sent = await service.echoOverride({ value: "a" }, options);

      expect(await ingress.result(sent, overriding)).toEqual({ value: "service override: a" });
    });

    /** Sends to a handler that waits for an awakeable; its id. */
    async function waiting(value: string) {
      const ingress = client();
      const key = randomUUID();
      const sender = ingress.objectSendClient<WaitingHandlers>(name.object, key);
      const sent = await sender.wait({ value }, rpc.sendOpts<Said>(once()));
      const id = await until("it has an awakeable", async () => {
        const { json } = await stage().call(`DefaultSerdeObject/${key}/id`);
        return typeof json === "string" ? json : undefined;
      });
      return { ingress, sent, id };
    }

    test("11.5 ingress default serde 7: is used for awakeables", async () => {
      const { ingress, sent, id } = await waiting("default");

      await ingress.resolveAwakeable(id, { value: "payload" });

      expect(await ingress.result(sent)).toEqual({ value: "payload" });
    });

    test("11.5 ingress default serde 8: others win over it for awakeables", async () => {
      const { ingress, sent, id } = await waiting("override");

      await ingress.resolveAwakeable(id, { value: "payload" }, overriding);

      expect(await ingress.result(sent)).toEqual({ value: "payload" });
    });
  });

  describe("memory", () => {
    const rounds = 3;
    const invocations = 150;

    /** Bytes that the heap of the services has grown by since the first round, for each later invocation. */
    async function growth(work: (at: number) => Promise<unknown>): Promise<number> {
      const sizes: number[] = [];
      for (let round = 0; round < rounds; round++) {
        await Promise.all(Array.from({ length: invocations }, (_, at) => work(at)));
        sizes.push((await stage().call("Memory/heap")).json.bytes as number);
      }
      return ((sizes.at(-1) ?? NaN) - (sizes[0] ?? NaN)) / ((rounds - 1) * invocations);
    }
    const text = "x".repeat(20_000);

    test.each([
      [
        "11.5 memory leaks 1: a service that ends leaves nothing in its process",
        () => stage().server.ingress.post("/restate/call/Memory/work", text),
      ],
      [
        "11.5 memory leaks 2: an object that ends leaves nothing in its process",
        (at: number) =>
          stage().server.ingress.post(`/restate/call/MemoryObject/k${at % 20}/work`, text),
      ],
    ] as const)("%s", async (_, work) => {
      const before = (await stage().call("Memory/heap")).json.collected as number;

      const bytes = await growth(work);
      const after = await until("requests are collected", async () => {
        const { collected } = (await stage().call("Memory/heap")).json;
        return collected - before >= 0.95 * rounds * invocations ? collected : undefined;
      });

      expect(after).toBeGreaterThan(before);
      // Each brought 20 kB with it.
      expect(bytes).toBeLessThan(5_000);
    });
  });
});
