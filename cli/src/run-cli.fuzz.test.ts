// Arguments of the command and files of its configuration, damaged: it says what is wrong and how it ends, and never with a
// stack. Nothing is started: the words that would start something are given a file of configuration that does not exist.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { loadConfig } from "@perdure/server/config";
import { damagedJson, damagedText, fuzz, isCoded } from "@perdure/protocol/fuzz.fixture";
import { afterAll, expect } from "vitest";
import { runCli } from "./run-cli.js";

const cwd = mkdtempSync(path.join(tmpdir(), "perdure-fuzz-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const words = [
  "server",
  "deployments",
  "register",
  "list",
  "get",
  "remove",
  "invocations",
  "describe",
  "resume",
  "cancel",
  "services",
  "state",
  "--help",
  "--version",
  "--config",
  "--data-dir",
  "--admin-url",
  "--force",
  "--dry-run",
  "http://127.0.0.1:1",
  "inv_1",
  "dp_1",
  "-h",
  "--",
  "--json",
  "--log",
];

fuzz("arguments of the command", {
  input: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...words) },
      { weight: 1, arbitrary: damagedText(...words) },
    ),
    { maxLength: 6 },
  ),
  casesAtOnce: 20,
  caseMsMax: 10_000,
  run: async (args) => {
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    // Port 1 answers nobody; a missing file keeps the server from starting.
    const env = { PERDURE_ADMIN_URL: "http://127.0.0.1:1" };
    const all =
      args[0] === "server" ? ["server", "--config", "missing.json", ...args.slice(1)] : args;
    const status = await runCli(all, { out: say, err: say, env, cwd });
    expect([0, 1, 2]).toContain(status);
    expect(said.join("\n")).not.toMatch(/PDR5208|TypeError|RangeError|\n {4}at /);
  },
});

fuzz("files of the configuration", {
  input: damagedJson(
    { ingress: "0.0.0.0:8080", journalRetention: "7d", retryPolicy: { maxAttempts: "unlimited" } },
    { dataDir: "x", bodyBytesMax: "32 MiB", concurrency: 10, "retryPolicy.maxAttempts": 3 },
  ),
  run: (text) => {
    writeFileSync(path.join(cwd, "perdure.config.json"), text);
    loadConfig({ cwd });
  },
  refusals: isCoded,
});

fuzz("variables and flags of the configuration", {
  input: fc.tuple(
    fc.constantFrom(
      "PERDURE_INGRESS",
      "PERDURE_LOG",
      "PERDURE_BODY_BYTES_MAX",
      "PERDURE_ABORT_TIMEOUT",
      "PERDURE_X",
    ),
    damagedText("127.0.0.1:8080", "[::1]:1", "32 MiB", "1h", "info", "1e999"),
  ),
  run: ([name, text]) => {
    rmSync(path.join(cwd, "perdure.config.json"), { force: true });
    loadConfig({ cwd, env: { [name]: text } });
    loadConfig({ cwd, flags: { ingress: text } });
  },
  refusals: isCoded,
});
