import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  object,
  service,
  startedAdmin,
  startedEndpoint,
  workflow,
  type Admin,
  type Endpoint,
} from "./admin.fixture.js";

let admin: Admin;
let endpoint: Endpoint;
const offered = [
  service("Greeter", { name: "greet", input: { contentType: "text/*", required: true } }),
  object("Counter", { name: "add" }),
  workflow("Signup", { name: "click", options: { journalRetentionMs: 0n } }),
];

beforeAll(async () => {
  [admin, endpoint] = await Promise.all([
    startedAdmin({ "max-journal-retention": "2d" }),
    startedEndpoint(...offered),
  ]);
});
beforeEach(async () => {
  const body = { uri: endpoint.url, force: true };
  await admin.ask("POST", "/deployments", body);
});
afterAll(async () => {
  await Promise.all([admin.close(), endpoint.close()]);
});

test("services are listed and shown, with their handlers", async () => {
  const list = await admin.ask("GET", "/services");
  const one = await admin.ask("GET", "/v3/services/Counter");
  const handlers = await admin.ask("GET", "/services/Signup/handlers");
  const handler = await admin.ask("GET", "/services/Greeter/handlers/greet");
  const unknown = await admin.ask("GET", "/services/Greeter/handlers/none");

  expect(list.json.services.map(({ name, ty }: any) => [name, ty])).toEqual([
    ["Greeter", "Service"],
    ["Counter", "VirtualObject"],
    ["Signup", "Workflow"],
  ]);
  expect(one.json).toEqual(list.json.services[1]);
  expect(handlers.json.handlers.map(({ name, ty }: any) => [name, ty])).toEqual([
    ["run", "Workflow"],
    ["click", "Shared"],
  ]);
  expect(handler.json).toMatchObject({
    name: "greet",
    input_description: "value of content-type 'text/*'",
  });
  expect(unknown).toMatchObject({ status: 404, json: { errorCode: "PDR4025" } });
});

test("each service has a description of its own", async () => {
  const answer = await admin.ask("GET", "/services/Greeter/openapi");

  expect(answer).toMatchObject({ status: 200, json: { openapi: "3.1.0" } });
});

describe("patching a service", () => {
  test("changes the options of its newest revision until it is registered anew", async () => {
    const patched = await admin.ask("PATCH", "/services/Signup", {
      public: false,
      idempotency_retention: "2h",
      workflow_completion_retention: "P3D",
      journal_retention: "90m",
      inactivity_timeout: "PT2M",
      abort_timeout: null,
    });
    const shown = await admin.ask("GET", "/services/Signup");
    await admin.ask("POST", "/deployments", { uri: endpoint.url, force: true });
    const anew = await admin.ask("GET", "/services/Signup");

    expect(patched).toMatchObject({
      status: 200,
      json: {
        public: false,
        idempotency_retention: "2h",
        workflow_completion_retention: "3d",
        journal_retention: "1h 30m",
        inactivity_timeout: "2m",
        abort_timeout: "10m",
      },
    });
    expect(shown.json).toEqual(patched.json);
    expect(anew.json).toMatchObject({ public: true, workflow_completion_retention: "1d" });
  });

  test("keeps what is not named, and holds for those who call it", async () => {
    await admin.ask("PATCH", "/services/Greeter", { inactivity_timeout: "5s" });
    await admin.ask("PATCH", "/services/Greeter", { public: false });

    const { json } = await admin.ask("GET", "/services/Greeter");
    const call = await fetch(`${admin.server.ingressUrl}/Greeter/greet`, { method: "POST" });

    expect(json).toMatchObject({ inactivity_timeout: "5s", public: false });
    expect(call.status).toBe(400);
  });

  test("is there after a restart", async () => {
    await admin.ask("PATCH", "/services/Counter", { abort_timeout: "7s" });

    await admin.restart();

    expect((await admin.ask("GET", "/services/Counter")).json.abort_timeout).toBe("7s");
  });

  test.each([
    ["Greeter", { workflow_completion_retention: "1h" }, 400, "PDR4214", "workflow retention"],
    ["Signup", { journal_retention: "soon" }, 400, "PDR4002", '"journal_retention"'],
    ["Signup", { abort_timeout: 5 }, 400, "PDR4002", '"abort_timeout"'],
    ["Signup", { public: "yes" }, 400, "PDR4002", '"public"'],
    ["Signup", [], 400, "PDR4001", "object"],
    ["None", { public: true }, 404, "PDR4024", "None"],
  ])("%s with %j is %d", async (name, body, status, errorCode, said) => {
    const answer = await admin.ask("PATCH", `/services/${name}`, body);

    expect(answer).toMatchObject({ status, json: { errorCode } });
    expect(answer.json.message).toContain(said);
  });

  test("a retention above the server's maximum is cut, and that is told", async () => {
    const { json } = await admin.ask("PATCH", "/services/Greeter", { journal_retention: "5d" });

    expect(json.journal_retention).toBe("2d");
    expect(json.info).toEqual([{ code: "RT0022", message: expect.stringContaining("5d") }]);
  });
});
