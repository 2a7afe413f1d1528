// A server that is told how many requests it may serve at the same time.

import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";

const bed = useBed("after all");

test("more requests than the ingress may serve are 429; health is answered, and waiting calls end", async () => {
  const gates = await bed.openGates();
  const { server } = await bed.serve(
    { modules: ["greeter"], env: { PERDURE_TEST_GATES: gates.url } },
    { flags: { "ingress-requests-max": "1" } },
  );
  gates.shut("busy");
  const waiting = server.ingress.post("/restate/call/Greeter/once", "busy");
  await gates.reached("busy");

  const refused = await server.ingress.post("/restate/send/Greeter/greet", "Ada");
  const health = await server.ingress.get("/restate/health");
  gates.open("busy");
  const answer = await waiting;
  const later = await server.ingress.post("/restate/call/Greeter/greet", "Ada");

  expect(refused).toMatchObject({
    status: 429,
    json: { code: 429, source: "ingress", errorCode: "PDR3018" },
  });
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(health.status).toBe(200);
  expect(answer.status).toBe(200);
  expect(later).toMatchObject({ status: 200, json: "Hi Ada" });
});
