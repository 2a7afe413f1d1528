import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sleep, timeoutSignal } from "./timers.js";

const timerMsMax = 2 ** 31 - 1;

describe("a sleep", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([0, 1, 250, timerMsMax, timerMsMax + 1, 3 * timerMsMax])(
    "of %d ms is that long",
    async (ms) => {
      let isOver = false;
      const slept = sleep(ms, undefined).then(() => (isOver = true));

      await vi.advanceTimersByTimeAsync(Math.max(0, ms - 1));
      const early = isOver;
      await vi.advanceTimersByTimeAsync(1);
      await slept;

      expect([early, isOver]).toEqual([ms === 0, true]);
    },
  );

  test("ends with the signal's reason, and leaves no timer", async () => {
    const controller = new AbortController();
    const reason = new Error("gone");
    const slept = sleep(1_000, controller.signal);
    controller.abort(reason);

    await expect(slept).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("does not begin where the signal has aborted", async () => {
    const reason = new Error("gone");

    await expect(sleep(1_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a timeout", () => {
  test("of more than a timer can be does not fire at once", async () => {
    const signal = timeoutSignal(10 * timerMsMax);
    await new Promise((resolve) => setTimeout(resolve, 5));

    expect(signal.aborted).toBe(false);
  });

  test("fires", async () => {
    const signal = timeoutSignal(1);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));

    expect(signal.reason).toMatchObject({ name: "TimeoutError" });
  });
});
