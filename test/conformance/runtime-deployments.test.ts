// 11.3: deployments that move to another address or get a successor while work is under way, invocations that are
// paused until their code is mended, and servers whose memory is short.

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess, ServicesProcessOptions } from "../harness/services-process.js";
import { until } from "../harness/until.js";
import { bytesOf, conformanceServices, describeModes, Stage } from "./modes.js";

const bed = useBed("after all");
/** What fails is mended by processes that a test starts meanwhile, however long they take for that. */
const untilMended = { "retry-policy-max-attempts": "unlimited" };

describeModes((mode) => {
  let stage: Stage;
  let deploymentId: string;

  function codeOf(version: string): ServicesProcessOptions {
    const env = { PERDURE_TEST_GATES: stage.gates.url, PERDURE_TEST_VERSION: version };
    return conformanceServices(["upgraded", "awakeable-holder"], env);
  }

  async function register(services: ServicesProcess): Promise<string> {
    return String((await stage.server.register(services.url)).id);
  }

  beforeAll(async () => {
    const gates = await bed.openGates();
    const env = { PERDURE_TEST_GATES: gates.url, PERDURE_TEST_VERSION: "v1" };
    const servicesOptions = conformanceServices(["upgraded", "awakeable-holder"], env);
    const [server, services] = await Promise.all([
      bed.startServer({ flags: { ...mode.flags, ...untilMended } }),
      bed.startServices(servicesOptions),
    ]);
    stage = new Stage({ mode, server, services, servicesOptions, gates });
    deploymentId = await register(services);
  });

  const isHeld = (key: string): Promise<unknown> =>
    until("the awakeable is held", async () => {
      return (await stage.call(`AwakeableHolder/${key}/hasAwakeable`)).json === true;
    });
  const hasFailedTwice = (id: string): Promise<unknown> =>
    until("it was tried twice", async () => {
      const { retry_count: count, last_failure: failure } = await stage.detail(id);
      return count >= 2 && failure?.error_code === "PDR2009";
    });

  describe("an invocation of the old version", () => {
    const key = randomUUID();
    const idempotent = { headers: { "idempotency-key": key } };
    const ids: Record<string, string> = {};
    const begin = async (handler: string): Promise<string> => {
      const path = `Upgraded/${key}-${handler}/${handler}`;
      const { json } = await stage.send(path, undefined, idempotent);
      expect(json.status).toBe("Accepted");
      return (ids[handler] = json.invocationId);
    };
    const resultOf = async (handler: string): Promise<unknown> => {
      const path = `Upgraded/${key}-${handler}/${handler}`;
      const again = await stage.send(path, undefined, idempotent);
      expect(again.json).toEqual({
        status: "PreviouslyAccepted",
        invocationId: ids[handler],
      });
      return (await stage.attach(again.json.invocationId)).json;
    };

    test("11.3 R4 OldVersion.createAwakeable: blocks on an awakeable", async () => {
      const id = await begin("untilCompleted");
      await isHeld(`${key}-untilCompleted`);

      expect((await stage.detail(id)).pinned_deployment_id).toBe(deploymentId);
    });

    test("11.3 R5 OldVersion.startRetryableOperation: is tried", async () => {
      await begin("retryableOperation");

      await stage.gates.reached(`${key}-retryableOperation/tried`, 1);
    });

    test("11.3 R6 OldVersion.startProxyCall: a call of nobody is tried again", async () => {
      await hasFailedTwice(await begin("callsLate"));
    });

    test("11.3 R7 OldVersion.startOneWayProxyCall: so is a send to nobody", async () => {
      await hasFailedTwice(await begin("sendsLate"));
    });

    describe("once its deployment is patched to a new address", () => {
      beforeAll(async () => {
        const [services, late] = await Promise.all([
          bed.startServices(codeOf("v2")),
          bed.startServices(conformanceServices(["late"])),
        ]);
        const { status } = await stage.server.admin.send(`/v2/deployments/${deploymentId}`, {
          method: "PUT",
          json: { uri: services.url },
        });
        if (status !== 200) throw new Error(`the deployment was not patched: ${status}`);
        await stage.services.kill();
        await register(late);
      });

      test("11.3 R8 NewVersion.completeAwakeable: the old awakeable id resolves", async () => {
        await stage.call(`AwakeableHolder/${key}-untilCompleted/unlock`, "unlocked");

        expect(await resultOf("untilCompleted")).toBe("v1, unlocked, v2");
      });

      test("11.3 R9 NewVersion.completeRetryableOperation: the new code does it", async () => {
        expect(await resultOf("retryableOperation")).toBe("done by v2");
      });

      test("11.3 R10 NewVersion.proxyCallShouldBeDone: somebody answers the call", async () => {
        expect(await resultOf("callsLate")).toBe("late");
      });

      test("11.3 R11 NewVersion.proxyOneWayCallShouldBeDone: somebody takes the send", async () => {
        expect(await resultOf("sendsLate")).toBe("Done");
      });
    });
  });

  const resume = async (id: string, deployment: string): Promise<void> => {
    const path = `/invocations/${id}/resume?deployment=${deployment}`;
    expect((await stage.server.admin.send(path, { method: "PATCH" })).status).toBe(200);
  };

  describe("with a first version and its successor", () => {
    let first: ServicesProcess;

    beforeAll(async () => {
      first = await bed.startServices(codeOf("v1"));
      await register(first);
    });

    const paused = async (): Promise<string> => {
      const key = randomUUID();
      const id = await stage.id(`Upgraded/${key}/pausesUntilFixed`);
      await stage.reaches(id, "paused");
      expect(stage.gates.count(`${key}/attempt`)).toBe(10);
      return id;
    };

    test("11.3 R38 PauseResumeTest.pauseAndResumeInvocation: goes on where it is once that is mended", async () => {
      const id = await paused();

      await first.kill();
      await first.start(codeOf("v1 mended"));
      await resume(id, "keep");
      const { json } = await stage.attach(id);
      await first.kill();
      await first.start(codeOf("v1"));

      expect(json).toBe("fixed in v1 mended");
      expect((await stage.detail(id)).status).toBe("completed");
    });

    test("11.3 R37 PauseResumeChangingDeploymentTest.pauseAndResumeInvocation: goes on with the new code", async () => {
      const id = await paused();

      const newId = await register(await bed.startServices(codeOf("v2")));
      await resume(id, newId);

      expect((await stage.attach(id)).json).toBe("fixed in v2");
      expect(await stage.detail(id)).toMatchObject({
        status: "completed",
        pinned_deployment_id: newId,
      });
    });

    test("11.3 R44 UpgradeWithNewInvocation.executesNewInvocationWithLatestServiceRevisions: new calls get the latest", async () => {
      const key = randomUUID();
      const before = await stage.call(`Upgraded/${key}/version`);

      await register(await bed.startServices(codeOf("v3")));
      const after = await stage.call(`Upgraded/${key}/version`);

      expect([before.json, after.json]).toEqual(["v2", "v3"]);
    });

    test("11.3 R45 UpgradeWithInFlightInvocation.inFlightInvocation: the old one ends where it began", async () => {
      const key = randomUUID();
      const id = await stage.id(`Upgraded/${key}/untilCompleted`);
      await isHeld(key);

      await register(await bed.startServices(codeOf("v4")));
      const fresh = await stage.call(`Upgraded/${randomUUID()}/version`);
      await stage.call(`AwakeableHolder/${key}/unlock`, "unlocked");

      expect(fresh.json).toBe("v4");
      expect((await stage.attach(id)).json).toBe("v3, unlocked, v3");
    });
  });

  describe("with 1 MiB for all attempts, and 256 KiB for each", () => {
    const attempts = 50;
    const length = 64 * 1024 - 100;
    let server: ServerProcess;

    beforeAll(async () => {
      const limits = { "attempts-bytes-max": "1MiB", "attempt-bytes-max": "256KiB" };
      // State is sent along, as it is what needs the memory here.
      const flags = { ...mode.flags, ...limits, "eager-state-bytes-max": "1MiB" };
      const [started, services] = await Promise.all([
        bed.startServer({ flags }),
        bed.startServices(conformanceServices(["large"])),
      ]);
      server = started;
      await server.register(services.url);
    });

    const call = (path: string, input?: unknown) =>
      server.ingress.post(`/restate/call/${path}`, input);
    const isPaused = async (path: string, input?: unknown): Promise<unknown> => {
      const { json } = await server.ingress.post(`/restate/send/${path}`, input);
      const id: string = json.invocationId;
      return until(`${path} is paused`, async () => {
        const detail = (await server.admin.get(`/invocations/${id}`)).json;
        return detail.status === "paused" ? detail : undefined;
      });
    };
    const keys = Array.from({ length: attempts }, (_, at) => `large-${at}`);

    test("11.3 R26 InvokerMemoryTest.allInvocationsCompleteUnderMemoryPressure: all inputs are taken", async () => {
      const answers = await Promise.all(keys.map(() => call("Large/length", "x".repeat(length))));

      expect(answers.map(({ json }) => json)).toEqual(keys.map(() => length));
    });

    test("11.3 R27 InvokerMemoryTest.allStatefulInvocationsCompleteUnderMemoryPressure: all states are read", async () => {
      await Promise.all(keys.map((key) => call(`LargeObject/${key}/fill`, length)));

      const answers = await Promise.all(keys.map((key) => call(`LargeObject/${key}/length`)));

      expect(answers.map(({ json }) => json)).toEqual(keys.map(() => length));
    });

    test("11.3 R28 InvokerMemoryTest.invocationPausedWhenRunExceedsMemoryLimit: others go on", async () => {
      const detail = await isPaused("Large/step", 512 * 1024);

      expect(detail).toMatchObject({ last_failure: { error_code: expect.stringMatching(/^PDR/) } });
      expect((await call("Large/step", length)).json).toBe(length);
    });

    test("11.3 R29 InvokerMemoryTest.invocationPausedWhenStateExceedsMemoryLimit: others go on", async () => {
      await server.admin.post("/services/LargeObject/state", {
        object_key: "too large",
        new_state: { text: bytesOf("x".repeat(512 * 1024)) },
      });

      const detail = await isPaused("LargeObject/too%20large/length");

      expect(detail).toMatchObject({ last_failure: { error_code: expect.stringMatching(/^PDR/) } });
      expect((await call("LargeObject/large-0/length")).json).toBe(length);
    });
  });
});
