// Endpoints of all kinds, driven by a real server: each example of examples/endpoints in its framework or behind a
// stand-in of its platform, asked request by request; and what travels between the two: identity, TLS, headers.

import { execFileSync, spawnSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { EndpointProcess } from "../harness/endpoint-process.js";
import type { Gates } from "../harness/gate.js";
import type { Http } from "../harness/http.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { until } from "../harness/until.js";

const bed = useBed("after all");

const uuid = /^[\da-f-]{36}$/;
let orders = 0;

/** A workflow that has a payment and waits for its approval. */
async function startOrder(ingress: Http): Promise<{ path: string; payment: unknown }> {
  const path = `Order/order-${++orders}`;
  const sent = await ingress.post(`/restate/send/${path}/run`, "teapot");
  expect(sent.status).toBe(202);
  let payment: unknown;
  await until(`${path} has a payment`, async () => {
    const answer = await ingress.post(`/restate/call/${path}/payment`);
    payment = answer.json;
    return answer.status === 200 && payment !== null;
  });
  expect(payment).toMatch(uuid);
  return { path, payment };
}

describe("a workflow with a call, steps, a sleep and a durable promise runs", () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await bed.startServer();
  });

  test.each([
    ["in Express", ["examples/endpoints/src/express.ts"]],
    ["in Fastify", ["examples/endpoints/src/fastify.ts"]],
    ["in Hono", ["examples/endpoints/src/hono.ts"]],
    ["in a fetch handler", ["examples/endpoints/src/local.ts", "route"]],
    ["in a Worker", ["examples/endpoints/src/local.ts", "worker"]],
    ["in a Lambda function", ["examples/endpoints/src/local.ts", "lambda"]],
  ] as const)("%s", async (_, run) => {
    const endpoint = await EndpointProcess.start(bed, { run });
    const uri = `http://127.0.0.1:${endpoint.port}/perdure`;

    // Nobody says that it speaks HTTP/1.1 and takes requests alone: it is found out.
    const { id } = await server.register(uri);
    const { json: deployment } = await server.admin.get(`/deployments/${id}`);
    expect(deployment).toMatchObject({
      protocol_type: "RequestResponse",
      http_version: "HTTP/1.1",
    });

    const { path, payment } = await startOrder(server.ingress);
    const approved = await server.ingress.post(`/restate/call/${path}/approve`);
    expect(approved.status).toBe(200);
    const result = await server.ingress.get(`/restate/workflow/${path}/attach`);
    expect(result.json).toEqual({ item: "teapot", price: 60, payment, parcel: expect.any(String) });
    await endpoint.kill();
  });

  test("to its end when its endpoint is killed and comes back, and no step twice", async () => {
    const endpoint = await EndpointProcess.start(bed, {
      run: ["examples/endpoints/src/express.ts"],
    });
    await server.register(`http://127.0.0.1:${endpoint.port}/perdure`);
    const { path, payment } = await startOrder(server.ingress);

    await endpoint.kill();
    const approved = server.ingress.post(`/restate/call/${path}/approve`);
    const result = server.ingress.get(`/restate/workflow/${path}/attach`);
    await until("the server notices", async () =>
      server.process.output.includes("does not answer"),
    );
    await endpoint.start();

    expect((await approved).status).toBe(200);
    expect((await result).json).toMatchObject({ payment, parcel: expect.stringMatching(uuid) });
  });
});

describe("an HTTP/2 endpoint", () => {
  test("is asked request by request where the operator wants it", async () => {
    const server = await bed.startServer();
    const endpoint = await EndpointProcess.start(bed, {
      run: ["test/services/endpoint-main.ts", "h2c"],
    });
    const answer = await server.tryRegister({
      uri: `http://127.0.0.1:${endpoint.port}`,
      request_response: true,
    });
    const { json: deployment } = await server.admin.get(`/deployments/${answer.json.id}`);
    expect(deployment).toMatchObject({
      protocol_type: "RequestResponse",
      http_version: "HTTP/2.0",
    });
    const hello = await server.ingress.post("/restate/call/Hello/hello", "Ada");
    expect(hello.json).toBe("Hello Ada!");
  });
});

describe("a request that is under way", () => {
  let server: ServerProcess;
  let gates: Gates;
  let services: ServicesProcess;
  beforeAll(async () => {
    gates = await bed.openGates();
    const env = { PERDURE_TEST_GATES: gates.url };
    [server, services] = await Promise.all([
      bed.startServer(),
      bed.startServices({ modules: ["requests"], env }),
    ]);
    await server.tryRegister({ uri: services.url, request_response: true });
  });

  test("is followed by another where something came that its code has not seen", async () => {
    gates.shut("told");
    await server.ingress.post("/restate/send/Requested/told/run");
    await gates.reached("told");
    await server.ingress.post("/restate/call/Requested/told/tell", "meanwhile");
    gates.open("told");
    const result = await server.ingress.get("/restate/workflow/Requested/told/attach");
    expect(result.json).toBe("meanwhile");
    // The next request has it in its journal: one is enough.
    expect(gates.count("told")).toBe(2);
  });

  test("is cancelled with the attempt when the invocation is killed", async () => {
    gates.shut("killed");
    const sent = await server.ingress.post("/restate/send/Requested/killed/run");
    await gates.reached("killed");
    const killed = await server.admin.send(`/invocations/${sent.json.invocationId}/kill`, {
      method: "PATCH",
    });
    expect(killed.status).toBeLessThan(300);
    await gates.reached("killed/over");
    gates.open("killed");
  });

  test("and breaks costs no retry: another takes its place", async () => {
    gates.shut("broken");
    const sent = await server.ingress.post("/restate/send/Requested/broken/run");
    await gates.reached("broken");
    await services.kill();
    gates.open("broken");
    await services.start({ modules: ["requests"], env: { PERDURE_TEST_GATES: gates.url } });
    await server.ingress.post("/restate/call/Requested/broken/tell", "after all");
    const result = await server.ingress.get("/restate/workflow/Requested/broken/attach");
    expect(result.json).toBe("after all");
    const { json } = await server.admin.get(`/invocations/${sent.json.invocationId}`);
    expect(json.retry_count ?? 0).toBe(0);
  });
});

describe("an endpoint with an identity key", () => {
  test.each(["h2c", "http1"])("trusts the server that has it, and no other (%s)", async (kind) => {
    const keyFile = `${bed.directory()}/key.pem`;
    execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", keyFile]);
    const flags = { "request-identity-key-file": keyFile };
    const [server, stranger] = await Promise.all([bed.startServer({ flags }), bed.startServer()]);
    const said = await server.process.waitForOutput(/identity key is (publickeyv1_\w+)/);
    const endpoint = await EndpointProcess.start(bed, {
      run: ["test/services/endpoint-main.ts", kind],
      env: { IDENTITY_KEY: said[1] ?? "" },
    });
    const uri = `http://127.0.0.1:${endpoint.port}`;

    const refused = await stranger.tryRegister({ uri });
    expect(refused).toMatchObject({ status: 400, json: { errorCode: "PDR4203" } });
    expect(refused.json.message).toContain("does not trust this server");

    await server.register(uri);
    const hello = await server.ingress.post("/restate/call/Hello/hello", "Ada");
    expect(hello.json).toBe("Hello Ada!");
  });
});

const noOpenssl = spawnSync("openssl", ["version"]).status !== 0;

describe.skipIf(noOpenssl)("an https endpoint behind something that wants a header", () => {
  test.each([
    ["https", "BidiStream", "HTTP/2.0"],
    ["https1", "RequestResponse", "HTTP/1.1"],
  ])(
    "is found, and talked to, as TLS negotiates (%s)",
    async (kind, protocol_type, http_version) => {
      const folder = bed.directory();
      execFileSync(
        "openssl",
        `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost
          -addext subjectAltName=IP:127.0.0.1 -keyout ${folder}/key.pem -out ${folder}/cert.pem`.split(
          /\s+/,
        ),
        { stdio: "ignore" },
      );
      const endpoint = await EndpointProcess.start(bed, {
        run: ["test/services/endpoint-main.ts", kind],
        env: { TLS_FOLDER: folder, WANTED_TOKEN: "secret" },
      });
      const uri = `https://127.0.0.1:${endpoint.port}/any/prefix`;
      const env = { NODE_EXTRA_CA_CERTS: `${folder}/cert.pem` };
      const [server, stranger] = await Promise.all([bed.startServer({ env }), bed.startServer()]);

      // Its certificate is signed by nobody that is known there.
      expect((await stranger.tryRegister({ uri })).json).toMatchObject({ errorCode: "PDR4202" });
      expect((await server.tryRegister({ uri })).json.message).toContain("status 403");

      const additional_headers = { "x-token": "secret" };
      const registered = await server.tryRegister({ uri, additional_headers });
      expect(registered.status, registered.text).toBe(201);
      const { json: deployment } = await server.admin.get(`/deployments/${registered.json.id}`);
      expect(deployment).toMatchObject({ protocol_type, http_version });
      const hello = await server.ingress.post("/restate/call/Hello/hello", "Ada");
      expect(hello.json).toBe("Hello Ada!");
    },
  );
});
