// Counters in a virtual object: additions to a thousand random keys, or to one key that all clients
// share. Correctness is checked twice: the answers for one key must be 1, 2, 3 … with none missing
// or repeated (their sum tells), and the counter must hold the number of additions afterwards.
import { answers, get, post } from "./workload.js";
import type { Exchange, Iteration, Workload, WorkloadRun } from "./workload.js";

export const counter: Workload = {
  name: "counter",
  description: "one addition to a counter object, 1000 random keys",
  start: (runId) => startCounters(runId, 1000),
};

export const counterHot: Workload = {
  name: "counterhot",
  description: "one addition to a counter object, all clients on one key",
  start: (runId) => startCounters(runId, 1),
};

function startCounters(runId: string, keys: number): WorkloadRun {
  const additions = new Float64Array(keys);
  const answerSums = new Float64Array(keys);
  const exchanges = Array.from({ length: keys }, (_, key): Iteration => {
    const isRight: Exchange["isRight"] = (status, body) => {
      const value = Number(body);
      if (status !== 200 || !(Number.isInteger(value) && value > 0)) return false;
      additions[key]! += 1;
      answerSums[key]! += value;
      return true;
    };
    return [{ request: post(`/Counter/${runId}-${key}/add`, 1), isRight }];
  });
  const random = randomSource();

  return {
    next: () => exchanges[Math.floor(random() * keys)]!,
    verification: () =>
      exchanges.flatMap((_, key): Iteration[] => {
        const count = additions[key]!;
        if (count === 0) return [];
        const noneRepeated = answerSums[key] === (count * (count + 1)) / 2;
        const holds = answers(count);
        const isRight: Exchange["isRight"] = (status, body) => noneRepeated && holds(status, body);
        return [[{ request: get(`/Counter/${runId}-${key}/get`), isRight }]];
      }),
  };
}

/** Numbers in [0, 1), the same in every run, so that systems compared meet the same keys (xorshift32). */
function randomSource(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
