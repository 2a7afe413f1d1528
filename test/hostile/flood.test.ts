// More idle connections than are let in, from several processes and addresses, as `npm run flood -- --connections 100000`
// opens them: the limit holds, whoever has a connection goes on, and memory follows the limit.

import { expect, test } from "vitest";
import { residentMbOf } from "../faults/soak-samples.js";
import { useBed } from "../harness/bed.js";
import { until } from "../harness/until.js";
import { Flood } from "./flood.js";
import { LiveConnection } from "./live-connection.js";

const bed = useBed("after each");
const letIn = 1_000;
const connections = 6_000;

test("six thousand connections that stay: a thousand are let in, the others told so and closed; calls on a connection that is there go on", async () => {
  const { server } = await bed.serve(
    { modules: ["greeter"] },
    { flags: { "ingress-connections-max": String(letIn) } },
  );
  const live = new LiveConnection(`${server.ingress.url}/restate/call/Greeter/greet`, "Ada");
  bed.atEnd(async () => live.close());
  await live.ask();
  const before = residentMbOf(server.process.pid);

  const flood = Flood.begin(Number(new URL(server.ingress.url).port), connections, 3);
  bed.atEnd(() => flood.end());
  let isOver = false;
  const asking = live.askWhile(() => !isOver);
  const counts = await flood.settled(120_000).finally(() => (isOver = true));
  const took = await asking;

  expect(counts.other).toBe(0);
  expect(counts.served).toBeGreaterThan(letIn / 2);
  expect(counts.served).toBeLessThanOrEqual(letIn);
  // Whose request had come before the connection was closed may see a reset.
  expect(counts.refused).toBeGreaterThan(0.9 * (connections - letIn));
  await expect.poll(() => flood.counts().open).toBeLessThanOrEqual(letIn);
  expect(took.length).toBeGreaterThan(0);
  expect(residentMbOf(server.process.pid) - before).toBeLessThan(150);
  await flood.end();
  await until("there is room again", async () => {
    const { status } = await server.ingress.post("/restate/call/Greeter/greet", "Ada");
    return status === 200;
  });
  expect(server.process.exit).toBeUndefined();
});
