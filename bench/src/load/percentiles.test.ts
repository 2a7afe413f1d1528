import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { medianOf, percentilesOf } from "./percentiles.js";

describe("percentilesOf", () => {
  test("takes the nearest rank of one to a hundred, in whatever order they come", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);

    expect(percentilesOf(values)).toEqual({ p50: 50, p90: 90, p99: 99, p999: 100, max: 100 });
  });

  test("gives the one value there is for every percentile", () => {
    expect(percentilesOf([7])).toEqual({ p50: 7, p90: 7, p99: 7, p999: 7, max: 7 });
  });

  test("sorts by number, not by text", () => {
    expect(percentilesOf([10, 9, 100])).toMatchObject({ p50: 10, max: 100 });
  });

  test("is not a number when nothing was measured", () => {
    expect(percentilesOf([]).p50).toBeNaN();
  });

  test("names a measured value that at least the given share does not exceed", () => {
    const latency = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1 }), (values) => {
        const { p90 } = percentilesOf(values);
        const within = values.filter((value) => value <= p90).length;
        const below = values.filter((value) => value < p90).length;

        expect(values).toContain(p90);
        expect(within).toBeGreaterThanOrEqual(0.9 * values.length - 1e-9);
        expect(below).toBeLessThan(0.9 * values.length + 1e-9);
      }),
    );
  });
});

describe("medianOf", () => {
  test.each([
    [[3, 1, 2], 2],
    [[4, 1], 2.5],
    [[], Number.NaN],
  ])("of %j is %d", (values, expected) => {
    expect(medianOf(values)).toEqual(expected);
  });
});
