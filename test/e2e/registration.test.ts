// Registering deployments: what is refused and why, what happens the second time, and what is there after
// a restart.

import { createServer as createHttp1Server } from "node:http";
import {
  createServer as createHttp2Server,
  type Http2Server,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import {
  HandlerKind,
  ManifestSchema,
  ServiceKind,
  type ServiceSchema,
} from "@perdure/proto/manifest/v1/manifest";
import { Deployment } from "@perdure/proto/protocol/v1/deployment";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { servicesMain, testFolder } from "../harness/paths.js";
import { freePort, withPortInUse } from "../harness/ports.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";

const bed = useBed("after all");
let server: ServerProcess;
let services: ServicesProcess;

beforeAll(async () => {
  [server, services] = await Promise.all([
    bed.startServer(),
    bed.startServices({ modules: ["first-version"] }),
  ]);
});

const opened: Server[] = [];
const sessions = new Set<ServerHttp2Session>();
afterEach(async () => {
  for (const session of sessions) session.destroy();
  for (const one of opened.splice(0)) await new Promise((resolve) => one.close(resolve));
});

async function listening(one: Server | Http2Server): Promise<string> {
  opened.push(one);
  one.on("session", (session: ServerHttp2Session) => sessions.add(session));
  await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
}

/** An endpoint that offers what no SDK would. */
function endpointOf(
  manifestServices: MessageInitShape<typeof ServiceSchema>[],
  versions = { minProtocolVersion: 1, maxProtocolVersion: 1 },
): Promise<string> {
  const manifest = create(ManifestSchema, { services: manifestServices });
  return listening(
    createHttp2Server(
      connectNodeAdapter({
        routes: (router) => {
          router.service(Deployment, { discover: () => ({ ...versions, manifest }) });
        },
      }),
    ),
  );
}

const greeter = {
  name: "Greeter",
  kind: ServiceKind.SERVICE,
  handlers: [{ name: "greet", kind: HandlerKind.SHARED }],
};

describe("a deployment is refused", () => {
  test("when nobody listens at its address", async () => {
    const port = await freePort();

    const answer = await server.tryRegister({ uri: `http://127.0.0.1:${port}` });

    expect(answer).toMatchObject({ status: 500, json: { restate_code: "META0003" } });
    expect(answer.json.message).toContain(String(port));
    expect(answer.json.errorCode).toMatch(/^PDR4\d{3}$/);
  });

  test("when what listens there speaks no HTTP", async () => {
    await withPortInUse(async (port) => {
      const answer = await server.tryRegister({ uri: `http://127.0.0.1:${port}` });

      expect(answer).toMatchObject({ status: 500, json: { restate_code: "META0003" } });
    });
  });

  test("when what listens there is a web server of another kind", async () => {
    const uri = await listening(createHttp1Server((_, response) => response.end("hello")));
    const other = await listening(createHttp2Server((_, response) => response.end("hello")));

    const answers = [await server.tryRegister({ uri }), await server.tryRegister({ uri: other })];

    for (const { status, json } of answers) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(json).toMatchObject({
        message: expect.stringContaining("http://127.0.0.1:"),
        restate_code: expect.stringMatching(/^META00/),
        errorCode: expect.stringMatching(/^PDR4\d{3}$/),
      });
    }
  });

  test("when its address is none", async () => {
    const answers = await Promise.all(
      [{ uri: "not a url" }, { uri: "ftp://127.0.0.1" }, { uri: 5 }, {}].map((body) =>
        server.tryRegister(body),
      ),
    );

    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
  });

  test("when it speaks no common protocol version", async () => {
    const uri = await endpointOf([greeter], { minProtocolVersion: 900, maxProtocolVersion: 901 });

    const answer = await server.tryRegister({ uri });

    expect(answer).toMatchObject({ status: 400, json: { restate_code: "META0012" } });
    expect(answer.json.message).toMatch(/900 to 901/);
  });

  test.each([
    ["two services of one name", [greeter, greeter], "Greeter"],
    ["no services", [], "no services"],
    ["a reserved name", [{ ...greeter, name: "restateful" }], "restateful"],
    ["an impossible name", [{ ...greeter, name: "no spaces" }], "no spaces"],
    ["a workflow without run", [{ ...greeter, name: "Wf", kind: ServiceKind.WORKFLOW }], "run"],
    [
      "an exclusive handler of a service",
      [{ ...greeter, handlers: [{ name: "greet", kind: HandlerKind.EXCLUSIVE }] }],
      "greet",
    ],
  ])("when it offers %s", async (_, offered, says) => {
    const uri = await endpointOf(offered);

    const answer = await server.tryRegister({ uri });

    expect(answer.status).toBe(400);
    expect(answer.json.message).toContain(says);
    expect(answer.json.restate_code).toMatch(/^META00/);
  });

  test("when it would change the type of a registered service", async () => {
    await server.register(services.url);
    const changed = await bed.startServices({ modules: ["other-kind"] });

    const answer = await server.tryRegister({ uri: changed.url });
    const forced = await server.tryRegister({ uri: changed.url, force: true });

    for (const refused of [answer, forced]) {
      expect(refused).toMatchObject({ status: 409, json: { restate_code: "META0006" } });
      expect(refused.json.message).toMatch(/Shelf.*virtual object.*service/s);
    }
  });
});

describe("an endpoint", () => {
  test("with two services of one name does not start, and says which", async () => {
    const process = bed.startProcess({
      name: "twins",
      args: ["--import", "tsx", servicesMain, "same-names"],
      cwd: testFolder,
      env: { PORT: String(await freePort()) },
    });

    const exit = await process.waitForExit();

    expect(exit.code).not.toBe(0);
    expect(process.output).toMatch(/two services are named "Twin"/);
  });

  test("whose port is in use says so", async () => {
    await withPortInUse(async (port) => {
      const process = bed.startProcess({
        name: "port in use",
        args: ["--import", "tsx", servicesMain, "greeter"],
        cwd: testFolder,
        env: { PORT: String(port) },
      });

      const exit = await process.waitForExit();

      expect(exit.code).not.toBe(0);
      expect(process.output).toMatch(/PDR2012.*another process listens there/);
    });
  });
});

describe("a deployment that is registered", () => {
  test("again is unchanged, with force discovered anew under its id", async () => {
    const uri = (await bed.startServices({ modules: ["greeter"] })).url;
    const first = await server.tryRegister({ uri });
    const again = await server.tryRegister({ uri });
    const forced = await server.tryRegister({ uri, force: true });
    const dry = await server.tryRegister({ uri, force: true, dry_run: true });

    const revision = ({ json }: typeof first): unknown => json.services[0]?.revision;
    expect([first, again, forced, dry].map(({ status }) => status)).toEqual([201, 200, 200, 200]);
    expect(first.headers.get("location")).toBe(`deployments/${first.json.id}`);
    expect(new Set([first, again, forced].map(({ json }) => json.id)).size).toBe(1);
    expect([first, again, forced].map(revision)).toEqual([1, 1, 2]);
  });

  test("is listed, described, and there after a kill -9", async () => {
    const { id } = await server.register(services.url);
    await server.kill();
    await server.start();

    const list = await server.admin.get("/deployments");
    const one = await server.admin.get(`/deployments/${id}`);
    const unknown = await server.admin.get("/deployments/dp_unknown");
    const answer = await server.ingress.post("/restate/call/Shelf/k/put", "thing");

    expect(list.json.deployments.map((deployment: { id: string }) => deployment.id)).toContain(id);
    expect(one.json).toMatchObject({ id, uri: `${services.url}/` });
    expect(one.json.services.map((service: { name: string }) => service.name).sort()).toEqual([
      "Order",
      "Shelf",
    ]);
    expect(unknown.status).toBe(404);
    expect(answer.status).toBe(200);
  });
});
