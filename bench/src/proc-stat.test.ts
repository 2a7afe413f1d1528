import { describe, expect, test } from "vitest";
import { cpuMsOf, machineTicks, parseCpuMs, parseMachineTicks, rssMbOf } from "./proc-stat.js";

describe("/proc", () => {
  test("CPU time is the sum of user and system time, whatever the process is called", () => {
    const stat = "42 (a ) (b) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 7 9 20 0 11 0 1000 0 0";

    expect(parseCpuMs(stat)).toBe(3000);
  });

  test("waiting for the disk counts as idle, guest time is not counted twice", () => {
    const stat = "cpu  10 1 5 100 20 0 2 3 8 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";

    expect(parseMachineTicks(stat)).toEqual({ idle: 120, total: 141 });
  });

  test.runIf(process.platform === "linux")("this process and this machine can be read", () => {
    expect(cpuMsOf(process.pid)).toBeGreaterThan(0);
    expect(rssMbOf(process.pid)).toBeGreaterThan(10);
    expect(machineTicks().total).toBeGreaterThan(machineTicks().idle);
  });
});
