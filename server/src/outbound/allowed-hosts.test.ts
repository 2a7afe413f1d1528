import { expect, test } from "vitest";
import { parseAllowedHost } from "./allowed-hosts.js";

test.each([
  ["orders", { kind: "name", name: "orders" }],
  [" Orders.Internal ", { kind: "name", name: "orders.internal" }],
  ["*.svc.cluster.local", { kind: "below", suffix: ".svc.cluster.local" }],
  ["10.1.2.3", { kind: "network", address: "10.1.2.3", prefixBits: 32, family: "ipv4" }],
  ["10.0.0.0/8", { kind: "network", address: "10.0.0.0", prefixBits: 8, family: "ipv4" }],
  ["0.0.0.0/0", { kind: "network", address: "0.0.0.0", prefixBits: 0, family: "ipv4" }],
  ["fd00::/8", { kind: "network", address: "fd00::", prefixBits: 8, family: "ipv6" }],
  ["::1", { kind: "network", address: "::1", prefixBits: 128, family: "ipv6" }],
])("%s is understood", (text, host) => {
  expect(parseAllowedHost(text)).toEqual(host);
});

test.each([
  "",
  "*",
  "*.",
  "*.*",
  "a.*.b",
  "a*",
  "http://host",
  "host:80",
  "[::1]",
  "host/8",
  "10.0.0.0/33",
  "10.0.0.0/",
  "10.0.0.0/8/8",
  "10.0.0.0/-1",
  "fd00::/129",
  "fe80::1%eth0",
  "10.0.0",
  "1.2.3.4.5",
  "256.1.1.1",
  "a..b",
  "-a",
  "a b",
])("%j is not", (text) => {
  expect(parseAllowedHost(text)).toBeUndefined();
});
