// A handler that ends its process each time that it is started: the others get on all the same, and it rests in the end.

import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Answer } from "../harness/http.js";
import { until } from "../harness/until.js";

const bed = useBed("after each");
/** Each crash is a start of a process. */
const timeoutMs = 240_000;

test(
  "a handler that ends its process is started alone after five times, fails then, and is paused; its neighbours get on",
  { timeout: timeoutMs },
  async () => {
    const { server, services } = await bed.serve({ modules: ["crashing"] });
    let crashes = 0;
    let isDone = false;
    const supervised = (async () => {
      for (;;) {
        await services.process.exited;
        if (isDone) return;
        crashes++;
        await services.start({ modules: ["crashing"] });
      }
    })();

    const sent = await server.ingress.post("/restate/send/Crashing/crash");
    const call = (): Promise<Answer> => server.ingress.post("/restate/call/Crashing/work");
    const work = Array.from({ length: 10 }, call);
    const paused = await until(
      "the handler is paused",
      async () => {
        const { json } = await server.admin.get(`/invocations/${sent.json.invocationId}`);
        return json.status === "paused" ? json : undefined;
      },
      timeoutMs - 10_000,
    );
    const answers = [...(await Promise.all(work)), await call()];
    isDone = true;
    await services.kill();
    await supervised;

    expect(JSON.stringify(paused)).toContain("PDR2043");
    expect(answers.map(({ json }) => json as string)).toEqual(answers.map(() => "done"));
    // Five to be suspected, two for the attempts of its retry policy.
    expect(crashes).toBe(7);
  },
);
