import { expect, test } from "vitest";
import { Flood } from "./flood.js";

test("nobody is held back by turns that have time for all who come", () => {
  const flood = new Flood();
  for (let nowMs = 0; nowMs < 10_000; nowMs += 20) flood.turned(500, nowMs);
  expect(flood.holdBackMs).toBe(0);
});

test("the longer it lasts the longer are they held, and less than they were asked to wait", () => {
  const flood = new Flood();
  const holds = [0, 20, 40, 60].map((nowMs) => {
    flood.turned(1_000, nowMs);
    return flood.holdBackMs;
  });
  expect(holds).toEqual([25, 50, 100, 200]);
  for (let nowMs = 80; nowMs < 1_000; nowMs += 20) flood.turned(1_000, nowMs);
  expect(flood.holdBackMs).toBeLessThan(1_000);
});

test("when it is over, all are listened to again, step by step", () => {
  const flood = new Flood();
  for (let nowMs = 0; nowMs < 200; nowMs += 20) flood.turned(1_000, nowMs);
  for (let nowMs = 200; nowMs < 300; nowMs++) flood.turned(1, nowMs);
  expect(flood.holdBackMs).toBe(400);
  for (let nowMs = 300; nowMs < 2_000; nowMs++) flood.turned(1, nowMs);
  expect(flood.holdBackMs).toBe(0);
});
