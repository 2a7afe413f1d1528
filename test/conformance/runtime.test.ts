// 11.3: what the server promises to those who run it: completion over HTTP, limits, idempotency, private services,
// journals, restarts, scopes, state from outside.

import { randomUUID } from "node:crypto";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { answerWithin } from "../harness/http.js";
import { until } from "../harness/until.js";
import { bytesOf, inEveryMode } from "./modes.js";

const files = [
  "awakeable-holder",
  "counter",
  "held",
  "proxy",
  "restarted",
  "test-utils",
  "waiting",
];

inEveryMode(useBed("after all"), files, (stage) => {
  const withKey = (key: string) => ({ headers: { "idempotency-key": key } });
  const patchService = async (name: string, body: object): Promise<void> => {
    const options = { method: "PATCH", json: body };
    expect((await stage().server.admin.send(`/services/${name}`, options)).status).toBe(200);
  };

  /** A handler that waits for an awakeable, and its id. */
  async function waiting(): Promise<{ key: string; id: string; awakeableId: string }> {
    const key = randomUUID();
    const id = await stage().id(`Waiting/${key}/untilCompleted`);
    const awakeableId = await until("the awakeable is held", async () => {
      const { json } = await stage().call(`AwakeableHolder/${key}/heldId`);
      return typeof json === "string" ? json : undefined;
    });
    return { key, id, awakeableId };
  }

  test("11.3 R1 AwakeableIngressEndpointTest.completeWithSuccess: the handler gets the value", async () => {
    const { id, awakeableId } = await waiting();

    const { status } = await stage().server.ingress.post(
      `/restate/awakeables/${awakeableId}/resolve`,
      "solution",
    );

    expect(status).toBe(202);
    expect((await stage().attach(id)).json).toBe("solution");
  });

  test("11.3 R2 AwakeableIngressEndpointTest.completeWithFailure: the handler fails with the reason", async () => {
    const { id, awakeableId } = await waiting();

    const { status } = await stage().server.ingress.send(`/restate/a/${awakeableId}/reject`, {
      body: "my bad!",
      headers: { "content-type": "text/plain" },
    });
    const end = await stage().attach(id);

    expect(status).toBe(202);
    expect(end).toMatchObject({ status: 500, json: { message: "my bad!" } });
  });

  test("11.3 R20 ConcurrencyLimitTest.concurrencyLimitIsRespected: one that ends admits the next", async () => {
    const { gates, server } = stage();
    const scope = `s${randomUUID().slice(0, 8)}`;
    await server.admin.send("/limits/rules", {
      method: "PUT",
      json: [{ pattern: scope, limits: { concurrency: 2 } }],
    });
    const names = [1, 2, 3, 4].map((at) => `${scope}/${at}`);
    for (const gate of names) gates.shut(gate);
    const stages = async (ids: string[]): Promise<string[]> =>
      Promise.all(
        ids.map(async (id) => (await server.ingress.get(`/restate/status/${id}`)).json.stage),
      );

    const ids: string[] = [];
    for (const gate of names) {
      const body = { group: scope, gate };
      const path = `/restate/scope/${scope}/send/Held/hold`;
      const { json } = await server.ingress.post(path, body, withKey(gate));
      ids.push(json.invocationId);
    }
    const reached = () => names.filter((gate) => gates.count(gate) > 0);
    await until("two are held", () => reached().length === 2);
    const atFirst = await stages(ids);
    const [first = ""] = reached();
    gates.open(first);
    await until("the next is admitted", () => reached().length === 3);
    const then = await stages(ids);
    for (const gate of names) gates.open(gate);
    const ends = await Promise.all(ids.map((id) => stage().attach(id)));

    expect(atFirst.sort()).toEqual(["created", "created", "started", "started"]);
    expect(then.sort()).toEqual(["completed", "created", "started", "started"]);
    expect(ends.map(({ json }) => json)).toEqual(names);
    expect(gates.notes(`${scope}/active`).every((active) => Number(active) <= 2)).toBe(true);
  });

  test("11.3 R21 IngressTest.idempotentInvokeVirtualObject: the result is kept, for its time", async () => {
    const [key, path] = [randomUUID(), `Counter/${randomUUID()}/add`];
    await patchService("Counter", { idempotency_retention: "2s" });

    const first = await stage().call(path, 2, withKey(key));
    const second = await stage().call(path, 2, withKey(key));
    const later = await until("the result is not kept any more", async () => {
      const { json } = await stage().call(path, 2, withKey(key));
      return json.newValue === 2 ? undefined : json;
    });
    await patchService("Counter", { idempotency_retention: "1d" });

    expect([first.json, second.json]).toEqual(Array(2).fill({ oldValue: 0, newValue: 2 }));
    expect(second.headers.get("x-restate-id")).toBe(first.headers.get("x-restate-id"));
    expect(later).toEqual({ oldValue: 2, newValue: 4 });
  });

  test("11.3 R22 IngressTest.idempotentInvokeService: two calls of a caller are one, its effect too", async () => {
    const counter = randomUUID();
    const adding = {
      serviceName: "Counter",
      virtualObjectKey: counter,
      handlerName: "add",
      message: bytesOf(2),
    };
    const key = withKey(randomUUID());

    const first = await stage().call("Proxy/call", adding, key);
    const second = await stage().call("Proxy/call", adding, key);
    const direct = await stage().call(`Counter/${counter}/add`, 2);

    expect(first.status).toBe(200);
    expect(second.json).toEqual(first.json);
    expect(direct.json).toEqual({ oldValue: 2, newValue: 4 });
  });

  test("11.3 R23 IngressTest.idempotentInvokeSend: the second is told that it was accepted before", async () => {
    const [key, path] = [randomUUID(), `Counter/${randomUUID()}/add`];

    const first = await stage().send(path, 2, withKey(key));
    const second = await stage().send(path, 2, withKey(key));

    expect(first).toMatchObject({ status: 202, json: { status: "Accepted" } });
    expect(first.json.invocationId).toMatch(/^inv_1/);
    expect(second.json).toEqual({ ...first.json, status: "PreviouslyAccepted" });
  });

  test("11.3 R24 IngressTest.idempotentSendThenAttachWIthIdempotencyKey: both wait for the result", async () => {
    const [idempotencyKey, key] = [randomUUID(), randomUUID()];
    const path = `Waiting/${key}/untilCompleted`;
    const results = `/restate/invocation/${path}/${idempotencyKey}`;
    await stage().send(path, undefined, withKey(idempotencyKey));
    await until("it waits", async () => {
      return (await stage().call(`AwakeableHolder/${key}/hasAwakeable`)).json === true;
    });

    const early = await stage().server.ingress.get(`${results}/output`);
    const attached = stage().server.ingress.get(`${results}/attach`);
    const pending = await answerWithin(100, attached);
    await stage().call(`AwakeableHolder/${key}/unlock`, "unlocked");

    expect(early.status).toBe(470);
    expect(pending).toBeUndefined();
    expect((await attached).json).toBe("unlocked");
    expect((await stage().server.ingress.get(`${results}/output`)).json).toBe("unlocked");
  });

  test("11.3 R25 IngressTest.privateService: is called by services alone, until it is public again", async () => {
    const key = randomUUID();
    const message = bytesOf(1);
    const request = { serviceName: "Counter", virtualObjectKey: key, handlerName: "add", message };

    await patchService("Counter", { public: false });
    const direct = await stage().call(`Counter/${key}/get`);
    const proxied = await stage().call("Proxy/call", request);
    await patchService("Counter", { public: true });
    const again = await stage().call(`Counter/${key}/get`);

    expect(direct.status).toBe(400);
    expect(proxied.status).toBe(200);
    expect(again).toMatchObject({ status: 200, json: 1 });
  });

  test("11.3 R30 JournalRetentionTest.journalShouldBeRetained: input, sleep, its end, output", async () => {
    const id = await stage().id("Sleeper/sleeps");
    await stage().attach(id);

    const { status, json } = await stage().server.admin.get(`/invocations/${id}/journal`);
    const kinds = ["input", "sleep", "completion", "output"];
    const rows = json.entries.map((entry: object) => kinds.find((kind) => kind in entry));

    expect(status).toBe(200);
    expect(rows).toEqual(kinds);
    expect((await stage().detail(id)).status).toBe("completed");
  });

  test("11.3 R36 OpenAPITest.shouldGenerateValidOpenAPI: a validator accepts the document", async () => {
    const names = ["Counter", "TestUtilsService", "AwakeableHolder"];
    const answers = await Promise.all(
      names.map((name) => stage().server.admin.get(`/services/${name}/openapi`)),
    );

    const verdicts = await Promise.all(answers.map(({ json }) => new Validator().validate(json)));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(verdicts.map(({ valid, errors }) => [valid, errors])).toEqual(
      names.map(() => [true, undefined]),
    );
  });

  const restart = async (id: string, query = ""): Promise<string> => {
    const path = `/invocations/${id}/restart-as-new${query}`;
    const { status, json } = await stage().server.admin.send(path, { method: "PATCH" });
    expect(status).toBe(200);
    return String(json.new_invocation_id);
  };

  test("11.3 R39 RestartAsNewInvocationTest.restartCompletedWithTerminalException: runs again with its input", async () => {
    const input = randomUUID();
    const id = await stage().id("Restarted/failsFirst", input);
    const failed = await stage().attach(id);

    const newId = await restart(id);
    const result = await stage().attach(newId);

    expect(failed).toMatchObject({ status: 500, json: { message: `${input} fails` } });
    expect(newId).not.toBe(id);
    expect(result.json).toBe(`${input} from new`);
    const details = await Promise.all([stage().detail(id), stage().detail(newId)]);
    expect(details.map(({ status }) => status)).toEqual(["completed", "completed"]);
    expect(details.map((detail) => detail.completion_result)).toEqual(["failure", "success"]);
  });

  test("11.3 R40 RestartAsNewInvocationTest.restartFromPrefix: the step's result is taken along", async () => {
    const input = randomUUID();
    const id = await stage().id("Restarted/keepsStep", input);
    await stage().attach(id);

    const kept = await stage().attach(await restart(id, "?from=1"));
    const fresh = await stage().attach(await restart(id));

    expect(kept.json).toBe(`${input} from old`);
    expect(fresh.json).toBe(`${input} from new`);
  });

  test("11.3 R41 ScopeIsolationTest.sameIdempotencyKeyAcrossScopesIsolates: two ids, two results", async () => {
    const key = randomUUID();
    const answers = await Promise.all(
      ["one", "two"].map((scope) => {
        const path = `/restate/scope/${scope}/call/TestUtilsService/echo`;
        return stage().server.ingress.post(path, scope, withKey(key));
      }),
    );
    const again = await stage().server.ingress.post(
      "/restate/scope/one/call/TestUtilsService/echo",
      "unheard",
      withKey(key),
    );

    expect(answers.map(({ json }) => json)).toEqual(["one", "two"]);
    expect(new Set(answers.map(({ headers }) => headers.get("x-restate-id"))).size).toBe(2);
    expect(again.json).toBe("one");
  });

  test("11.3 R42 StatePatchingTest.shouldPatchState: the next handler sees what an operator wrote", async () => {
    const key = randomUUID();
    await stage().call(`Counter/${key}/add`, 1);

    const { status } = await stage().server.admin.post("/services/Counter/state", {
      object_key: key,
      new_state: { counter: bytesOf(41) },
    });
    const { json } = await stage().call(`Counter/${key}/add`, 1);

    expect(status).toBe(202);
    expect(json).toEqual({ oldValue: 41, newValue: 42 });
  });
});
