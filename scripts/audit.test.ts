import { expect, test } from "vitest";
import { verdictOf } from "./audit.js";

const counts = (more: object): string =>
  JSON.stringify({
    vulnerabilities: {},
    metadata: { vulnerabilities: { low: 0, high: 0, critical: 0 } },
    ...more,
  });
const found = (severity: string): string =>
  counts({
    vulnerabilities: { lodash: { severity } },
    metadata: { vulnerabilities: { [severity]: 1 } },
  });
const said = "npm warn audit 405 Method Not Allowed - POST https://registry.example/advisories\n";

test("nothing that is known passes", () => {
  expect(verdictOf(counts({}), "").passed).toBe(true);
});

test.each([
  ["high", false],
  ["critical", false],
  ["moderate", true],
  ["low", true],
])("what is known to be %s passes: %s", (severity, passed) => {
  expect(verdictOf(found(severity), "").passed).toBe(passed);
});

test("what is found fails, whatever else was said", () => {
  const verdict = verdictOf(found("high"), said);

  expect(verdict.passed).toBe(false);
  expect(verdict.text).toContain("lodash (high)");
});

test("findings that are counted and not listed fail", () => {
  const report = counts({ metadata: { vulnerabilities: { critical: 2 } } });

  expect(verdictOf(report, "").passed).toBe(false);
});

test.each(["404 Not Found", "405 Method Not Allowed", "501 Not Implemented"])(
  "a registry without the service passes, and it is said: %s",
  (status) => {
    const verdict = verdictOf("{}", said.replace("405 Method Not Allowed", status));

    expect(verdict.passed).toBe(true);
    expect(verdict.text).toMatch(/^not audited: .*\d{3}/);
    expect(verdict.text).not.toContain("registry.example");
  },
);

test.each([
  ["", said],
  ["not JSON", ""],
  ["{}", ""],
  ["{}", said.replace("405 Method Not Allowed", "500 Internal Server Error")],
  ["{}", said.replace("405 Method Not Allowed", "403 Forbidden")],
  [JSON.stringify({ error: { code: "ENOTFOUND" } }), ""],
])("no answer fails: %j, %j", (output, errors) => {
  expect(verdictOf(output, errors).passed).toBe(false);
});
