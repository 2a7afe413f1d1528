// What it is about happens once in a process: the modules are those of a new one.

import { expect, test, vi } from "vitest";

vi.resetModules();
const { attempt } = await import("../endpoint/session.fixture.js");
const { DurablePromise } = await import("./names.js");

const isCheap = Number.parseInt(process.versions.node) >= 24;

test("the first race of nothing has its attempt tried again, where keeping track is dear and others run; then it waits", async () => {
  const code = async (): Promise<unknown> => DurablePromise.race([]);
  const other = attempt(async (ctx) => ctx.sleep(1));
  await other.until("waiting");

  const first = attempt(code);
  const said = (await first.until(isCheap ? "waiting" : "failed")).at(-1);
  const second = attempt(code);

  if (!isCheap) expect(said).toMatch(/^failed ! 500 a race of no promises.*PDR2026/);
  expect((await second.until("waiting")).at(-1)).toBe("waiting for first(cancel, first()), seen 0");
});
