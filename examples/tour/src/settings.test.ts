import { expect, test } from "vitest";
import { readSettings } from "./settings.js";

test("nothing needs to be set", () => {
  expect(readSettings({})).toEqual({
    ingress: "localhost:8080",
    isMailFixed: false,
    reminderInterval: { seconds: 15 },
    verificationTimeout: { days: 1 },
    firstRetryInterval: { seconds: 1 },
  });
});

test("waits can be shortened, in milliseconds", () => {
  const settings = readSettings({ TOUR_REMINDER_MS: "200", TOUR_TIMEOUT_MS: "0" });

  expect(settings.reminderInterval).toBe(200);
  expect(settings.verificationTimeout).toBe(0);
});

test.each(["soon", "-1", "1.5", "1s"])("%s is refused as a wait", (text) => {
  expect(() => readSettings({ TOUR_REMINDER_MS: text })).toThrow(
    `TOUR_REMINDER_MS must be a number of milliseconds, not "${text}"`,
  );
});
