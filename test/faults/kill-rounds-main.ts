// npm run faults -- --rounds 200 [--seed N] [--callers N]: kill rounds, for as long as somebody likes (kill-rounds.ts).

import { parseArgs } from "node:util";
import { testSeed } from "../harness/seed.js";
import { runKillRounds } from "./kill-rounds.js";
import { killFlags, startSetting } from "./setting.js";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "50" },
    seed: { type: "string", default: String(testSeed()) },
    callers: { type: "string", default: "4" },
  },
});
const [rounds, seed, callersOfEach] = [values.rounds, values.seed, values.callers].map(Number);
if (![rounds, seed, callersOfEach].every((one) => Number.isInteger(one) && Number(one) > 0)) {
  throw new Error("--rounds, --seed and --callers are whole numbers from 1 on");
}

console.log(`kill rounds with seed ${String(seed)}`);
const setting = await startSetting(killFlags);
const report = await runKillRounds({
  ...setting,
  rounds: rounds ?? 0,
  seed: seed ?? 0,
  callersOfEach: callersOfEach ?? 0,
  told: (line) => console.log(line),
}).catch(async (error: unknown) => {
  await setting.end(true);
  throw error;
});
const isBroken = report.offences.length > 0;
await setting.end(isBroken);
console.log(JSON.stringify({ ...report, underWay: undefined }, undefined, 2));
console.log(
  isBroken
    ? `A promise was broken. What is left is in ${setting.scratch}; again: --seed ${String(seed)}`
    : `${report.rounds} rounds, ${report.kills} processes killed, ${report.operations} operations: nothing lost, nothing doubled`,
);
process.exitCode = isBroken ? 1 : 0;
