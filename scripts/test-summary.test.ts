import { describe, expect, test } from "vitest";
import { summarise, type TestReport } from "./test-summary.js";

function report(statuses: readonly string[], fileStatus = "passed"): TestReport {
  const assertionResults = statuses.map((status, index) => ({ fullName: `test ${index}`, status }));
  return { testResults: [{ name: "a.test.ts", status: fileStatus, assertionResults }] };
}

describe("summarise", () => {
  test("counts what passed", () => {
    expect(summarise(report(["passed", "passed"]), 0)).toEqual({ passed: 2, failed: 0, notes: [] });
  });

  test("counts what failed, once", () => {
    const summary = summarise(report(["passed", "failed"], "failed"), 1);

    expect(summary).toEqual({ passed: 1, failed: 1, notes: [] });
  });

  test("counts a file that could not be loaded as a failure", () => {
    const summary = summarise(report([], "failed"), 1);

    expect(summary).toEqual({ passed: 0, failed: 1, notes: ["not loaded: a.test.ts"] });
  });

  test.each(["skipped", "pending", "todo"])("counts a test that is %s as a failure", (status) => {
    const summary = summarise(report(["passed", status]), 0);

    expect(summary).toEqual({ passed: 1, failed: 1, notes: ["not run: test 1"] });
  });

  test("counts an error that escaped all tests as a failure", () => {
    const summary = summarise(report(["passed"]), 1);

    expect(summary).toEqual({ passed: 1, failed: 1, notes: ["an error escaped all tests"] });
  });

  test("counts a run without tests as a failure", () => {
    expect(summarise(report([]), 0).failed).toBe(1);
  });
});
