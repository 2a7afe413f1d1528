// Standard decorators, lowered by whoever runs the code: tsx, or tsc to plain Node. (vitest lowers them in all the
// other tests.) Real processes.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { describe, expect, onTestFinished, test } from "vitest";
import { NetworkSession, peerOf, versions } from "../endpoint/network.fixture.js";
import { input } from "../replay/entries.fixture.js";

const sdk = fileURLToPath(new URL("../..", import.meta.url));
const fixture = fileURLToPath(new URL("decorated.fixture.ts", import.meta.url));

/** The port of a process that serves the classes. The SDK comes from its sources; no build is needed. */
async function portOf(script: string): Promise<number> {
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", script], {
    cwd: sdk,
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, "exit");
    expect(child.exitCode).toBe(0);
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return Number(line);
}

/** The fixture as tsc emits it, in a directory that finds the SDK. */
function compiled(): string {
  const directory = mkdtempSync(join(tmpdir(), "perdure-decorators-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  mkdirSync(join(directory, "node_modules/@perdure"), { recursive: true });
  symlinkSync(sdk, join(directory, "node_modules/@perdure/sdk"));
  writeFileSync(join(directory, "package.json"), JSON.stringify({ type: "module" }));
  const source = join(directory, "main.ts");
  writeFileSync(source, readFileSync(fixture, "utf8").replace("../index.js", "@perdure/sdk"));
  const tsc = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
  const options = [
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--noCheck",
    "--rootDir",
    directory,
  ];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, source], {
    cwd: directory,
    encoding: "utf8",
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  return join(directory, "main.js");
}

async function expectServices(port: number): Promise<void> {
  const peer = peerOf({ port });
  const { manifest } = await peer.client.discover(versions);
  expect(manifest?.services).toMatchObject([
    {
      name: "Greeter",
      kind: ServiceKind.SERVICE,
      documentation: "Greets",
      handlers: [
        { name: "hidden", kind: HandlerKind.SHARED, options: { ingressPrivate: true } },
        { name: "greet", kind: HandlerKind.SHARED },
      ],
    },
    {
      name: "Counter",
      kind: ServiceKind.VIRTUAL_OBJECT,
      handlers: [
        { name: "add", kind: HandlerKind.EXCLUSIVE },
        { name: "get", kind: HandlerKind.SHARED },
      ],
    },
    {
      name: "signup",
      kind: ServiceKind.WORKFLOW,
      options: { workflowRetentionMs: 604_800_000n },
      handlers: [
        { name: "run", kind: HandlerKind.RUN },
        { name: "verify", kind: HandlerKind.SHARED },
      ],
    },
  ]);
  const session = new NetworkSession(peer);
  session.start("Greeter/greet", 1, input("Ada"));
  expect(await session.told("end")).toEqual(["hello", 'end = "Hello Ada"']);
  session.end();
  await session.ended;
}

describe("decorated classes are served", { timeout: 30_000 }, () => {
  test("by tsx", async () => {
    await expectServices(await portOf(fixture));
  });

  test("by Node, from what tsc emits", async () => {
    await expectServices(await portOf(compiled()));
  });
});
