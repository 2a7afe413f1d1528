import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { makeMeetingPlace } from "./meeting-place.js";

let scratch: string;
let temporary: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "perdure-test-"));
  temporary = join(scratch, "tmp");
  mkdirSync(temporary);
  vi.stubEnv("TMPDIR", temporary);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

function dataDirectory(name: string): string {
  const path = join(scratch, name);
  mkdirSync(path, { recursive: true });
  return path;
}

describe.skipIf(process.platform === "win32")("the place where workers meet", () => {
  test("can be entered by its user alone", () => {
    const place = makeMeetingPlace(dataDirectory("data"));

    expect(statSync(place).mode & 0o777).toBe(0o700);
  });

  test("has room for the paths of sockets, however deep the data directory is", () => {
    const place = makeMeetingPlace(dataDirectory("deep/".repeat(30)));

    expect(place.slice(temporary.length).length).toBeLessThan(40);
  });

  test("of a server that was killed is removed when its data directory is used again", () => {
    const data = dataDirectory("data");
    const left = makeMeetingPlace(data);
    writeFileSync(join(left, "0"), "");

    const place = makeMeetingPlace(data);

    expect(existsSync(left)).toBe(false);
    expect(place).not.toBe(left);
  });

  test("is found by whatever path the data directory is named", () => {
    const data = dataDirectory("data");
    const left = makeMeetingPlace(data);
    symlinkSync(data, join(scratch, "link"));

    makeMeetingPlace(join(scratch, "link"));

    expect(existsSync(left)).toBe(false);
  });

  test("of a server of another data directory stays", () => {
    const other = makeMeetingPlace(dataDirectory("other"));

    makeMeetingPlace(dataDirectory("data"));

    expect(existsSync(other)).toBe(true);
  });

  test("is told where there can be none", () => {
    vi.stubEnv("TMPDIR", join(scratch, "missing"));

    expect(() => makeMeetingPlace(dataDirectory("data"))).toThrow(
      /^PDR1305: the workers can't meet in .+missing \(ENOENT/,
    );
  });

  test("is no link that somebody put there", () => {
    const data = dataDirectory("data");
    const left = makeMeetingPlace(data);
    const precious = dataDirectory("precious");
    rmSync(left, { recursive: true });
    symlinkSync(precious, left);

    makeMeetingPlace(data);

    expect(existsSync(precious)).toBe(true);
    expect(existsSync(left)).toBe(true);
  });
});
