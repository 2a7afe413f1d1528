// Durable timers: never early, in order, soon after they are due also under load, and over a kill -9. How
// late they are depends on the machine and what else it does: it is printed, and bounded generously.

import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { ServerProcess } from "../harness/server-process.js";

const bed = useBed("after all");
let server: ServerProcess;

beforeAll(async () => {
  const [started, services] = await Promise.all([
    bed.startServer(),
    bed.startServices({ modules: ["timing"] }),
  ]);
  server = started;
  await server.register(services.url);
});

/** Clocks are rounded to milliseconds on the way. */
const earlyMsMax = 2;
/** Ten times what is promised: machines that run tests run other things too. */
const medianLateMsMax = 200;

describe("timers", () => {
  test("end sleeps no earlier than due, and soon after, while the server is busy", async () => {
    let isBusy = true;
    const worker = async (): Promise<number> => {
      let done = 0;
      for (; isBusy; done++) await server.ingress.post("/restate/call/Timing/work");
      return done;
    };
    const began = performance.now();
    const load = Promise.all(Array.from({ length: 8 }, worker));
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        server.ingress.post("/restate/call/Timing/lateness", 200 + at * 5),
      ),
    );
    isBusy = false;
    const seconds = (performance.now() - began) / 1_000;
    const works = (await load).reduce((sum, count) => sum + count, 0);

    const late = answers.map(({ json }) => json as number).sort((a, b) => a - b);
    const percentile = (p: number): number => late[Math.floor((late.length - 1) * p)] ?? NaN;
    console.log(
      `timers under load (${Math.round(works / seconds)} three-step calls/s beside them), ms late: ` +
        `p50 ${percentile(0.5).toFixed(1)}, p90 ${percentile(0.9).toFixed(1)}, ` +
        `p99 ${percentile(0.99).toFixed(1)}, max ${percentile(1).toFixed(1)}`,
    );
    expect(percentile(0)).toBeGreaterThanOrEqual(-earlyMsMax);
    expect(percentile(0.5)).toBeLessThan(medianLateMsMax);
  });

  test("start delayed sends in the order of their times, none early", async () => {
    const delays = [400, 100, 300, 200, 500];
    const sent = await Promise.all(
      delays.map((delay) => server.ingress.post(`/restate/send/Timing/now?delay=${delay}ms`)),
    );
    const ran = await Promise.all(
      sent.map(({ json }) => server.ingress.get(`/restate/attach/${json.invocationId}`)),
    );

    const times = sent.map(({ json }, at) => ({
      due: Date.parse(json.executionTime),
      ran: ran[at]?.json as number,
    }));
    for (const time of times) expect(time.ran).toBeGreaterThanOrEqual(time.due - earlyMsMax);
    const byDue = [...times].sort((a, b) => a.due - b.due);
    expect(byDue).toEqual([...times].sort((a, b) => a.ran - b.ran));
  });

  test("that came due while the server was down end at once after its start", async () => {
    const sent = await server.ingress.post("/restate/send/Timing/nap", 100);
    const delayed = await server.ingress.post("/restate/send/Timing/now?delay=100ms");
    const later = await server.ingress.post("/restate/send/Timing/now?delay=1s");
    await server.kill();
    await server.start();
    const results = await Promise.all(
      [sent, delayed, later].map(({ json }) =>
        server.ingress.get(`/restate/attach/${json.invocationId}`),
      ),
    );

    expect(results.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(results[2]?.json).toBeGreaterThanOrEqual(
      Date.parse(later.json.executionTime) - earlyMsMax,
    );
  });
});
