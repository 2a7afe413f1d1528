// Overload in a model of the shard's loop, in which a turn takes as long as the work that is in it: what comes, what is
// refused, and what running attempts bring. The machine of the test has no part in it.

import { describe, expect, test } from "vitest";
import { Admission, fewSends } from "./admission.js";
import { fewUnderWay } from "./loop-limit.js";
import { Overloaded } from "./invocations.js";

interface Load {
  /** Of the capacity. */
  readonly factor: number;
  /** Each is a turn of the loop. */
  readonly steps: number;
  readonly seconds?: number;
  readonly admit?: boolean;
}

interface Outcome {
  /** Share of the capacity that was done. */
  readonly done: number;
  readonly refused: number;
  /** Of the second half of the time. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Run {
  readonly dueMs: number;
  readonly id: string;
  left: number;
}

const slots = 1_000;
const syncMs = 1.5;
const cost = { accept: 0.06, refuse: 0.02, event: 0.05 };

/** Work comes at a fixed rate, whatever becomes of it. */
function simulate({ factor, steps, seconds = 10, admit = true }: Load): Outcome {
  let nowMs = 0;
  const admission = new Admission({ waitingBytesMax: Infinity }, () => nowMs);
  const capacity = 1_000 / (cost.accept + cost.event * (steps + 1));
  const ready: Run[] = [];
  let running: Run[] = [];
  const latencies: number[] = [];
  let head = 0;
  let arrived = 0;
  let refused = 0;
  while (nowMs < seconds * 1_000) {
    const turnAtMs = nowMs;
    const arrivedBefore = arrived;
    const batch: { run: Run; ticket: ReturnType<Admission["entered"]> }[] = [];
    for (const due = Math.floor((nowMs * capacity * factor) / 1_000); arrived < due; arrived++) {
      const run = {
        dueMs: (arrived * 1_000) / capacity / factor,
        id: String(arrived),
        left: steps,
      };
      if (admit && isRefused(admission)) {
        refused++;
        nowMs += cost.refuse;
        continue;
      }
      batch.push({ run, ticket: admission.entered(1, { runId: run.id, service: "S" }) });
      nowMs += cost.accept;
    }
    nowMs += running.length * cost.event + syncMs;
    for (const { dueMs, id } of running.filter(({ left }) => left === 0)) {
      latencies.push(nowMs - dueMs);
      admission.over(id);
    }
    running = running.filter(({ left }) => left > 0);
    for (const run of running) run.left--;
    for (const { run, ticket } of batch) {
      admission.left(ticket, true);
      ready.push(run);
    }
    for (let run = ready[head]; run !== undefined && running.length < slots; run = ready[head]) {
      head++;
      admission.started(run.id);
      running.push(run);
    }
    const busyMs = nowMs - turnAtMs - syncMs;
    admission.turned({ busyMs, endMs: nowMs, came: arrived - arrivedBefore });
  }
  const late = latencies.slice(latencies.length >> 1).sort((a, b) => a - b);
  return {
    done: latencies.length / seconds / capacity,
    refused: refused / arrived,
    p50Ms: late[late.length >> 1] ?? Infinity,
    p99Ms: late[Math.floor(late.length * 0.99)] ?? Infinity,
  };
}

/** @param service  null: a send */
function isRefused(admission: Admission, service: string | null = "S"): boolean {
  try {
    admission.check(service ?? undefined);
    return false;
  } catch (error) {
    if (error instanceof Overloaded) return true;
    throw error;
  }
}

describe("more than the server can do", () => {
  test.each([0, 3, 10])("below its capacity nobody is refused (%i steps)", (steps) => {
    expect(simulate({ factor: 0.9, steps })).toMatchObject({ refused: 0 });
  });

  test("without admission, twice the capacity makes the wait grow without end, and throughput fall", () => {
    const { p50Ms, done } = simulate({ factor: 2, steps: 3, admit: false });
    expect(p50Ms).toBeGreaterThan(5_000);
    expect(done).toBeLessThan(0.75);
  });

  test.each([
    [1.5, 0],
    [2, 0],
    [1.5, 3],
    [2, 3],
    [3, 3],
    [2, 10],
    [4, 10],
  ])(
    "at %f times the capacity with %i steps, what is accepted is done in time",
    (factor, steps) => {
      const { p50Ms, p99Ms, done, refused } = simulate({ factor, steps });

      // With all slots taken a turn takes some 50 ms, and there is one for each step.
      expect(p50Ms).toBeLessThan(600 + steps * 70);
      expect(p99Ms).toBeLessThan(1_500 + steps * 100);
      expect(refused).toBeGreaterThan(0.3);
      // What is refused costs a third of what is accepted here: that much is lost.
      expect(done).toBeGreaterThan(1 - factor * 0.18);
    },
  );
});

describe("whom it concerns", () => {
  /** An engine on which calls of a service wait too long for their attempts. */
  function slow(): { admission: Admission; pass: (ms: number) => void } {
    let nowMs = 0;
    const admission = new Admission({ waitingBytesMax: 1_000 }, () => nowMs);
    let number = 0;
    const pass = (ms: number): void => {
      for (const until = nowMs + ms; nowMs < until;) {
        nowMs += 10;
        isRefused(admission);
        isRefused(admission, "Other");
      }
    };
    for (let turn = 0; turn < 100; turn++) {
      const ids = Array.from({ length: 300 }, () => `run-${String(++number)}`);
      for (const runId of ids) {
        admission.left(admission.entered(1, { runId, service: "S" }), true);
      }
      pass(200);
      for (const runId of ids) admission.started(runId);
    }
    return { admission, pass };
  }
  const shareRefused = (admission: Admission, service: string | null): number =>
    Array.from({ length: 100 }, () => isRefused(admission, service)).filter(Boolean).length / 100;

  test("calls of the service that is slow; neither those of others, nor sends", () => {
    const { admission } = slow();

    expect(shareRefused(admission, "S")).toBeGreaterThan(0.5);
    expect(shareRefused(admission, "Other")).toBe(0);
    expect(shareRefused(admission, null)).toBe(0);
  });

  test("nobody any more, soon after it has become better", () => {
    const { admission, pass } = slow();
    pass(8_000);
    expect(shareRefused(admission, "S")).toBe(0);
  });

  test("not those who wait for a deployment that is away: nothing starts, and nothing is refused", () => {
    let nowMs = 0;
    const admission = new Admission({ waitingBytesMax: 1_000 }, () => nowMs);
    for (let number = 0; number < 500; number++) {
      expect(isRefused(admission)).toBe(false);
      admission.left(admission.entered(1, { runId: String(number), service: "S" }), true);
      nowMs += 100;
    }
  });

  test("not those who wait for a lock, however many they are", () => {
    let nowMs = 0;
    const admission = new Admission({ waitingBytesMax: 1_000 }, () => nowMs);
    for (let number = 0; number < 500; number++) {
      admission.left(admission.entered(1, { runId: String(number), service: "S" }), false);
    }
    for (let number = 0; number < 500; number++) {
      nowMs += 100;
      admission.started(String(number));
      expect(isRefused(admission)).toBe(false);
    }
  });
});

test("a single stall refuses nobody", () => {
  let nowMs = 0;
  const admission = new Admission({ waitingBytesMax: 1_000 }, () => nowMs);
  const tickets = Array.from({ length: 300 }, () => admission.entered(1, undefined));
  nowMs += 280;
  expect(isRefused(admission, null)).toBe(false);
  for (const ticket of tickets) admission.left(ticket, false);
  for (let n = 0; n < 200; n++) {
    nowMs += 5;
    expect(isRefused(admission, null)).toBe(false);
  }
});

test("a store that takes nothing any more refuses sends as well", () => {
  let nowMs = 0;
  const admission = new Admission({ waitingBytesMax: 100_000 }, () => nowMs);
  let refused = 0;
  for (let n = 0; n < 2_000; n++) {
    nowMs += 1;
    if (isRefused(admission, null)) refused++;
    else admission.entered(1, undefined);
  }
  expect(refused).toBeGreaterThan(1_000);
});

test("submissions that wait to be stored have so many bytes together, not more", () => {
  const admission = new Admission({ waitingBytesMax: 1_000 }, () => 0);
  const ticket = admission.entered(999, undefined);
  expect(isRefused(admission, null)).toBe(false);
  const other = admission.entered(1, undefined);
  expect(() => admission.check(undefined)).toThrow(/1000 bytes.*submissionsBytesMax is 1000/);
  admission.left(other, false);
  admission.left(ticket, false);
  expect(isRefused(admission, null)).toBe(false);
});

test("calls that wait for long, and whose callers may have left, are not all kept in memory", () => {
  const admission = new Admission({ waitingBytesMax: Infinity }, () => 0);
  for (let n = 0; n < 60_000; n++) {
    const call = { runId: String(n), service: "Away" };
    admission.left(admission.entered(1, call), true);
  }
  expect(admission.starting).toBe(50_000);
  admission.over("0");
  admission.entered(1, { runId: "another", service: "Away" });
  expect(admission.starting).toBe(50_000);
});

describe("while the turns of the loop are too long", () => {
  const slowTurns = (admission: Admission, nowMs: number): void => {
    for (let turn = 0; turn < 50; turn++) {
      admission.turned({ busyMs: 60, endMs: nowMs + turn * 60, came: 1 });
    }
  };
  const call = (admission: Admission, runId: string): void => {
    admission.left(admission.entered(1, { runId, service: "S" }), true);
  };

  test("so many are under way as are no burden, and the next are refused", () => {
    const admission = new Admission({ waitingBytesMax: 1_000 }, () => 0);
    for (let number = 0; number < fewUnderWay; number++) {
      expect(isRefused(admission)).toBe(false);
      call(admission, String(number));
      slowTurns(admission, 0);
    }
    expect(isRefused(admission)).toBe(true);
    expect(isRefused(admission, "Other")).toBe(true);
    expect(isRefused(admission, null)).toBe(false);

    admission.over("1");
    expect(isRefused(admission)).toBe(false);
  });

  test("sends are refused when more of them wait to be stored than a burst has", () => {
    const admission = new Admission({ waitingBytesMax: 10_000 }, () => 0);
    for (let number = 0; number < fewSends; number++) {
      expect(isRefused(admission, null)).toBe(false);
      admission.entered(1, undefined);
      slowTurns(admission, 0);
    }
    expect(isRefused(admission, null)).toBe(true);
  });

  test("calls that wait for long, or for a lock, are no burden of it", () => {
    let nowMs = 0;
    const admission = new Admission({ waitingBytesMax: 1_000 }, () => nowMs);
    for (let number = 0; number < 1_000; number++) {
      admission.left(
        admission.entered(1, { runId: `lock ${String(number)}`, service: "S" }),
        false,
      );
      call(admission, String(number));
      admission.started(String(number));
    }
    isRefused(admission);
    slowTurns(admission, 0);
    expect(isRefused(admission)).toBe(true);
    nowMs = 1_001;
    expect(isRefused(admission)).toBe(false);
  });
});
