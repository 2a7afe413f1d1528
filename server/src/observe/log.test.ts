import { expect, onTestFinished, test, vi } from "vitest";
import { createLog } from "./log.js";

function said(message: string): string {
  const lines: string[] = [];
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  onTestFinished(() => stderr.mockRestore());
  createLog("info").warn(message);
  return lines.join("");
}

test("a message is one line, whatever is in it", () => {
  const line = said("a\nb\r2026-01-01T00:00:00.000Z ERROR c\u001b[2J\u0085\u2028d");

  expect(line).toMatch(/^\S+Z WARN a\\nb\\u000d2026-\S+ ERROR c\\u001b\[2J\\u0085\\u2028d\n$/);
});

test("what is no control character stays as it is", () => {
  expect(said('"Ünï 😀" \\n')).toMatch(/ WARN "Ünï 😀" \\n\n$/);
});
