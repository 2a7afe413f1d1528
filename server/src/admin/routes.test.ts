import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { DeploymentService } from "@perdure/proto/admin/v1/admin";
import {
  ChangeKind,
  HandlerKind,
  ManifestChangeSchema,
  OnMaxAttempts,
  ServiceKind,
} from "@perdure/proto/manifest/v1/manifest";
import { DeploymentSchema } from "@perdure/proto/storage/v1/records";
import type { Deployment } from "@perdure/proto/storage/v1/records";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Port } from "../http/port.js";
import { RegistrationError } from "../registry/registrar.js";
import type { RegisterRequest, Registered, Registrar } from "../registry/registrar.js";
import { createRegistryView } from "../shard/registry-view.js";
import type { Operators } from "../shard/operators.js";
import { startAdmin } from "./start-admin.js";

const notHere = (): Promise<never> => Promise.reject(new Error("not in these tests"));

/** Registers whatever it is given, as one deployment for each address. */
class MemoryRegistrar implements Registrar {
  view = createRegistryView([]);
  refusal: Error | undefined;
  readonly requests: RegisterRequest[] = [];

  async register(request: RegisterRequest): Promise<Registered> {
    this.requests.push(request);
    if (this.refusal !== undefined) throw this.refusal;
    const known = [...this.view.deployments.values()].find(({ uri }) => uri === request.uri);
    if (known !== undefined && !request.force) {
      return { deployment: known, created: false, changes: [], manifestChanges: [] };
    }
    const deployment = deploymentOf(request, known?.id ?? `dp_${this.view.deployments.size + 1}`);
    if (!request.dryRun) {
      this.view = createRegistryView([...this.view.deployments.values(), deployment]);
    }
    const changes = known === undefined ? [] : ["all is new"];
    const manifestChanges = changes.map((text) =>
      create(ManifestChangeSchema, { kind: ChangeKind.ADDED, service: "Greeter", text }),
    );
    return { deployment, created: true, changes, manifestChanges };
  }

  patch = notHere;
  remove = notHere;
  patchService = notHere;
  putRules = notHere;
  deleteRules = notHere;
}

/** There is nothing to operate: what invocations and state do is tested with a real server. */
const operators: Operators = {
  invocation: () => Promise.resolve(undefined),
  journal: () => Promise.resolve(undefined),
  cancel: notHere,
  kill: notHere,
  pause: notHere,
  resume: notHere,
  restartAsNew: notHere,
  purge: notHere,
  purgeJournal: notHere,
  state: notHere,
  patchState: notHere,
  pinnedTo: () => Promise.resolve(0),
};

function deploymentOf(request: RegisterRequest, id: string): Deployment {
  return create(DeploymentSchema, {
    id,
    uri: request.uri,
    createdAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    minProtocolVersion: 1,
    maxProtocolVersion: 1,
    sdkVersion: "perdure-sdk/0.1.0",
    additionalHeaders: { ...request.additionalHeaders },
    metadata: { ...request.metadata },
    revisions: { Signup: 3, Greeter: 1 },
    manifest: {
      services: [
        {
          name: "Signup",
          kind: ServiceKind.WORKFLOW,
          documentation: "Signs up.",
          metadata: { team: "growth" },
          options: {
            workflowRetentionMs: 7n * 86_400_000n,
            inactivityTimeoutMs: 90_000n,
            retryPolicy: { maxAttempts: 3, onMaxAttempts: OnMaxAttempts.KILL },
          },
          handlers: [
            {
              name: "run",
              kind: HandlerKind.RUN,
              input: { contentType: "application/json", required: true, jsonSchema: '{"a":1}' },
              output: { contentType: "application/json" },
            },
            {
              name: "click",
              kind: HandlerKind.SHARED,
              options: { ingressPrivate: true, journalRetentionMs: 0n },
            },
          ],
        },
        { name: "Greeter", kind: ServiceKind.SERVICE, handlers: [{ name: "greet" }] },
      ],
    },
  });
}

let registrar: MemoryRegistrar;
let port: Port;
let isReady: boolean;
beforeEach(async () => {
  registrar = new MemoryRegistrar();
  isReady = true;
  port = await startAdmin({
    registrar,
    operators,
    ready: () => isReady,
    ingressUrl: "http://127.0.0.1:8080",
    host: "127.0.0.1",
    port: 0,
  });
});
afterEach(() => port.close());

const uri = "http://localhost:9080/";

function post(path: string, body: unknown): Promise<Response> {
  return fetch(port.address.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

async function jsonOf(path: string): Promise<unknown> {
  const response = await fetch(port.address.url + path);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  return response.json();
}

describe("registering", () => {
  test.each(["/deployments", "/v3/deployments", "/v4/deployments/"])(
    "at %s is 201 for a new address and 200 for a known one",
    async (path) => {
      const first = await post(path, { uri });
      const second = await post(path, { uri });
      const forced = await post(path, { uri, force: true });

      expect([first.status, second.status, forced.status]).toEqual([201, 200, 200]);
      expect(first.headers.get("location")).toBe("deployments/dp_1");
      const body = (await first.json()) as object;
      expect(body).toMatchObject({
        id: "dp_1",
        min_protocol_version: 1,
        max_protocol_version: 1,
        sdk_version: "perdure-sdk/0.1.0",
        services: [{ name: "Signup", ty: "Workflow", revision: 3 }, { name: "Greeter" }],
      });
      expect(await second.json()).toEqual(body);
    },
  );

  test("at /v2 forces unless told otherwise, and refuses what is known", async () => {
    const first = await post("/v2/deployments", { uri });
    const forced = await post("/v2/deployments", { uri });
    const refused = await post("/v2/deployments", { uri, force: false });

    expect([first.status, forced.status, refused.status]).toEqual([201, 201, 409]);
    expect(registrar.requests.map(({ force }) => force)).toEqual([true, true, false]);
    expect(await refused.json()).toMatchObject({ restate_code: "META0004", errorCode: "PDR4011" });
  });

  test("hands on every member of the body", async () => {
    await post("/deployments", {
      uri,
      force: true,
      dry_run: true,
      additional_headers: { authorization: "Bearer x" },
      metadata: { git: "abc" },
      use_http_11: true,
      request_response: true,
      strict: true,
      breaking: true,
      unknown: 1,
    });

    expect(registrar.requests).toEqual([
      {
        uri,
        force: true,
        dryRun: true,
        additionalHeaders: { authorization: "Bearer x" },
        metadata: { git: "abc" },
        useHttp11: true,
        requestResponse: true,
        strict: true,
      },
    ]);
  });

  test("tells what callers and running work will notice", async () => {
    await post("/deployments", { uri });

    const forced = await post("/deployments", { uri, force: true });

    expect(await forced.json()).toMatchObject({
      info: [{ message: "all is new", code: "PDR4207" }],
      manifest_changes: [
        {
          kind: "added",
          breaks_callers: false,
          breaks_running: false,
          service: "Greeter",
          text: "all is new",
        },
      ],
    });
  });

  test("a dry run stores nothing and names no location", async () => {
    const response = await post("/deployments", { uri, dry_run: true });

    expect(response.headers.has("location")).toBe(false);
    expect(await jsonOf("/deployments")).toEqual({ deployments: [] });
  });

  test("a refusal keeps its codes and its status", async () => {
    registrar.refusal = new RegistrationError("PDR1006", "META0006", 409, "Signup is a workflow");

    const response = await post("/deployments", { uri });

    expect(response.status).toBe(409);
    expect(await response.json()).toEqual({
      message: "Signup is a workflow",
      restate_code: "META0006",
      errorCode: "PDR1006",
    });
  });
});

describe("looking", () => {
  test("a list names services and revisions", async () => {
    await post("/deployments", { uri, metadata: { git: "abc" }, additional_headers: { a: "b" } });

    expect(await jsonOf("/v3/deployments")).toEqual({
      deployments: [
        {
          id: "dp_1",
          type: "http",
          uri,
          protocol_type: "BidiStream",
          http_version: "HTTP/2.0",
          additional_headers: { a: "b" },
          metadata: { git: "abc" },
          created_at: "2026-01-02T03:04:05.678Z",
          min_protocol_version: 1,
          max_protocol_version: 1,
          sdk_version: "perdure-sdk/0.1.0",
          services: [
            { name: "Signup", revision: 3 },
            { name: "Greeter", revision: 1 },
          ],
          info: [],
        },
      ],
    });
  });

  test("one deployment has all that is known of its services", async () => {
    await post("/deployments", { uri });

    const { services } = (await jsonOf("/deployments/dp_1")) as { services: unknown[] };

    expect(services[0]).toEqual({
      name: "Signup",
      ty: "Workflow",
      documentation: "Signs up.",
      metadata: { team: "growth" },
      deployment_id: "dp_1",
      revision: 3,
      public: true,
      idempotency_retention: "1d",
      workflow_completion_retention: "7d",
      journal_retention: "1d",
      inactivity_timeout: "1m 30s",
      abort_timeout: "10m",
      enable_lazy_state: false,
      retry_policy: {
        initial_interval: "500ms",
        exponentiation_factor: 2,
        max_attempts: 3,
        max_interval: "1m",
        on_max_attempts: "Kill",
      },
      info: [],
      handlers: [
        {
          name: "run",
          ty: "Workflow",
          metadata: {},
          public: true,
          input_description: "JSON value of content-type 'application/json'",
          output_description: "value of content-type 'application/json'",
          input_json_schema: { a: 1 },
          retry_policy: {},
          info: [],
        },
        {
          name: "click",
          ty: "Shared",
          metadata: {},
          journal_retention: "0s",
          public: false,
          input_description: "any value",
          output_description: "no content-type",
          retry_policy: {},
          info: [],
        },
      ],
    });
  });

  test("the version says which APIs there are and where the ingress is", async () => {
    expect(await jsonOf("/version")).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      min_admin_api_version: 2,
      max_admin_api_version: 4,
      ingress_endpoint: "http://127.0.0.1:8080",
      features: expect.objectContaining({ vqueues: true }) as unknown,
    });
  });

  test("health is 503 until recovery is complete", async () => {
    expect((await fetch(`${port.address.url}/health`)).status).toBe(200);
    isReady = false;

    for (const path of ["/health", "/deployments", "/deployments/dp_1"]) {
      const response = await fetch(port.address.url + path);
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ errorCode: "PDR4009" });
    }
    expect((await post("/deployments", { uri })).status).toBe(503);
  });
});

describe("what is refused", () => {
  const json = { "content-type": "application/json" };
  type Case = readonly [string, string, number, string, RegExp, RequestInit?];
  const cases: readonly Case[] = [
    ["POST", "/deployments", 400, "PDR4001", /not JSON/, { headers: json, body: "{" }],
    ["POST", "/deployments", 400, "PDR4001", /not JSON/, { headers: json }],
    ["POST", "/deployments", 400, "PDR4001", /object/, { headers: json, body: "[]" }],
    ["POST", "/deployments", 400, "PDR4002", /"uri" is missing/, { headers: json, body: "{}" }],
    [
      "POST",
      "/deployments",
      400,
      "PDR4002",
      /got "localhost:9080"/,
      { headers: json, body: '{"uri":"localhost:9080"}' },
    ],
    [
      "POST",
      "/deployments",
      400,
      "PDR4002",
      /"force"/,
      { headers: json, body: '{"uri":"http://a","force":1}' },
    ],
    [
      "POST",
      "/deployments",
      400,
      "PDR4002",
      /"metadata"/,
      { headers: json, body: '{"uri":"http://a","metadata":{"a":1}}' },
    ],
    [
      "POST",
      "/deployments",
      400,
      "PDR4002",
      /"a b"/,
      { headers: json, body: '{"uri":"http://a","additional_headers":{"a b":"1"}}' },
    ],
    [
      "POST",
      "/deployments",
      400,
      "PDR4002",
      /header "a"/,
      { headers: json, body: '{"uri":"http://a","additional_headers":{"a":"1\\n2"}}' },
    ],
    ["GET", "/", 501, "PDR4010", /web page/],
    ["GET", "/ui/", 501, "PDR4010", /web page/],
    ["GET", "/cluster-health", 404, "PDR4003", /cluster-health/],
    ["GET", "/nothing", 404, "PDR4003", /\/nothing/],
    ["GET", "/deployments/a/b", 404, "PDR4003", /\/deployments\/a\/b/],
    ["POST", "/perdure.admin.v1.DeploymentService/X", 404, "PDR4003", /X/],
    ["PUT", "/deployments", 405, "PDR4004", /PUT/],
    ["POST", "/deployments/dp_1", 405, "PDR4004", /POST/],
    ["POST", "/health", 405, "PDR4004", /POST/],
    ["POST", "/version", 405, "PDR4004", /POST/],
    [
      "POST",
      "/deployments",
      413,
      "PDR4005",
      /larger/,
      { headers: json, body: " ".repeat(8 * 1024 * 1024 + 1) },
    ],
    ["GET", "/deployments/dp_9", 404, "PDR4006", /"dp_9" not found/],
    ["GET", "/v1/deployments", 400, "PDR4007", /v2 to v4/],
    ["GET", "/v5/health", 400, "PDR4007", /v5/],
    ["POST", "/deployments", 415, "PDR4008", /application\/json/, { body: '{"uri":"http://a"}' }],
    ["POST", "/query", 501, "PDR4010", /SQL/],
    ["GET", "/subscriptions", 501, "PDR4010", /Kafka/],
    ["DELETE", "/v3/subscriptions/sub_1", 501, "PDR4010", /Kafka/],
    ["PATCH", "/kafka-clusters/main", 501, "PDR4010", /Kafka/],
    ["POST", "/internal/services/S/serdes/decode/json", 501, "PDR4010", /decoded/],
    ["POST", "/internal/unknown", 404, "PDR4003", /unknown/],
    ["DELETE", "/deployments/dp_9", 404, "PDR4006", /"dp_9" not found/],
    ["PUT", "/deployments/dp_9", 405, "PDR4004", /GET, PATCH, DELETE/],
    ["PUT", "/v2/deployments/dp_9", 404, "PDR4006", /dp_9/, { headers: json, body: "{}" }],
    ["GET", "/deployments?include=all", 400, "PDR4002", /"include".*"all"/],
    ["GET", "/deployments/%ff", 400, "PDR4002", /%ff/],
    ["GET", "/services/None", 404, "PDR4024", /"None" not found/],
    ["PATCH", "/services/None", 404, "PDR4024", /"None"/, { headers: json, body: "{}" }],
    ["GET", "/services/None/openapi", 404, "PDR4024", /"None"/],
    ["GET", "/services/None/handlers", 404, "PDR4024", /"None"/],
    ["GET", "/services/None/handlers/h", 404, "PDR4024", /"None"/],
    ["GET", "/invocations/inv_1x", 400, "PDR4016", /"inv_1x"/],
    ["GET", `/invocations/inv_1${"0".repeat(33)}`, 404, "PDR4013", /not found/],
    ["GET", `/invocations/inv_1${"0".repeat(33)}/journal`, 404, "PDR4013", /not found/],
    [
      "POST",
      "/deployments",
      501,
      "PDR4010",
      /"arn"/,
      { headers: json, body: '{"arn":"arn:aws:lambda"}' },
    ],
  ];

  test.each(cases.map(([a, b, c, d, e, init = {}]) => [a, b, c, d, e, init] as const))(
    "%s %s is %i with code %s",
    async (method, path, status, code, message, init) => {
      const response = await fetch(port.address.url + path, { method, ...init });

      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({
        message: expect.stringMatching(message) as string,
        restate_code: null,
        errorCode: code,
      });
      expect(response.headers.has("allow")).toBe(status === 405);
      expect(registrar.requests).toHaveLength(0);
    },
  );
});

describe.each<readonly [string, (baseUrl: string) => Transport]>([
  ["Connect", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })],
  ["gRPC", (baseUrl) => createGrpcTransport({ baseUrl })],
  ["gRPC-Web", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" })],
])("over %s", (_name, transportTo) => {
  test("deployments are registered, listed and looked at", async () => {
    const client = createClient(DeploymentService, transportTo(port.address.url));

    const { deployment, created } = await client.registerDeployment({ uri, metadata: { a: "b" } });
    const again = await client.registerDeployment({ uri });
    const { deployments } = await client.listDeployments({});
    const found = await client.getDeployment({ id: "dp_1" });

    expect(created).toBe(true);
    expect(again.created).toBe(false);
    expect(deployment).toMatchObject({
      id: "dp_1",
      uri,
      createdAtMs: BigInt(Date.UTC(2026, 0, 2, 3, 4, 5, 678)),
      metadata: { a: "b" },
      services: [{ revision: 3, service: { name: "Signup" } }, { revision: 1 }],
    });
    expect(deployments).toEqual([deployment]);
    expect(found.deployment).toEqual(deployment);
  });

  test("everything that a registration can ask for is handed on", async () => {
    const client = createClient(DeploymentService, transportTo(port.address.url));
    const manifest = { contentHash: "sha256:1" };
    const options = {
      strict: true,
      useHttp11: true,
      requestResponse: false,
      force: true,
      manifest,
    };

    await client.registerDeployment({ uri });
    const { changes, manifestChanges } = await client.registerDeployment({ uri, ...options });

    expect(registrar.requests[0]?.requestResponse).toBeUndefined();
    expect(registrar.requests[1]).toMatchObject(options);
    expect(changes).toEqual(["all is new"]);
    expect(manifestChanges).toMatchObject([{ kind: ChangeKind.ADDED, text: "all is new" }]);
  });

  test("errors keep their codes", async () => {
    const client = createClient(DeploymentService, transportTo(port.address.url));
    const errorOf = async (answer: Promise<unknown>): Promise<ConnectError> => {
      const [result] = await Promise.allSettled([answer]);
      if (result.status === "fulfilled") expect.unreachable();
      return ConnectError.from(result.reason);
    };

    const unknown = await errorOf(client.getDeployment({ id: "dp_9" }));
    const badUri = await errorOf(client.registerDeployment({ uri: "x" }));
    registrar.refusal = new RegistrationError("PDR1006", "META0006", 409, "Signup is a workflow");
    const refused = await errorOf(client.registerDeployment({ uri }));
    isReady = false;
    const recovering = await errorOf(client.listDeployments({}));

    expect([unknown, badUri, refused, recovering].map((error) => error.code)).toEqual([
      Code.NotFound,
      Code.InvalidArgument,
      Code.FailedPrecondition,
      Code.Unavailable,
    ]);
    expect(
      [unknown, badUri, refused, recovering].map((error) =>
        error.metadata.get("x-perdure-error-code"),
      ),
    ).toEqual(["PDR4006", "PDR4002", "PDR1006", "PDR4009"]);
    expect(refused.metadata.get("x-restate-error-code")).toBe("META0006");
  });
});
