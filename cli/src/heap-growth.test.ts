import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

/** Much lives for a while: V8 makes room for more young objects. Tells what it has made. */
const program = `
  import { growHeapSlowly } from ${JSON.stringify(new URL("./heap-growth.ts", import.meta.url).href)};
  import { getHeapSpaceStatistics } from "node:v8";
  growHeapSlowly(process.execArgv, process.env.NODE_OPTIONS).started();
  let alive = [];
  for (let turn = 0; turn < 200; turn++) {
    for (let at = 0; at < 10_000; at++) alive.push({ at, values: [at] });
    if (turn % 20 === 19) alive = alive.slice(-100_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const young = getHeapSpaceStatistics().find((space) => space.space_name === "new_space");
  console.log(young.space_size / 1024 / 1024);
`;

function youngMbOf(...flags: string[]): number {
  const args = [...flags, "--import", "tsx", "--input-type=module", "--eval", program];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

test("the space of young objects grows less than it would, unless the user told Node about it", () => {
  expect(youngMbOf()).toBeLessThan(youngMbOf("--semi-space-growth-factor=2"));
});
