// The workloads that are one call each: a plain handler, durable steps, ten parallel calls joined.
import { answers, post } from "./workload.js";
import type { Iteration, Workload } from "./workload.js";

export const plain: Workload = {
  name: "plain",
  description: "one call of a handler that only answers",
  start: () =>
    counted((index) => [
      {
        request: post("/Greeter/greet", `client ${index}`),
        isRight: answers(`Hello client ${index}`),
      },
    ]),
};

export const steps1: Workload = steps("steps1", "one", 1);
export const steps3: Workload = steps("steps3", "three", 3);
export const steps10: Workload = steps("steps10", "ten", 10);

export const fan: Workload = {
  name: "fan",
  description: "one call whose handler makes 10 parallel calls and adds up their answers",
  start: () =>
    counted((index) => {
      const expected = 10 * index + 45;
      return [{ request: post("/Fan/sum", index), isRight: answers(expected) }];
    }),
};

function steps(name: string, handler: string, count: number): Workload {
  return {
    name,
    description: `one call of a handler with ${count} durable step${count === 1 ? "" : "s"} in sequence`,
    start: () =>
      counted((index) => [
        { request: post(`/Steps/${handler}`, index), isRight: answers(index + count) },
      ]),
  };
}

function counted(iteration: (index: number) => Iteration): { next(): Iteration } {
  let index = 0;
  return { next: () => iteration(index++) };
}
