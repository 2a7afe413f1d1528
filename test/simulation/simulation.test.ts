// The simulation, in a process of its own, since it takes the place of time: seeds that once failed, a bug for each
// checker, and fresh seeds for PERDURE_SIM_SECONDS (default 20). What fails says how to see it again.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { repositoryFolder } from "../harness/paths.js";
import { regressions } from "./regressions.js";

async function simulate(...args: string[]): Promise<string> {
  const command = ["--conditions=source", "--import", "tsx", "test/simulation/main.ts", ...args];
  const child = spawn(process.execPath, command, {
    cwd: repositoryFolder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(said);
  return said;
}

const freshSeconds = Number(process.env["PERDURE_SIM_SECONDS"] ?? "20");

describe("the simulation", () => {
  test("gives the same history for the same seed, byte for byte", async () => {
    const again = ["--seed", "42", "--steps", "60"];
    const historyOf = (said: string): string | undefined => /^history (.+)$/m.exec(said)?.[1];
    // Two processes, and one that has run another world before.
    const [one, other] = [await simulate(...again), await simulate(...again)];
    const afterAnother = await simulate("--seed", "41", "--rounds", "2", "--steps", "60");
    expect(historyOf(one)).toMatch(/^[0-9a-f]{64}$/);
    expect(historyOf(other)).toBe(historyOf(one));
    expect(historyOf(afterAnother)).toBe(historyOf(one));
  }, 180_000);

  test("catches every bug that is put in on purpose", async () => {
    const said = await simulate("--canaries");
    expect(said).toContain("22 of 22 canaries caught");
  }, 300_000);

  test.each(regressions)(
    "seed $seed holds ($about)",
    async ({ seed, steps }) => {
      await simulate("--seed", String(seed), "--steps", String(steps));
    },
    180_000,
  );

  test(
    "fresh seeds hold",
    async () => {
      console.log(await simulate("--seconds", String(freshSeconds)));
    },
    (freshSeconds + 120) * 1_000,
  );
});
