// Values of many megabytes between real processes: they arrive whole, survive a kill, are refused beyond the limit, and
// calls beside them are answered meanwhile.

import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Http } from "../harness/http.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { until } from "../harness/until.js";

const bed = useBed("after all");
const megabyte = 1_000_000;
let server: ServerProcess;
let services: ServicesProcess;
let ingress: Http;

beforeAll(async () => {
  ({ server, services } = await bed.serve({ modules: ["large"] }));
  ingress = server.ingress;
});

describe("values of 1 and of 30 MB", () => {
  for (const length of [megabyte, 30 * megabyte]) {
    test(`of ${length} bytes come and go as inputs, outputs, step results and state`, async () => {
      const text = "x".repeat(length);
      expect((await ingress.post("/Large/length", text)).json).toBe(length);
      const output = await ingress.post("/Large/text", length);
      expect((output.json as string).length).toBe(length);
      expect((await ingress.post("/Large/step", length)).json).toEqual([length, true]);
      await ingress.post(`/LargeObject/${length}/set`, length);
      expect((await ingress.post(`/LargeObject/${length}/get`)).json).toBe(length);
    });
  }

  test("are all there where several are under way at once, and small calls pass between them", async () => {
    const large = Promise.all(
      Array.from(
        { length: 4 },
        async () => (await ingress.post("/Large/step", 10 * megabyte)).json,
      ),
    );
    let answered = 0;
    let done = false;
    void large.finally(() => (done = true));
    while (!done) {
      expect((await ingress.post("/Large/echo", answered)).json).toBe(answered);
      answered++;
    }
    expect(await large).toEqual(Array.from({ length: 4 }, () => [10 * megabyte, true]));
    expect(answered).toBeGreaterThan(1);
  });
});

test("a journal that is large because it is long is replayed whole after a kill of the services", async () => {
  const sent = await ingress.post("/Large/steps/send", { count: 60, length: 50_000 });
  const { invocationId } = sent.json as { invocationId: string };
  // 60 steps with their results, the input and the sleep.
  await until("the journal is written", async () => {
    const { json } = await server.admin.get(`/invocations/${invocationId}`);
    return (json as { journal_size: number }).journal_size >= 122;
  });
  await services.kill();
  await services.start({ modules: ["large"] });
  const answer = await ingress.get(`/restate/invocation/${invocationId}/attach`);
  expect(answer.json).toBe(60 * 50_000);
});

test("values that flow while the server is killed, several times, are there or are sent again: each ends as it should", async () => {
  const lengths = [300_000, 3 * megabyte, 10 * megabyte, megabyte, 400_000, 20 * megabyte];
  const results = new Map<number, unknown>();
  const calls = lengths.map(async (length) => {
    const input = "x".repeat(length);
    // The key makes it one invocation, however often it is sent.
    const headers = { "idempotency-key": `killed ${String(length)}` };
    // Not while the server is down, or where it goes down before it can answer.
    await until("it is answered", async () => {
      const { status, json } = await ingress.post("/Large/length", input, { headers });
      if (status === 200) results.set(length, json);
      return status === 200;
    });
  });
  for (let kills = 0; kills < 3; kills++) {
    await until("something large is on its way", () => bodiesOf(server.dataDir).length > 0);
    await server.kill();
    await server.start();
  }
  await Promise.all(calls);
  expect([...results].sort(([one], [other]) => one - other)).toEqual(
    lengths.toSorted((one, other) => one - other).map((length) => [length, length]),
  );
}, 120_000);

function bodiesOf(dataDir: string): string[] {
  return readdirSync(`${dataDir}/shards/0/log`).filter((name) => name.startsWith("body-"));
}

test("a step's result beyond the limit pauses its invocation, says why, and harms nobody else", async () => {
  const sent = await ingress.post("/Large/step/send", 40 * megabyte);
  const { invocationId } = sent.json as { invocationId: string };
  let detail: unknown;
  await until("it is paused", async () => {
    detail = (await server.admin.get(`/invocations/${invocationId}`)).json;
    return (detail as { status: string }).status === "paused";
  });
  expect(JSON.stringify(detail)).toContain("bodyBytesMax");
  expect((await ingress.post("/Large/echo", 1)).json).toBe(1);
});

test("memory comes back: large values leave no more than a few of their size", () => {
  const status = readFileSync(`/proc/${server.process.pid}/status`, "utf8");
  const rssMb = Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / 1_000;
  expect(rssMb).toBeLessThan(1_200);
});
