// A deployment whose attempts all stand still, and hold every slot that they can get: the calls of another go on.

import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";

const bed = useBed("after all");

test("attempts that stand still leave slots to other services", async () => {
  const gates = await bed.openGates();
  const [server, stuck, other] = await Promise.all([
    bed.startServer({ flags: { concurrency: "16", "abort-timeout": "1h" } }),
    bed.startServices({ modules: ["greeter"], env: { PERDURE_TEST_GATES: gates.url } }),
    bed.startServices({ modules: ["formats"] }),
  ]);
  await server.register(stuck.url);
  await server.register(other.url);
  gates.shut("busy");
  const sends = Array.from({ length: 100 }, () =>
    server.ingress.post("/restate/send/Greeter/once", "busy"),
  );
  for (const { status } of await Promise.all(sends)) expect(status).toBe(202);
  await gates.reached("busy");

  const body = new Uint8Array([1, 2, 3]);
  const headers = { "content-type": "application/octet-stream" };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      fetch(`${server.ingress.url}/restate/call/Formats/measure`, {
        method: "POST",
        body,
        headers,
      }),
    ),
  );

  for (const { status } of answers) expect(status).toBe(200);
  gates.open("busy");
});
