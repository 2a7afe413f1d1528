import { describe, expect, test } from "vitest";
import { figuresTable, ratioTable } from "./report.js";
import { summarize } from "./results.js";
import type { Sample } from "./results.js";

function sample(change: Partial<Sample>): Sample {
  return {
    system: "perdure",
    workload: "steps3",
    clients: 50,
    repetition: 1,
    completed: 1000,
    windowMs: 1000,
    latencyMs: { p50: 5, p90: 6, p99: 8, p999: 9, max: 9 },
    totalCompleted: 1500,
    errors: 0,
    wrong: 0,
    unfinished: 0,
    complaints: [],
    cpuMs: { server: 100, services: 50, load: 10 },
    rssMb: { server: 100, services: 80 },
    idleShare: 0.25,
    otherShare: 0.05,
    ...change,
  };
}

describe("summarize", () => {
  test("takes the median of the repetitions and keeps each of their rates", () => {
    const samples = [900, 1200, 1000].map((completed, index) =>
      sample({ completed, repetition: index + 1 }),
    );

    expect(summarize(samples)).toMatchObject([{ rate: 1000, rates: [900, 1200, 1000] }]);
  });

  test("divides rates by the window as it was, CPU by what was completed in it", () => {
    const [summary] = summarize([sample({ completed: 500, windowMs: 2000 })]);

    expect(summary).toMatchObject({ rate: 250, cpuUs: { server: 200, services: 100, load: 20 } });
  });

  test("adds up what went wrong", () => {
    const samples = [sample({ errors: 2 }), sample({ repetition: 2, errors: 1, wrong: 4 })];

    expect(summarize(samples)).toMatchObject([{ errors: 3, wrong: 4 }]);
  });
});

describe("the tables", () => {
  const peer = sample({
    system: "restate",
    completed: 100,
    latencyMs: { p50: 50, p90: 60, p99: 40, p999: 80, max: 90 },
    cpuMs: { server: 200, services: 100, load: 10 },
    rssMb: { server: 50, services: 80 },
  });

  test("show one row for each system", () => {
    const lines = figuresTable(summarize([sample({}), peer])).split("\n");

    expect(lines).toHaveLength(4);
    expect(lines[2]).toMatch(/^\| steps3 \| 50 \| Perdure \| 1000 \| 1000 \| 5\.00 \|/);
    expect(lines[3]).toMatch(/^\| steps3 \| 50 \| Restate \| 100 \|/);
  });

  test("say how many times better each figure is, below one when it is worse", () => {
    const text = ratioTable(summarize([sample({}), peer]), "perdure", "restate");

    expect(text).toContain("| steps3 | 50 | 10.0 × | 10.0 × | 5.0 × | 20.0 × | 0.5 × |");
  });

  test("leave out cells that only one system has", () => {
    const text = ratioTable(summarize([sample({}), { ...peer, clients: 1 }]), "perdure", "restate");

    expect(text).not.toContain("steps3");
  });
});
