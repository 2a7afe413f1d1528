// The system's clock is set back by an hour while the server is down: whoever sleeps wakes up all the same.

import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { until } from "../harness/until.js";

const bed = useBed("after each");

/** For NODE_OPTIONS: a wall clock that is behind. */
function clockBehind(ms: number): string {
  const code = `const real = Date.now; Date.now = () => real() - ${String(ms)};`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}

test.each([
  ["was killed", "kill"],
  ["was stopped in good order", "terminate"],
] as const)("a timer of a server that %s is not put off", async (_, end) => {
  const dataDir = `${bed.directory()}/data`;
  const { server: before } = await bed.serve({ modules: ["timing"] }, { dataDir });
  const headers = { "idempotency-key": "nap" };
  const sent = await before.ingress.post("/restate/send/Timing/nap", 2_000, { headers });
  const { invocationId } = sent.json;
  await until("it sleeps", async () => {
    const { json } = await before.admin.get(`/invocations/${invocationId}`);
    return json.status === "suspended";
  });
  await before[end]();

  const env = { NODE_OPTIONS: clockBehind(3_600_000) };
  const after = await bed.startServer({ dataDir, env });
  const { status } = await after.ingress.get(`/restate/invocation/${invocationId}/attach`);

  expect(status).toBe(200);
  expect(after.process.output).toContain("the system's clock was set back");
});
