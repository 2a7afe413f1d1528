// A file of its own: what it is about happens once in a process.

import { expect, test } from "vitest";
import { attempt } from "../endpoint/session.fixture.js";
import { DurablePromise } from "./names.js";

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
