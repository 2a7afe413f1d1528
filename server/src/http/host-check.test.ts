import { describe, expect, test } from "vitest";
import { hostsFor, isKnownHost, isLoopback } from "./host-check.js";

describe("a port may be called", () => {
  test.each([
    "localhost:9070",
    "LOCALHOST",
    "localhost.",
    "admin.localhost:1",
    "127.0.0.1:9070",
    "127.0.0.1",
    "10.1.2.3:80",
    "[::1]:9070",
    "[fd00::1]",
    "perdure:9070",
    "perdure.internal:9070",
    "Perdure.Internal",
    "",
    undefined,
  ])("by %s", (host) => {
    expect(isKnownHost(host, ["perdure.internal"])).toBe(true);
  });

  test("by any name where any is allowed", () => {
    expect(isKnownHost("evil.example:9070", ["*"])).toBe(true);
  });
});

describe("a port may not be called", () => {
  test.each([
    "evil.example",
    "evil.example:9070",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "notlocalhost.example",
    "user@localhost.evil.example",
    "perdure.internal.evil.example",
    "xperdure.internal",
    "evil.example.",
    "a b",
    "[evil.example]",
  ])("by %s", (host) => {
    expect(isKnownHost(host, ["perdure.internal"])).toBe(false);
  });
});

test("beyond this machine a port is called as it may be, unless names are configured", () => {
  expect(hostsFor("127.0.0.1", [])).toEqual([]);
  expect(hostsFor("0.0.0.0", [])).toEqual(["*"]);
  expect(hostsFor("0.0.0.0", ["perdure.example"])).toEqual(["perdure.example"]);
});

test.each([
  ["127.0.0.1", true],
  ["127.3.2.1", true],
  ["::1", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["10.0.0.1", false],
  ["127.evil.example", false],
])("%s is reached from this machine alone: %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
