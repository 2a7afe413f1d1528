// Virtual objects: one exclusive invocation for each key, the rest in line behind it, shared handlers
// beside it; lock and line survive kill -9 of the server, of the services, of both.

import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess, ServicesProcessOptions } from "../harness/services-process.js";

const bed = useBed("after all");
let server: ServerProcess;
let services: ServicesProcess;
let gates: Gates;
let queue: ServicesProcessOptions;

beforeAll(async () => {
  gates = await bed.openGates();
  queue = { modules: ["queue"], env: { PERDURE_TEST_GATES: gates.url } };
  ({ server, services } = await bed.serve(queue));
});

const visitors = Array.from({ length: 12 }, (_, at) => `v${at}`);

async function send(desk: string, visitor: string): Promise<string> {
  const path = `/restate/send/Desk/${desk}/serve`;
  const { status, json } = await server.ingress.post(path, visitor);
  expect(status).toBe(202);
  return json.invocationId;
}

/** The first is being served, the others stand in line. */
async function fill(desk: string): Promise<string[]> {
  gates.shut(`${desk}/v0`);
  const ids = [];
  for (const visitor of visitors) ids.push(await send(desk, visitor));
  await gates.reached(`${desk}/v0`);
  return ids;
}

async function served(ids: readonly string[]): Promise<unknown> {
  const last = await server.ingress.get(`/restate/attach/${ids.at(-1)}`);
  expect(last.status).toBe(200);
  return last.json;
}

describe("exclusive handlers of one key", () => {
  test("run one at a time, in the order of arrival, with shared handlers beside them", async () => {
    const ids = await fill("calm");
    const beside = await server.ingress.post("/restate/call/Desk/calm/served");
    const other = await server.ingress.post("/restate/call/Desk/other/serve", "x");
    gates.open("calm/v0");

    expect(await served(ids)).toEqual(visitors);
    expect([beside.json, other.json]).toEqual([[], ["x"]]);
    const together = visitors.flatMap((visitor) => gates.notes(`calm/${visitor}`));
    expect(together).toEqual(visitors.map(() => "1"));
  });

  test("keep lock and line over a kill -9 of the server", async () => {
    const ids = await fill("server");
    await server.kill();
    await server.start();
    // The step that was in flight has no result: it runs again, and nobody else meanwhile.
    await gates.reached("server/v0", 2);
    const beside = await server.ingress.post("/restate/call/Desk/server/served");
    gates.open("server/v0");

    expect(await served(ids)).toEqual(visitors);
    expect(beside.json).toEqual([]);
    const rest = visitors.slice(1).map((visitor) => gates.count(`server/${visitor}`));
    expect(rest).toEqual(rest.map(() => 1));
  });

  test("keep lock and line over a kill -9 of the services", async () => {
    const ids = await fill("services");
    await services.kill();
    await services.start(queue);
    await gates.reached("services/v0", 2);
    gates.open("services/v0");

    expect(await served(ids)).toEqual(visitors);
  });

  test("keep lock and line over a kill -9 of both, and a late visitor comes last", async () => {
    const ids = await fill("both");
    await Promise.all([server.kill(), services.kill()]);
    await server.start();
    ids.push(await send("both", "late"));
    await services.start(queue);
    await gates.reached("both/v0", 2);
    gates.open("both/v0");

    expect(await served(ids)).toEqual([...visitors, "late"]);
  });

  test("hold the lock while they sleep, over a restart too", async () => {
    const dozing = await server.ingress.post("/restate/send/Desk/bed/doze", 700);
    await gates.reached("bed/dozing");
    const next = await send("bed", "next");
    await server.kill();
    await server.start();
    const early = await server.ingress.get(`/restate/output/${next}`);

    const result = await server.ingress.get(`/restate/attach/${next}`);
    const doze = await server.ingress.get(`/restate/output/${dozing.json.invocationId}`);

    expect(early.status).toBe(470);
    expect(result.json).toEqual(["dozed", "next"]);
    expect(doze.status).toBe(200);
  });
});
