// npm run soak -- --minutes 60 [--kill-every 60] [--sample-every 15] [--rate 150] [--seed N]: a soak (soak.ts), and a table
// of what it saw, as Markdown.

import { parseArgs } from "node:util";
import { testSeed } from "../harness/seed.js";
import { startSetting } from "./setting.js";
import { tableOf, verdictsOf, verdictTableOf } from "./soak-samples.js";
import { runSoak, soakFlags } from "./soak.js";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    "kill-every": { type: "string", default: "60" },
    "sample-every": { type: "string", default: "15" },
    rate: { type: "string", default: "150" },
    seed: { type: "string", default: String(testSeed()) },
  },
});
const given = [values.minutes, values["kill-every"], values["sample-every"], values.rate];
const [minutes = NaN, killEverySeconds = NaN, sampleEverySeconds = NaN, rate = NaN] =
  given.map(Number);
const seed = Number(values.seed);
if (![minutes, killEverySeconds, sampleEverySeconds, rate, seed].every((one) => one > 0)) {
  throw new Error("--minutes, --kill-every, --sample-every, --rate and --seed are numbers above 0");
}

console.error(`soak of ${minutes} minutes with seed ${seed}`);
const setting = await startSetting(soakFlags);
const report = await runSoak({
  setting,
  minutes,
  killEverySeconds,
  sampleEverySeconds,
  invocationsPerSecond: rate,
  seed,
  told: (sample) => console.error(JSON.stringify(sample)),
}).catch(async (error: unknown) => {
  await setting.end(true);
  throw error;
});
const verdicts = verdictsOf(report.samples);
const isBroken = report.offences.length > 0;
const grows = verdicts.some(({ isFlat }) => !isFlat);
await setting.end(isBroken);

const { operations, executions, repeats, kills, heldBack, untold, offences, samples } = report;
console.log(tableOf(samples));
console.log(`\n${verdictTableOf(verdicts)}\n`);
console.log(
  `${operations} operations, ${executions} executions of steps, ${repeats} of them repeats of one that a kill cut off, ` +
    `${kills} processes killed, ${heldBack} operations held back; ` +
    `the soak itself got no turn for ${report.stallMs.toFixed(0)} ms at most`,
);
if (isBroken) {
  console.log(`Promises were broken; what is left is in ${setting.scratch}`);
  for (const offence of offences) console.log(`- ${offence}`);
} else if (untold.length > 0) {
  console.log(
    `No offence, but ${untold.length} operations were answered so late that their results may be gone: ` +
      `machine or server stood still, and this is no proof. They are ${untold.join(", ")}`,
  );
} else {
  console.log(`Nothing lost, nothing doubled; ${grows ? "but something grows" : "all flat"}`);
}
process.exitCode = isBroken || untold.length > 0 || grows ? 1 : 0;
