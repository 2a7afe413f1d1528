// Turns vitest's JSON report into the one line that CI ends with: `N passed, N failed`.
//
// Whatever keeps a run from being good counts as a failure, so that the line never looks better
// than the run was: a test file that could not be loaded, a test that was skipped or is a todo (one
// that does not run proves nothing), an error that escaped all tests (it shows only in vitest's own
// exit code), no test at all.
//
//   node --import tsx scripts/test-summary.ts REPORT.json EXIT-CODE-OF-VITEST
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** The part of vitest's (jest-like) JSON report that is read here. */
export interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  /** What failed other than by a failing test, one line each. */
  readonly notes: readonly string[];
}

/** @param exitCode  what vitest itself ended with; 0 when it found nothing wrong. */
export function summarise(report: TestReport, exitCode: number): TestSummary {
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const passed = tests.filter((test) => test.status === "passed").length;
  const failed = tests.filter((test) => test.status === "failed").length;
  const notes = [
    ...brokenFilesOf(report).map((name) => `not loaded: ${name}`),
    ...tests
      .filter((test) => test.status !== "passed" && test.status !== "failed")
      .map((test) => `not run: ${test.fullName}`),
  ];
  if (tests.length === 0 && notes.length === 0) notes.push("no tests were found");
  if (exitCode !== 0 && failed + notes.length === 0) notes.push("an error escaped all tests");
  return { passed, failed: failed + notes.length, notes };
}

function brokenFilesOf(report: TestReport): string[] {
  return report.testResults
    .filter((file) => file.status === "failed")
    .filter((file) => !file.assertionResults.some((test) => test.status === "failed"))
    .map((file) => file.name);
}

function main(reportFile: string, exitCode: number): void {
  const report = JSON.parse(readFileSync(reportFile, "utf8")) as TestReport;
  const { passed, failed, notes } = summarise(report, exitCode);
  for (const note of notes) console.log(note);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

const [, script, reportFile, exitCode] = process.argv;
if (script !== undefined && import.meta.url === pathToFileURL(script).href) {
  if (reportFile === undefined || exitCode === undefined) {
    throw new Error("usage: test-summary.ts REPORT.json EXIT-CODE-OF-VITEST");
  }
  main(reportFile, Number(exitCode));
}
