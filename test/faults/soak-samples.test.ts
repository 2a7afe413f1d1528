import { expect, test } from "vitest";
import { verdictsOf, victimAt, type Sample } from "./soak-samples.js";

function samplesOf(change: (at: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: 100 }, (_, index) => {
    const at = (index + 1) / 100;
    return {
      at,
      minutes: at * 60,
      operations: index,
      kills: index,
      serverMb: 150 + (index % 7),
      servicesMb: 100 + (index % 5),
      serverFiles: 60 + (index % 9),
      servicesFiles: 20,
      diskMb: 200 + (index % 11),
      p50Ms: 5 + (index % 3),
      p99Ms: index % 10 === 0 ? NaN : 30 + (index % 20),
      ...change(at),
    };
  });
}

function growing(samples: readonly Sample[]): string[] {
  return verdictsOf(samples)
    .filter(({ isFlat }) => !isFlat)
    .map(({ measure }) => measure);
}

test("a soak in which nothing grows is flat, whatever it shakes", () => {
  expect(growing(samplesOf(() => ({})))).toEqual([]);
});

test.each([
  ["serverMb", 150, 200],
  ["servicesMb", 100, 400],
  ["serverFiles", 50, 100],
  ["servicesFiles", 20, 100],
  ["diskMb", 200, 200],
  ["p50Ms", 5, 20],
  ["p99Ms", 30, 400],
] as const)("what grows is told: %s", (measure, start, by) => {
  expect(growing(samplesOf((at) => ({ [measure]: start + by * at })))).toEqual([measure]);
});

test("what was never measured is not flat", () => {
  expect(growing(samplesOf(() => ({ diskMb: NaN })))).toEqual(["diskMb"]);
});

test("a process lives on while its memory is looked at", () => {
  const victims = Array.from({ length: 60 }, (_, minute) => victimAt(minute / 60, minute));

  expect(new Set(victims.slice(0, 30))).toEqual(new Set(["server", "services", "both"]));
  expect(new Set(victims.slice(30, 45))).toEqual(new Set(["services"]));
  expect(new Set(victims.slice(45))).toEqual(new Set([undefined]));
});
