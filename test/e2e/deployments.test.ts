// Deployments that come, go and are replaced while invocations are under way: nothing is lost, everything
// goes on where it began.

import { beforeEach, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcessOptions } from "../harness/services-process.js";
import { until } from "../harness/until.js";

const bed = useBed("after each");
let server: ServerProcess;
let gates: Gates;

beforeEach(async () => {
  [server, gates] = await Promise.all([bed.startServer(), bed.openGates()]);
});

function versioned(version: string): ServicesProcessOptions {
  const env = { PERDURE_TEST_GATES: gates.url, PERDURE_TEST_VERSION: version };
  return { modules: ["versioned"], env };
}

async function statusOf(id: string): Promise<any> {
  return (await server.admin.get(`/invocations/${id}`)).json;
}

describe("an invocation", () => {
  test("stays with the deployment on which it began; new ones go to the newest", async () => {
    const [first, second] = await Promise.all([
      bed.startServices(versioned("first")),
      bed.startServices(versioned("second")),
    ]);
    await server.register(first.url);
    gates.shut("stays");
    const staying = await server.ingress.post("/restate/send/Versioned/throughout", "stays");
    await gates.reached("stays");
    await server.register(second.url);
    const fresh = await server.ingress.post("/restate/call/Versioned/version");

    // Its own deployment goes away and comes back, while the other one is there all the time.
    await first.kill();
    await first.start(versioned("first"));
    await gates.reached("stays", 2);
    gates.open("stays");
    const result = await server.ingress.get(`/restate/attach/${staying.json.invocationId}`);

    expect(fresh.json).toBe("second");
    expect(result.json).toEqual(["first", "first"]);
  });

  test("waits for services that are down, and costs none of its attempts", async () => {
    const services = await bed.startServices(versioned("back"));
    await server.register(services.url);
    await services.kill();
    const sent = await server.ingress.post("/restate/send/Versioned/version");
    await until("it was tried", async () => /lost the session/.test(server.process.output));
    const waiting = await statusOf(sent.json.invocationId);

    await services.start(versioned("back"));
    const result = await server.ingress.get(`/restate/attach/${sent.json.invocationId}`);

    expect(waiting).toMatchObject({
      status: "ready",
      retry_count: 0,
      waiting_for: expect.stringMatching(/^deployment dp_\w+ at http.*, which can't be reached$/),
    });
    expect(result.json).toBe("back");
  });

  test("that calls what nobody offers yet goes on once somebody does, and meanwhile says why", async () => {
    const callers = await bed.startServices({ modules: ["callers"] });
    await server.register(callers.url);
    const sent = await server.ingress.post("/restate/send/Callers/callLate");
    await server.process.waitForOutput(/PDR2009 Versioned\/version/);
    const waiting = await statusOf(sent.json.invocationId);
    const services = await bed.startServices(versioned("late"));

    await server.register(services.url);
    const result = await server.ingress.get(`/restate/attach/${sent.json.invocationId}`);

    expect(waiting.last_failure).toMatchObject({ error_code: "PDR2009" });
    expect(result.json).toBe("late");
  });

  test("that asks for what can't be kept fails, and the server lives on", async () => {
    const callers = await bed.startServices({ modules: ["callers"] });
    await server.register(callers.url);

    const tooLong = await server.ingress.post("/restate/call/Hoarder/h/keep", "k".repeat(600));
    const fits = await server.ingress.post("/restate/call/Hoarder/h/keep", "k".repeat(512));
    const exit = await server.terminate();
    await server.start();
    const again = await server.ingress.post("/restate/call/Hoarder/h/keep", "k");

    expect(tooLong).toMatchObject({ status: 500, json: { source: "invocation" } });
    expect(tooLong.json.message).toMatch(/600 bytes/);
    expect([fits.status, again.status]).toEqual([200, 200]);
    expect(exit.code).toBe(0);
  });
});
