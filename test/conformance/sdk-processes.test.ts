// 11.2: what needs processes to end and come back, or servers and endpoints that are set up in a way of their own.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { EndpointProcess } from "../harness/endpoint-process.js";
import { until } from "../harness/until.js";
import { bytesOf, conformanceServices, inEveryMode } from "./modes.js";

const files = ["counter", "held", "list-object", "non-deterministic", "proxy", "test-utils"];
const sleepMs = 1_000;
const bed = useBed("after all");

inEveryMode(bed, files, (stage, mode) => {
  test.each([
    ["11.2 #25 KillRuntime.startAndKillRuntimeRetainsTheState", "kill"],
    ["11.2 #26 StopRuntime.startAndStopRuntimeRetainsTheState", "terminate"],
  ] as const)("%s: the counter goes on where it was", async (_, end) => {
    const key = randomUUID();
    const { server } = stage();
    const first = await stage().call(`Counter/${key}/add`, 1);

    await server[end]();
    await server.start();
    const second = await stage().call(`Counter/${key}/add`, 2);

    expect(first.json).toEqual({ oldValue: 0, newValue: 1 });
    expect(second.json).toEqual({ oldValue: 1, newValue: 3 });
  });

  test.each([
    ["11.2 #27 NonDeterminismErrors.method: eitherSleepOrCall", "eitherSleepOrCall"],
    ["11.2 #28 NonDeterminismErrors.method: callDifferentMethod", "callDifferentMethod"],
    [
      "11.2 #29 NonDeterminismErrors.method: backgroundInvokeWithDifferentTargets",
      "backgroundInvokeWithDifferentTargets",
    ],
    ["11.2 #30 NonDeterminismErrors.method: setDifferentKey", "setDifferentKey"],
  ])("%s fails at the mismatch, and nothing after it happens", async (_, handler) => {
    const key = randomUUID();

    const answer = await stage().call(`NonDeterministic/${key}/${handler}`);

    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(answer.json).toMatchObject({ source: "invocation" });
    expect(answer.json.message).toMatch(/mismatch/);
    const { json } = await stage().call(`Counter/${key}/add`, 0);
    expect(json).toEqual({ oldValue: 1, newValue: 1 });
  });

  test("11.2 #31 ProxyRequestSigning.requestSigningPass: an endpoint takes what its server has signed", async () => {
    const keyFile = `${bed.directory()}/identity.pem`;
    const { privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
    const flags = { ...mode.flags, "request-identity-key-file": keyFile };
    const server = await bed.startServer({ flags });
    const [, publicKey = ""] = await server.process.waitForOutput(
      /identity key is (publickeyv1_\w+)/,
    );
    const endpoint = await EndpointProcess.start(bed, {
      run: ["test/conformance/signed-endpoint.ts"],
      env: { IDENTITY_KEY: publicKey },
    });
    const uri = `http://127.0.0.1:${endpoint.port}`;

    const refused = await stage().server.tryRegister({ uri });
    await server.register(uri);
    const added = await server.ingress.post("/restate/call/Counter/signed/add", 1);

    expect(refused.status).toBe(400);
    expect(added).toMatchObject({ status: 200, json: { oldValue: 0, newValue: 1 } });
  });

  test("11.2 #32 RunFlush.flush: an attempt sees only steps that an earlier one has recorded", async () => {
    const [server, services] = await Promise.all([
      bed.startServer({ flags: mode.flags }),
      bed.startServices(conformanceServices(["test-utils"])),
    ]);
    await server.tryRegister({ uri: services.url, request_response: true });

    const answer = await server.ingress.post(
      "/restate/call/TestUtilsService/countExecutedSideEffects",
      3,
    );

    expect(answer).toMatchObject({ status: 200, json: 0 });
  });

  test("11.2 #41 ServiceToServiceScopeConcurrency: two of four run at once, and all of them end", async () => {
    const [scope, limitKey, group] = [`scope-${mode.name.replace(" ", "-")}`, "gold", randomUUID()];
    const { gates, server } = stage();
    const rule = await server.admin.send("/limits/rules", {
      method: "PUT",
      json: [{ pattern: `${scope}/${limitKey}`, limits: { concurrency: 2 } }],
    });
    gates.shut(group);

    const ids = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const message = bytesOf({ group, gate: group });
        const target = { serviceName: "Held", handlerName: "hold", message, scope, limitKey };
        const idempotencyKey = randomUUID();
        const { json } = await stage().call("Proxy/oneWayCall", { ...target, idempotencyKey });
        return String(json);
      }),
    );
    await gates.reached(group, 2);
    const stages = await Promise.all(
      ids.map(async (id) => (await server.ingress.get(`/restate/status/${id}`)).json.stage),
    );
    gates.open(group);
    const ends = await Promise.all(ids.map((id) => stage().attach(id)));

    expect(rule.status).toBe(200);
    expect(stages.map(String).sort()).toEqual(["created", "created", "started", "started"]);
    expect(ends.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(gates.count(group)).toBe(4);
    for (const active of gates.notes(`${group}/active`)) expect(Number(active)).toBeLessThan(3);
  });

  test.each([
    ["11.2 #46 SleepWithFailures.sleepAndKillServiceEndpoint", "kill"],
    ["11.2 #47 SleepWithFailures.sleepAndTerminateServiceEndpoint", "terminate"],
  ] as const)("%s: the sleep ends, and not before its time", async (_, end) => {
    const { server, services, servicesOptions } = stage();
    const began = performance.now();
    const id = await stage().id("TestUtilsService/sleepConcurrently", [sleepMs]);
    await until("the sleep is recorded", async () => {
      const { json } = await server.admin.get(`/invocations/${id}/journal`);
      return json.entries.some((entry: object) => "sleep" in entry);
    });

    await services[end]();
    await services.start(servicesOptions);
    const answer = await stage().attach(id);

    expect(answer.status).toBe(200);
    expect(performance.now() - began).toBeGreaterThanOrEqual(sleepMs);
  });
});
