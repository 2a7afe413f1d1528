// Code that no longer fits the journals it wrote: nothing runs on silently, everyone is told, and the old code
// brings the invocation to its end.

import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { until } from "../harness/until.js";

const bed = useBed("after all");
let server: ServerProcess;
let services: ServicesProcess;
let gates: Gates;
let env: Record<string, string>;

beforeAll(async () => {
  gates = await bed.openGates();
  env = { PERDURE_TEST_GATES: gates.url };
  ({ server, services } = await bed.serve({ modules: ["first-version"], env }));
});

async function becomes(version: "first-version" | "second-version"): Promise<void> {
  await services.kill();
  await services.start({ modules: [version], env });
}

describe("a journal mismatch", () => {
  test("is logged with both sides, and the code that wrote the journal can end it", async () => {
    gates.shut("o1/ship");
    const sent = await server.ingress.post("/restate/send/Order/place", "o1");
    const id: string = sent.json.invocationId;
    await gates.reached("o1/ship");
    await becomes("second-version");
    const [line] = await services.process.waitForOutput(/^.*journal mismatch.*$/m);
    const shown = await until("the failure is shown", async () => {
      const { json } = await server.admin.get(`/invocations/${id}`);
      return json.last_failure;
    });
    await becomes("first-version");
    await gates.reached("o1/ship", 2);
    gates.open("o1/ship");

    const placed = await server.ingress.get(`/restate/attach/${id}`);
    expect(placed).toMatchObject({ status: 200, json: "paid and shipped" });
    expect(shown).toMatchObject({ code: 570 });
    expect(line).toContain(shown.message);
    expect(line).toContain(" WARN ");
    expect(line).toContain(`Order/place ${id}`);
    expect(line).toContain("entry 1");
    expect(line).toContain('Run "take payment"');
    expect(line).toContain('Run "check stock"');
    expect(line).toMatch(/Deploy the code that wrote this journal/);
    expect(line).toContain("PDR2001");
  });

  test("is the result of the invocation where the handler asks for that", async () => {
    gates.shut("o2/hold");
    const placed = server.ingress.post("/restate/call/Order/strict", "o2");
    await gates.reached("o2/hold");
    await becomes("second-version");

    const answer = await placed;
    await becomes("first-version");

    expect(answer.json).toMatchObject({ code: 570, source: "invocation" });
    expect(answer.json.message).toMatch(/journal mismatch at entry 1: .*Run "first".*Sleep/);
  });
});
