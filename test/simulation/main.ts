// npm run sim -- [--seed N] [--steps M] [--rounds R | --seconds S] [--canary NAME] [--weather calm|mixed|storm]
//             --canaries: puts in one bug after the other, and says which were caught
//
// Without a seed: fresh ones, for a minute. Says what was explored, and how to see a failure again.

import "./machine/globals.js";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    steps: { type: "string" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    canary: { type: "string" },
    weather: { type: "string" },
    canaries: { type: "boolean" },
  },
});
// What a promise was rejected with, and nobody caught, is an error of the process whose code ran.
const { lastResort } = await import("./machine/last-resort.js");
process.on("unhandledRejection", (error) => {
  lastResort.report(error);
});
const { explore, releaseCanaries } = await import("./explore.js");
const { canaries, isCanary } = await import("./canaries.js");
const { canary } = values;
if (canary !== undefined && !isCanary(canary)) {
  console.error(`there is no canary "${canary}"; there are ${Object.keys(canaries).join(", ")}`);
  process.exit(2);
}
if (values.canaries === true) process.exit((await releaseCanaries()) ? 0 : 1);
const weathers = ["calm", "mixed", "storm"] as const;
const failed = await explore({
  seed: values.seed === undefined ? undefined : Number(values.seed),
  steps: values.steps === undefined ? undefined : Number(values.steps),
  rounds: values.rounds === undefined ? undefined : Number(values.rounds),
  seconds: values.seconds === undefined ? undefined : Number(values.seconds),
  canary,
  weather: weathers.find((weather) => weather === values.weather),
});
process.exit(failed ? 1 : 0);
