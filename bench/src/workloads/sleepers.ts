// Requests of the sleepers experiment (see ../sleepers.ts): sends of invocations that sleep for a day,
// and calls that sleep for a moment, whose lateness shows how well timers keep time.
import { accepted, answers, post } from "./workload.js";
import type { Workload } from "./workload.js";

const dayMs = 24 * 60 * 60 * 1000;

/** How long a nap lasts, in milliseconds. */
export const napMs = 2000;

export const sleepSends: Workload = {
  name: "sleep-sends",
  description: "a send of an invocation that sleeps for one day",
  start: () => {
    const iteration = [{ request: post("/Sleeper/sleep/send", dayMs), isRight: accepted }];
    return { next: () => iteration };
  },
};

export const naps: Workload = {
  name: "naps",
  description: "a call that sleeps for two seconds",
  start: () => {
    const iteration = [{ request: post("/Sleeper/sleep", napMs), isRight: answers("awake") }];
    return { next: () => iteration };
  },
};
