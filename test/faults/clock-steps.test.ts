// The system's clock is set forth and back, by hours and days, while the server runs: who sleeps wakes up neither early nor
// late. The wall clock of the server's process alone is changed, as an operator or NTP changes it: the monotonic clock
// goes on.

import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";

const bed = useBed("after each");
const hourMs = 3_600_000;
const steps = [hourMs, -48 * hourMs, 24 * hourMs, -hourMs];
const napMs = 4_000;
/** Event time is drawn to the wall clock by so much at most (server/src/shard/clock.ts). */
const drawnMs = napMs * 0.05;
/** For a machine that does much else. */
const lateMs = 5_000;

/** For NODE_OPTIONS: at each SIGUSR2 the wall clock is set to the next of the steps, away from the right time. */
function steppingClock(): string {
  const code = `
    const right = Date.now; let away = 0; const steps = ${JSON.stringify(steps)};
    Date.now = () => right() + away;
    process.on("SIGUSR2", () => { away = steps.shift() ?? 0; console.log("clock away by " + away); });`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}

test(
  "sleeps and delayed sends are neither early nor late, however the clock is set",
  { timeout: 120_000 },
  async () => {
    const { server } = await bed.serve(
      { modules: ["timing"] },
      { env: { NODE_OPTIONS: steppingClock() } },
    );
    const { ingress } = server;
    await ingress.post("/restate/call/Timing/work");

    const latenesses: Promise<number>[] = [];
    const delayed: Promise<number>[] = [];
    for (const [at, away] of steps.entries()) {
      const asked = performance.timeOrigin + performance.now();
      latenesses.push(
        ingress.post("/restate/call/Timing/lateness", napMs).then(({ json }) => json),
      );
      const sent = await ingress.post(`/restate/send/Timing/now?delay=${napMs}ms`, undefined, {
        headers: { "idempotency-key": `delayed ${at}` },
      });
      delayed.push(
        ingress
          .get(`/restate/attach/${sent.json.invocationId}`)
          .then(({ json }) => json - asked - napMs),
      );
      process.kill(server.process.pid, "SIGUSR2");
      await server.process.waitForOutput(
        new RegExp(`(clock away by.*\\s+){${at}}clock away by ${away}`),
      );
    }
    const all = await Promise.all([...latenesses, ...delayed]);

    console.log(`late by (ms): ${all.map(Math.round).join(", ")}`);
    for (const late of all) {
      expect(late).toBeGreaterThan(-drawnMs - 50);
      expect(late).toBeLessThan(drawnMs + lateMs);
    }
  },
);
