import { describe, expect, test } from "vitest";
import type { RuleChange } from "./registrar.js";
import { rulesMax, withoutRules, withRules } from "./rule-book.js";

function change(pattern: string, more: Partial<RuleChange> = {}): RuleChange {
  const none = { description: "", disabled: false, precondition: { kind: "none" } } as const;
  return { pattern, concurrency: undefined, ...none, ...more };
}

const none = new Map();

describe("the book of rules", () => {
  test(`takes ${rulesMax} rules, and not one more`, () => {
    const many = Array.from({ length: rulesMax }, (_, at) => change(`scope-${at}`));

    const full = withRules(none, many, 1);

    expect(full.size).toBe(rulesMax);
    expect(() => withRules(full, [change("one-more")], 2)).toThrow(
      expect.objectContaining({ code: "PDR4212", httpStatus: 422 }),
    );
    expect(withRules(full, [change("scope-1", { concurrency: 5 })], 2).size).toBe(rulesMax);
  });

  test("is a new one each time; the old one stays as it was", () => {
    const before = withRules(none, [change("a", { concurrency: 1 })], 1_000.5);

    const after = withRules(before, [change("a", { concurrency: 2 })], 2_000);
    const empty = withoutRules(after, [{ pattern: "a", expectedVersion: 2 }]);

    expect(before.get("a")).toMatchObject({ concurrency: 1, version: 1, modifiedAt: 1_000 });
    expect(after.get("a")).toMatchObject({ concurrency: 2, version: 2, modifiedAt: 2_000 });
    expect(empty.size).toBe(0);
  });

  test.each(["a", "*", "a/b", "*/b/*", "A-z_0.9/*", "x".repeat(36)])(
    "takes the pattern %s",
    (pattern) => {
      expect(withRules(none, [change(pattern)], 1).has(pattern)).toBe(true);
    },
  );
});
