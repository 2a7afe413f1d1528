import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { millisOf, parseDuration } from "./duration.js";

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

describe("a duration of an API", () => {
  test("is a number of milliseconds, truncated", () => {
    expect(millisOf(1500)).toBe(1500);
    expect(millisOf(1.9)).toBe(1);
  });

  test("is a sum of units", () => {
    const all = { days: 1, hours: 2, minutes: 3, seconds: 4, milliseconds: 5 };

    expect(millisOf(all)).toBe(dayMs + 2 * hourMs + 3 * minuteMs + 4 * secondMs + 5);
    expect(millisOf({ seconds: 0.5 })).toBe(500);
    expect(millisOf({})).toBe(0);
  });
});

describe("text of a duration", () => {
  test.each([
    ["PT1M30S", 90_000],
    ["pt0.5s", 500],
    ["PT0,25S", 250],
    ["P1DT12H", 1.5 * dayMs],
    ["P2W", 14 * dayMs],
    ["P1W2DT3H4M5S", 9 * dayMs + 3 * hourMs + 4 * minuteMs + 5 * secondMs],
    ["PT0S", 0],
  ])("in ISO-8601: %s is %i ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    ["5m", 5 * minuteMs],
    ["500ms", 500],
    ["60 sec", minuteMs],
    ["1m 30s", 90_000],
    ["1m30s", 90_000],
    ["1 hour, 2 mins", hourMs + 2 * minuteMs],
    ["1.5h", 1.5 * hourMs],
    ["2 DAYS", 2 * dayMs],
    ["1w", 7 * dayMs],
    ["  10s  ", 10_000],
    ["0s", 0],
    ["100us", 1],
    ["100µs", 1],
    ["1ns", 1],
    ["+5s", 5_000],
    ["1,5s", 1_500],
    ["1h,5m", hourMs + 5 * minuteMs],
    ["3 usecs, 2 nsecs", 1],
    ["01:02:03", hourMs + 2 * minuteMs + 3_000],
    ["2 days, 08:30:00.25", 2 * dayMs + 8.5 * hourMs + 250],
    ["36:0:0", 36 * hourMs],
  ])("in friendly words: %s is %i ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  // prettier-ignore
  test.each([
    "", " ", "P", "PT", "P1DT", "P1M", "P1Y", "P1H", "PT1S2M", "P-1D",
    "1h,", "1h,,5m", ",5m", "5s ago", "1y", "2 months", "08:30", "08:60:00", "08:30:00 1s", "08:30:00h",
    "5", "five minutes", "5x", "-5s", "s", "5m x", "9999999999999w",
  ])("%o is none", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test("of whole milliseconds reads back exactly, whatever unit it is written in", () => {
    fc.assert(
      fc.property(fc.nat(100 * dayMs), (ms) => {
        expect(parseDuration(`${ms}ms`)).toBe(ms);
        expect(parseDuration(`${(ms / secondMs).toFixed(3)}s`)).toBe(ms);
        expect(parseDuration(`PT${(ms / secondMs).toFixed(3)}S`)).toBe(ms);
      }),
    );
  });

  test("never becomes shorter than it says", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(999), (ms, micros) => {
        const parsed = parseDuration(`${ms}ms ${micros}us`);

        expect(parsed).toBe(ms + (micros > 0 ? 1 : 0));
      }),
    );
  });
});
