// Arguments of the command and files of its configuration, damaged: it says what is wrong and how it ends, and never with a
// stack. Nothing is started: where the command looks for its configuration lies one that no server accepts.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { loadConfig } from "@perdure/server/config";
import { damagedJson, damagedText, fuzz, isCoded } from "@perdure/protocol/fuzz.fixture";
import { afterAll, expect } from "vitest";
import { runCli } from "./run-cli.js";

const cwd = mkdtempSync(path.join(tmpdir(), "perdure-fuzz-"));
const cwdOfNoServer = mkdtempSync(path.join(tmpdir(), "perdure-fuzz-"));
writeFileSync(path.join(cwdOfNoServer, "perdure.config.json"), "[]");
afterAll(() => {
  for (const folder of [cwd, cwdOfNoServer]) rmSync(folder, { recursive: true, force: true });
});

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

/** Whether they name a host that a test has no business with, and that may never answer. */
function asksElsewhere(args: readonly string[]): boolean {
  return args.some((arg, index) => {
    const [flag, value = args[index + 1] ?? ""] = arg.split(/=(.*)/s);
    if (flag !== "--admin-url") return false;
    const url = value.includes("://") ? value : `http://${value}`;
    return URL.canParse(url) && new URL(url).hostname !== "127.0.0.1";
  });
}

fuzz("arguments of the command", {
  input: fc
    .array(
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...words) },
        { weight: 1, arbitrary: damagedText(...words) },
      ),
      { maxLength: 6 },
    )
    // A process gets its arguments as UTF-8.
    .map((args) => args.map((arg) => Buffer.from(arg).toString("utf8")))
    .filter((args) => !asksElsewhere(args)),
  casesAtOnce: 20,
  caseMsMax: 10_000,
  run: async (args) => {
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    // Port 1 answers nobody.
    const env = { PERDURE_ADMIN_URL: "http://127.0.0.1:1" };
    const status = await runCli(args, { out: say, err: say, env, cwd: cwdOfNoServer });
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
