import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { ProtocolMode } from "@perdure/proto/protocol/v1/deployment";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  object,
  service,
  startedAdmin,
  startedEndpoint,
  workflow,
  type Admin,
  type Asked,
  type Endpoint,
  type OfferedService,
} from "./admin.fixture.js";

let admin: Admin;
const endpoints: Endpoint[] = [];

beforeAll(async () => {
  admin = await startedAdmin();
});
afterAll(async () => {
  await admin.close();
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
});

async function endpointOf(...offered: OfferedService[]): Promise<Endpoint> {
  const endpoint = await startedEndpoint(...offered);
  endpoints.push(endpoint);
  return endpoint;
}

function register(uri: string, options: object = {}): Promise<Asked> {
  return admin.ask("POST", "/deployments", { uri, ...options });
}

async function registered(endpoint: Endpoint, options: object = {}): Promise<string> {
  const answer = await register(endpoint.url, options);
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.json.id;
}

async function serviceOf(name: string): Promise<any> {
  return (await admin.ask("GET", `/services/${name}`)).json;
}

async function useOf(id: string): Promise<any> {
  const { json } = await admin.ask("GET", "/deployments?include=status");
  return json.deployments.find((deployment: any) => deployment.id === id);
}

let names = 0;
const newName = (): string => `Service${++names}`;

describe("registering", () => {
  test("the same address again asks nobody; force asks again and raises the revisions", async () => {
    const name = newName();
    const endpoint = await endpointOf(service(name, { name: "a" }));

    const answers = [
      await register(endpoint.url),
      await register(endpoint.url),
      await register(endpoint.url, { force: true }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200]);
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect(answers.map(({ json }) => json.services[0].revision)).toEqual([1, 1, 2]);
    expect(endpoint.asked).toHaveLength(2);
  });

  test("the same address twice at the same time registers it once", async () => {
    const endpoint = await endpointOf(service(newName(), { name: "a" }));

    const answers = await Promise.all([register(endpoint.url), register(endpoint.url)]);

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 201]));
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
  });

  test("an endpoint that does not answer holds up no rule", async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const asked = once(silent, "connection") as Promise<[Socket]>;
    const registering = register(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const [socket] = await asked;

    const rule = await admin.ask("PUT", "/limits/rules", [{ pattern: "meanwhile" }]);
    silent.close();
    socket.destroy();

    expect(rule.status).toBe(200);
    expect(await registering).toMatchObject({ status: 500, json: { restate_code: "META0003" } });
  });

  test("a dry run says what would be, and changes nothing", async () => {
    const name = newName();
    const endpoint = await endpointOf(service(name, { name: "a" }));

    const answer = await register(endpoint.url, { dry_run: true });

    expect(answer).toMatchObject({ status: 201, json: { services: [{ name, revision: 1 }] } });
    expect(answer.headers.has("location")).toBe(false);
    expect((await admin.ask("GET", `/services/${name}`)).status).toBe(404);
  });

  test("a service never changes its type, not even by force in its own place", async () => {
    const name = newName();
    const endpoint = await endpointOf(service(name, { name: "a" }));
    await registered(endpoint);
    const other = await endpointOf(object(name, { name: "a" }));
    endpoint.offered = other.offered;

    const answers = [
      await register(other.url),
      await register(endpoint.url, { force: true }),
      await register(endpoint.url, { force: true, breaking: true }),
    ];

    for (const { status, json } of answers) {
      expect([status, json.restate_code, json.errorCode]).toEqual([409, "META0006", "PDR4206"]);
    }
    expect((await serviceOf(name)).ty).toBe("Service");
  });

  test("what callers will notice is told, and refused where it is strict", async () => {
    const name = newName();
    const schema = (jsonSchema: string): object => ({
      name: "a",
      input: { contentType: "application/json", jsonSchema },
    });
    await registered(await endpointOf(service(name, schema('{"type":"string"}'), { name: "b" })));
    const next = await endpointOf(service(name, schema('{"type":"number"}'), { name: "c" }));

    const strict = await register(next.url, { strict: true });
    const before = (await serviceOf(name)).revision;
    const lenient = await register(next.url);

    expect(strict).toMatchObject({ status: 409, json: { errorCode: "PDR4207" } });
    expect(strict.json.message).toMatch(new RegExp(`${name}/a.*schema.*${name}/b is not offered`));
    expect(before).toBe(1);
    expect(lenient.status).toBe(201);
    expect(lenient.json.info).toEqual([
      { message: `the input of ${name}/a changed its JSON schema`, code: "PDR4207" },
      { message: `handler ${name}/b is not offered any more`, code: "PDR4207" },
    ]);
  });

  test("every difference to what new work runs on is told, with whom it breaks", async () => {
    const [name, fresh] = [newName(), newName()];
    const schema = (jsonSchema: string): object => ({
      name: "a",
      input: { contentType: "application/json", jsonSchema },
    });
    await registered(await endpointOf(service(name, schema('{"type":"string"}'), { name: "b" })));
    const next = await endpointOf(
      service(name, schema('{"type":"number"}'), { name: "b" }, { name: "c" }),
      service(fresh, { name: "a" }),
    );

    const { json } = await register(next.url, { dry_run: true });
    const harmless = { breaks_callers: false, breaks_running: false };

    expect(json.manifest_changes).toEqual([
      {
        ...harmless,
        kind: "added",
        service: fresh,
        text: `service ${fresh} is new, with 1 handler`,
      },
      {
        ...harmless,
        kind: "changed",
        breaks_callers: true,
        service: name,
        handler: "a",
        text: `input of ${name}/a was a string and is a number now`,
      },
      {
        ...harmless,
        kind: "added",
        service: name,
        handler: "c",
        text: `handler ${name}/c is new`,
      },
    ]);
  });

  test("what the deployment alone offered in whose place another comes is gone", async () => {
    const [stays, goes] = [newName(), newName()];
    const endpoint = await endpointOf(service(stays, { name: "a" }), service(goes, { name: "a" }));
    await registered(endpoint);
    endpoint.offered = endpoint.offered.slice(0, 1);

    const { json } = await register(endpoint.url, { force: true });

    expect(json.manifest_changes).toEqual([
      {
        kind: "removed",
        breaks_callers: true,
        breaks_running: true,
        service: goes,
        text: `service ${goes} is not offered any more`,
      },
    ]);
  });

  test("a manifest of codegen adds what the endpoint does not say, and stays with the deployment", async () => {
    const name = newName();
    const endpoint = await endpointOf(service(name, { name: "a" }));
    const handler = {
      name: "a",
      kind: "HANDLER_KIND_SHARED",
      documentation: "Does a.",
      steps: { steps: [{ operation: "run", name: "x" }], complete: true },
      ofANewerRelease: 1,
    };
    const manifest = {
      services: [{ name, kind: "SERVICE_KIND_SERVICE", handlers: [handler] }],
      contentHash: "sha256:1",
      generator: "codegen 1",
    };

    const id = await registered(endpoint, { manifest });
    await admin.ask("PATCH", `/services/${name}`, { public: false });
    await admin.restart();
    const { json: kept } = await admin.ask("GET", `/deployments/${id}/manifest`);

    expect(kept).toMatchObject({ contentHash: "sha256:1", generator: "codegen 1" });
    expect(kept.services[0]).toMatchObject({ name, options: { ingressPrivate: true } });
    expect(kept.services[0].handlers[0].steps.steps).toEqual([{ operation: "run", name: "x" }]);
    const { json: details } = await admin.ask("GET", `/deployments/${id}`);
    expect(details.manifest_hash).toBe("sha256:1");
    expect(details.services[0].handlers[0].documentation).toBe("Does a.");
  });

  test("a manifest of codegen that does not fit is refused with every difference", async () => {
    const name = newName();
    const endpoint = await endpointOf(service(name, { name: "a" }));
    const handlers = [{ name: "b", kind: "HANDLER_KIND_SHARED" }];
    const manifest = { services: [{ name, kind: "SERVICE_KIND_SERVICE", handlers }] };

    const { status, json } = await register(endpoint.url, { manifest });

    expect([status, json.errorCode]).toEqual([400, "PDR4218"]);
    expect(json.message).toContain(
      `handler a of ${name} is not in the manifest; handler b of ${name} is in the manifest and not in the code`,
    );
    expect((await admin.ask("GET", `/services/${name}`)).status).toBe(404);
  });

  test.each([["text"], [{ services: "none" }]])("%j is no manifest", async (manifest) => {
    const { status, json } = await register("http://127.0.0.1:1", { manifest });

    expect([status, json.errorCode]).toEqual([400, "PDR4002"]);
    expect(json.message).toContain("manifest.json");
  });

  test("a deployment without a manifest of codegen has what it said, and no hash", async () => {
    const name = newName();
    const id = await registered(await endpointOf(service(name, { name: "a" })));

    const [kept, details] = await Promise.all([
      admin.ask("GET", `/deployments/${id}/manifest`),
      admin.ask("GET", `/deployments/${id}`),
    ]);

    expect(kept.json.services[0]).toMatchObject({ name, kind: "SERVICE_KIND_SERVICE" });
    expect(details.json).not.toHaveProperty("manifest_hash");
    expect((await admin.ask("GET", "/deployments/dp_none/manifest")).status).toBe(404);
  });

  test("what is only new is fine where it is strict", async () => {
    const name = newName();
    await registered(await endpointOf(service(name, { name: "a" })));
    const next = await endpointOf(service(name, { name: "a" }, { name: "b" }));

    expect((await register(next.url, { strict: true })).status).toBe(201);
  });

  test.each([
    ["as it says", ProtocolMode.SESSION, undefined, "BidiStream"],
    ["as it says", ProtocolMode.REQUEST_RESPONSE, undefined, "RequestResponse"],
    ["as asked", ProtocolMode.SESSION, true, "RequestResponse"],
    ["as asked", ProtocolMode.REQUEST_RESPONSE, false, "BidiStream"],
  ])("it is talked to %s", async (_how, mode, asked, told) => {
    const endpoint = await endpointOf(service(newName(), { name: "a" }));
    endpoint.protocolMode = mode;

    const id = await registered(endpoint, asked === undefined ? {} : { request_response: asked });

    expect((await admin.ask("GET", `/deployments/${id}`)).json).toMatchObject({
      type: "http",
      protocol_type: told,
      http_version: "HTTP/2.0",
    });
  });

  test("a timeout that can't matter is told", async () => {
    const endpoint = await endpointOf({
      name: newName(),
      kind: ServiceKind.SERVICE,
      options: { inactivityTimeoutMs: 5n },
      handlers: [{ name: "a", kind: HandlerKind.SHARED }],
    });

    const answer = await register(endpoint.url, { request_response: true });

    expect(answer.json.services[0].info).toMatchObject([{ code: "RT0021" }]);
  });

  test("its headers are sent when it is asked", async () => {
    const endpoint = await endpointOf(service(newName(), { name: "a" }));

    await registered(endpoint, { additional_headers: { "x-key": "secret" } });

    expect(endpoint.asked[0]?.get("x-key")).toBe("secret");
  });

  test.each<readonly [string, OfferedService]>([
    [
      "public",
      {
        name: "Hidden",
        kind: ServiceKind.SERVICE,
        options: { ingressPrivate: true },
        handlers: [{ name: "shown", kind: HandlerKind.SHARED, options: { ingressPrivate: false } }],
      },
    ],
    [
      "idempotency retention",
      {
        name: "Wf",
        kind: ServiceKind.WORKFLOW,
        handlers: [{ name: "run", kind: HandlerKind.RUN, options: { idempotencyRetentionMs: 1n } }],
      },
    ],
    ["workflow retention", service("Sv", { name: "h", options: { workflowRetentionMs: 1n } })],
  ])("options that contradict each other (%s) are refused", async (said, offered) => {
    const endpoint = await endpointOf(offered);

    const answer = await register(endpoint.url);

    expect(answer).toMatchObject({ status: 400, json: { errorCode: "PDR4203" } });
    expect(answer.json.message).toContain(said);
  });
});

describe("moving a deployment", () => {
  test("changes its address and headers under its id; revisions stay", async () => {
    const name = newName();
    const from = await endpointOf(service(name, { name: "a" }));
    const to = await endpointOf(service(name, { name: "a" }, { name: "b" }));
    const id = await registered(from);

    const answer = await admin.ask("PATCH", `/deployments/${id}`, {
      uri: to.url,
      additional_headers: { "x-key": "new" },
    });

    expect(answer).toMatchObject({
      status: 200,
      json: { id, uri: to.url, additional_headers: { "x-key": "new" } },
    });
    expect(to.asked[0]?.get("x-key")).toBe("new");
    // What it offers is taken over only when asked for.
    expect(answer.json.services[0].handlers).toHaveLength(1);
    expect(answer.json.services[0].revision).toBe(1);
  });

  test("with overwrite takes over what is offered there", async () => {
    const [name, added] = [newName(), newName()];
    const from = await endpointOf(service(name, { name: "a" }));
    const to = await endpointOf(service(name, { name: "b" }), service(added, { name: "c" }));
    const id = await registered(from);

    const answer = await admin.ask("PATCH", `/deployments/${id}`, {
      uri: to.url,
      overwrite: true,
    });

    expect(answer.status).toBe(200);
    const services = answer.json.services.map(({ name: one, revision, handlers }: any) => [
      one,
      revision,
      handlers[0].name,
    ]);
    expect(services).toEqual([
      [name, 1, "b"],
      [added, 1, "c"],
    ]);
    expect((await serviceOf(added)).deployment_id).toBe(id);
  });

  test("as a dry run changes nothing", async () => {
    const name = newName();
    const from = await endpointOf(service(name, { name: "a" }));
    const to = await endpointOf(service(name, { name: "a" }));
    const id = await registered(from);

    const answer = await admin.ask("PATCH", `/deployments/${id}`, { uri: to.url, dry_run: true });

    expect(answer.json.uri).toBe(to.url);
    expect((await admin.ask("GET", `/deployments/${id}`)).json.uri).toBe(from.url);
  });

  test("that got no new work does not become the newest by it", async () => {
    const name = newName();
    const older = await registered(await endpointOf(service(name, { name: "a" })));
    const newer = await registered(await endpointOf(service(name, { name: "a" })));
    const to = await endpointOf(service(name, { name: "a" }));

    const body = { uri: to.url, overwrite: true };
    await admin.ask("PATCH", `/deployments/${older}`, body);

    expect((await serviceOf(name)).deployment_id).toBe(newer);
  });

  test("is refused where another protocol is spoken, or other services are offered", async () => {
    const name = newName();
    const id = await registered(await endpointOf(service(name, { name: "a" })));
    const newer = await endpointOf(service(name, { name: "a" }));
    newer.versions = { min: newer.versions.min, max: 900 };
    const others = await endpointOf(object(name, { name: "a" }));
    const more = await endpointOf(service(name, { name: "a" }), service(newName(), { name: "a" }));
    const nothing = await endpointOf(service(newName(), { name: "a" }));

    for (const { url: uri } of [newer, others, more, nothing]) {
      const { status, json } = await admin.ask("PATCH", `/deployments/${id}`, { uri });
      expect([status, json.restate_code, json.errorCode]).toEqual([400, "META0016", "PDR4209"]);
    }
  });

  test("to the address of another one is refused", async () => {
    const name = newName();
    const taken = await endpointOf(service(name, { name: "a" }));
    const other = await registered(taken);
    const id = await registered(await endpointOf(service(name, { name: "a" })));

    const answer = await admin.ask("PATCH", `/deployments/${id}`, { uri: taken.url });

    expect(answer).toMatchObject({ status: 409, json: { restate_code: "META0004" } });
    expect(answer.json.message).toContain(other);
  });

  test("is a PUT under /v2, and only there", async () => {
    const endpoint = await endpointOf(service(newName(), { name: "a" }));
    const id = await registered(endpoint);
    const body = { additional_headers: { a: "1" } };

    const answers = [
      await admin.ask("PUT", `/v2/deployments/${id}`, body),
      await admin.ask("PUT", `/deployments/${id}`, body),
      await admin.ask("PUT", `/v4/deployments/${id}`, body),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 405, 405]);
  });
});

describe("removing a deployment", () => {
  test("that is the newest of a service is refused, unless forced", async () => {
    const name = newName();
    const id = await registered(await endpointOf(service(name, { name: "a" })));

    const refused = await admin.ask("DELETE", `/deployments/${id}`);
    const forced = await admin.ask("DELETE", `/deployments/${id}?force=true`);
    const again = await admin.ask("DELETE", `/deployments/${id}?force=true`);

    expect(refused).toMatchObject({ status: 409, json: { errorCode: "PDR4210" } });
    expect(refused.json.message).toContain(name);
    expect(forced).toMatchObject({ status: 202, text: "" });
    expect(again.status).toBe(404);
    expect((await admin.ask("GET", `/services/${name}`)).status).toBe(404);
  });

  test("that nothing needs goes; its service falls back to none but the newest", async () => {
    const name = newName();
    const older = await registered(await endpointOf(service(name, { name: "a" })));
    const newer = await registered(await endpointOf(service(name, { name: "a" })));
    const uses = [(await useOf(older)).status, (await useOf(newer)).status];

    const answer = await admin.ask("DELETE", `/deployments/${older}`);

    expect(uses).toEqual(["drained", "active"]);
    expect(answer.status).toBe(202);
    expect((await serviceOf(name)).deployment_id).toBe(newer);
  });

  test("that was the newest lets the one before it be the newest again", async () => {
    const name = newName();
    const older = await registered(await endpointOf(service(name, { name: "a" })));
    const newer = await registered(await endpointOf(service(name, { name: "a" })));

    await admin.ask("DELETE", `/deployments/${newer}?force=true`);

    expect(await serviceOf(name)).toMatchObject({ deployment_id: older, revision: 1 });
  });

  test("with a force that is neither true nor false is refused", async () => {
    const id = await registered(await endpointOf(service(newName(), { name: "a" })));

    const answer = await admin.ask("DELETE", `/deployments/${id}?force=maybe`);

    expect(answer).toMatchObject({ status: 400, json: { errorCode: "PDR4002" } });
  });
});

test("a list without status has none; workflows are listed as others are", async () => {
  const name = newName();
  const id = await registered(await endpointOf(workflow(name)));

  const { json } = await admin.ask("GET", "/deployments");
  const one = json.deployments.find((deployment: any) => deployment.id === id);

  expect(one).toMatchObject({ id, services: [{ name, revision: 1 }] });
  expect(one).not.toHaveProperty("status");
  expect(await useOf(id)).toMatchObject({ status: "active", pinned_invocations: 0 });
});
