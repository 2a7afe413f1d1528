// The life of a server process: how it starts, what keeps it from starting, how it ends. Every refusal has its
// code, changes nothing and ends with status 1.

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { perdureBin } from "../harness/paths.js";
import { freePort, withPortInUse } from "../harness/ports.js";
import type { ServerProcess, ServerProcessOptions } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { until } from "../harness/until.js";

const shared = useBed("after all");
const bed = useBed("after each");
let services: ServicesProcess;
/** Data of a server that was killed. */
let template = "";

beforeAll(async () => {
  const [server, started] = await Promise.all([
    shared.startServer(),
    shared.startServices({ modules: ["greeter", "timing"] }),
  ]);
  services = started;
  await server.register(services.url);
  for (let at = 0; at < 20; at++) await server.ingress.post("/restate/call/Timing/work");
  await server.kill();
  // Each start opens a segment of its own.
  await server.start();
  await server.ingress.post("/restate/send/Timing/work");
  await server.kill();
  template = server.dataDir;
});

interface Refusal {
  readonly code: number | null;
  readonly output: string;
}

async function refusalOf(options: Partial<ServerProcessOptions>): Promise<Refusal> {
  const process = (await bed.newServer(options)).spawn();
  const { code } = await process.waitForExit();
  return { code, output: process.output };
}

/** One line, as people meet it: the command's name, the code, what happened and what to do. */
function refusedWith(code: string): { code: number; output: unknown } {
  return { code: 1, output: expect.stringMatching(new RegExp(`^perdure: ${code}: .+\\n$`)) };
}

/** A data directory with something in it, of a server that was killed. */
function usedDirectory(): string {
  const dataDir = path.join(bed.directory(), "data");
  cpSync(template, dataDir, { recursive: true });
  return dataDir;
}

function filesOf(directory: string): Map<string, string> {
  return new Map(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== "lock.mdb")
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [file, readFileSync(file).toString("base64")]),
  );
}

describe("a server", () => {
  test("says where it listens, and nothing more for what it does", async () => {
    const server = await bed.startServer();
    await server.register(services.url);
    for (let at = 0; at < 50; at++) await server.ingress.post("/restate/call/Greeter/greet", "Ada");

    const { output } = server.process;
    expect(output).toContain(server.ingress.url);
    expect(output).toContain(server.admin.url);
    expect(output.split("\n").length).toBeLessThan(8);
    expect(output).not.toMatch(/inv_1|greet/);
  });

  test("answers health on both ports, with the services on the ingress", async () => {
    const server = await bed.startServer();
    await server.register(services.url);

    const answers = [
      await server.ingress.get("/health"),
      await server.admin.get("/health"),
      await server.ingress.get("/restate/health"),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers[2]?.json).toEqual({
      services: ["Counter", "Greeter", "Secrets", "Signup", "Timing"],
    });
  });

  test("creates its data directory, and can be the only one to use it", async () => {
    const dataDir = path.join(bed.directory(), "made", "on", "the", "way");
    const server = await bed.startServer({ dataDir });

    const second = await refusalOf({ dataDir });
    const still = await server.ingress.get("/health");

    expect(second).toMatchObject(refusedWith("PDR1002"));
    expect(second.output).toContain(dataDir);
    expect(still.status).toBe(200);
  });

  test("starts at once after a kill -9", async () => {
    const server = await bed.startServer();
    for (let times = 0; times < 3; times++) {
      await server.kill();
      await server.start();
    }

    expect(server.processes).toHaveLength(4);
  });

  test("answers 503 on both ports until recovery is complete", async () => {
    const server = await bed.startServer();
    await server.register(services.url);
    // Enough to keep recovery busy for a moment.
    const mebibyte = {
      body: new Uint8Array(1024 * 1024),
      headers: { "content-type": "application/octet-stream" },
    };
    for (let sent = 0; sent < 24; sent++) {
      await server.ingress.send("/restate/send/Greeter/echo", mebibyte);
    }
    await server.kill();
    const process = server.spawn();
    const seen = new Set<string>();
    await until("it is ready", async () => {
      const answers = [
        await server.ingress.get("/restate/health"),
        await server.admin.get("/health"),
        await server.ingress.post("/restate/call/Greeter/greet", "Ada"),
      ];
      for (const { status, json } of answers) seen.add(`${status} ${json?.errorCode}`);
      return answers.every(({ status }) => status === 200);
    });

    expect([...seen].sort()).toEqual(["200 undefined", "503 PDR3019", "503 PDR4009"]);
    expect(process.exit).toBeUndefined();
  });
});

describe("SIGTERM", () => {
  test("lets requests in progress end, refuses new ones and ends with status 0", async () => {
    const gates = await bed.openGates();
    const server = await bed.startServer();
    const services = await bed.startServices({
      modules: ["greeter"],
      env: { PERDURE_TEST_GATES: gates.url },
    });
    await server.register(services.url);
    gates.shut("draining");
    const waiting = server.ingress.post("/restate/call/Greeter/once", "draining");
    await gates.reached("draining");
    const ended = server.terminate();
    const refused = until("no new request is taken", () =>
      server.ingress.get("/health").then(
        () => false,
        () => true,
      ),
    ).finally(() => gates.open("draining"));

    const [answer, exit] = await Promise.all([waiting, ended, refused]);
    expect(answer).toMatchObject({ status: 200 });
    expect(exit).toEqual({ code: 0, signal: null });
  });

  test("ends a server that waits for nothing but sleepers, which go on after the next start", async () => {
    const server = await bed.startServer();
    await server.register(services.url);
    const sent = await server.ingress.post("/restate/send/Timing/nap", 600);

    const exit = await server.terminate();
    await server.start();
    const woken = await server.ingress.get(`/restate/attach/${sent.json.invocationId}`);

    expect(exit).toEqual({ code: 0, signal: null });
    expect(woken.status).toBe(200);
  });

  test("is heeded while the server still starts", async () => {
    const server = await bed.newServer({ dataDir: usedDirectory() });
    const process = server.spawn();
    await until("the port is open", () => server.ingress.get("/health"));

    const exit = await process.terminate();

    expect(exit).toEqual({ code: 0, signal: null });
  });

  test("drains the services too: what computes may finish", async () => {
    const gates = await bed.openGates();
    const server = await bed.startServer();
    const env = { PERDURE_TEST_GATES: gates.url };
    const services = await bed.startServices({ modules: ["greeter"], env });
    await server.register(services.url);
    gates.shut("finishing");
    const call = server.ingress.post("/restate/call/Greeter/once", "finishing");
    await gates.reached("finishing");
    const ended = services.terminate();
    const later = server.ingress.post("/restate/call/Greeter/greet", "Ada");
    gates.open("finishing");

    expect(await call).toMatchObject({ status: 200 });
    expect(await ended).toEqual({ code: 0, signal: null });
    await services.start({ modules: ["greeter"], env });
    expect(await later).toMatchObject({ status: 200, json: "Hi Ada" });
    expect(gates.count("finishing")).toBe(1);
  });
});

describe("a server refuses to start", () => {
  test.each(["ingress", "admin"])("when the port of the %s is in use", async (name) => {
    await withPortInUse(async (port) => {
      const refusal = await refusalOf({ flags: { [name]: `127.0.0.1:${port}` } });

      expect(refusal).toMatchObject(refusedWith("PDR5001"));
      expect(refusal.output).toContain(String(port));
    });
  });

  test("on data of a newer format, and changes nothing", async () => {
    const dataDir = usedDirectory();
    writeFileSync(path.join(dataDir, "format.json"), '{"format":99}');
    const before = filesOf(dataDir);

    const refusal = await refusalOf({ dataDir });

    expect(refusal).toMatchObject(refusedWith("PDR1003"));
    expect(refusal.output).toContain("99");
    expect(filesOf(dataDir)).toEqual(before);
  });

  test("on data whose format can't be read", async () => {
    const dataDir = usedDirectory();
    writeFileSync(path.join(dataDir, "format.json"), "garbage");

    expect(await refusalOf({ dataDir })).toMatchObject(refusedWith("PDR1004"));
  });

  test("on a log that is damaged where it was synced, and changes nothing", async () => {
    const dataDir = usedDirectory();
    const segment = segmentsOf(dataDir)[0] ?? "";
    const bytes = readFileSync(segment);
    // Early in the first segment: later batches name what is there as synced.
    for (let at = 5_000; at < 5_064; at++) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    writeFileSync(segment, bytes);
    const before = filesOf(dataDir);

    const refusal = await refusalOf({ dataDir });

    expect(refusal).toMatchObject(refusedWith("PDR1101"));
    expect(refusal.output).toContain(path.basename(segment));
    expect(filesOf(dataDir)).toEqual(before);
  });

  test("on a log that lacks a segment", async () => {
    const dataDir = usedDirectory();
    const [first = "", second] = segmentsOf(dataDir);
    rmSync(first);

    expect(second).toBeDefined();
    expect(await refusalOf({ dataDir })).toMatchObject(refusedWith("PDR1102"));
  });

  test.each([
    ["overwritten", (file: string) => writeFileSync(file, Buffer.alloc(64 * 1024, 0x5a))],
    ["cut off", (file: string) => truncateSync(file, 5_000)],
  ])("on tables that are %s", async (_, damage) => {
    const dataDir = usedDirectory();
    // Ends in order, so that the tables have something.
    const server = await bed.startServer({ dataDir });
    await server.terminate();
    damage(path.join(dataDir, "shards/0/store/data.mdb"));

    expect(await refusalOf({ dataDir })).toMatchObject(refusedWith("PDR1201"));
  });

  test("where its data directory can't be", async () => {
    const file = path.join(bed.directory(), "a-file");
    writeFileSync(file, "");

    expect(await refusalOf({ dataDir: path.join(file, "data") })).toMatchObject(
      refusedWith("PDR1001"),
    );
  });
});

describe("the configuration", () => {
  test.each<[string, Partial<ServerProcessOptions>, string, RegExp]>([
    ["an unknown flag", { flags: { "data-dri": "x" } }, "PDR5103", /--data-dir/],
    ["an unknown variable", { env: { PERDURE_INGRES: "x" } }, "PDR5103", /PERDURE_INGRESS/],
    ["a bad value", { flags: { "inactivity-timeout": "soon" } }, "PDR5104", /soon/],
    ["a bad address", { env: { PERDURE_ADMIN: "nowhere" } }, "PDR5104", /nowhere/],
    ["a file that is not there", { flags: { config: "missing.json" } }, "PDR5101", /missing\.json/],
  ])("is refused for %s", async (what, options, code, says) => {
    // The harness gives both addresses as flags, which would win.
    const refusal =
      what === "a bad address"
        ? await plainRefusal(options.env ?? {}, bed.directory())
        : await refusalOf(options);

    expect(refusal).toMatchObject(refusedWith(code));
    expect(refusal.output).toMatch(says);
  });

  test.each([
    ["an unknown key", '{"ingres": "127.0.0.1:1"}', "PDR5103"],
    ["a bad value", '{"bodyBytesMax": "much"}', "PDR5104"],
    ["no JSON", "ingress: 1", "PDR5102"],
  ])("file is refused for %s", async (_, text, code) => {
    const cwd = bed.directory();
    writeFileSync(path.join(cwd, "perdure.config.json"), text);

    expect(await refusalOf({ cwd })).toMatchObject(refusedWith(code));
  });

  test("is taken from the file, then the environment, then flags; the later wins", async () => {
    const cwd = bed.directory();
    const [fromFile, fromEnvironment] = [await freePort(), await freePort()];
    const config = { admin: `127.0.0.1:${fromFile}`, dataDir: "from-file", bodyBytesMax: 10 };
    writeFileSync(path.join(cwd, "perdure.config.json"), JSON.stringify(config));
    const server: ServerProcess = await bed.startServer({
      cwd,
      env: {
        PERDURE_ADMIN: `127.0.0.1:${fromEnvironment}`,
        PERDURE_BODY_BYTES_MAX: "20",
      },
    });
    await server.register(services.url);

    const fits = await server.ingress.post("/restate/call/Greeter/greet", "x".repeat(17));
    const tooLarge = await server.ingress.post("/restate/call/Greeter/greet", "x".repeat(19));

    expect([fits.status, tooLarge.status]).toEqual([200, 413]);
    // Flags gave the data directory and the admin's address.
    expect(existsSync(path.join(cwd, "from-file"))).toBe(false);
    expect((await server.admin.get("/health")).status).toBe(200);
  });
});

/** A server that is given nothing but an environment. */
async function plainRefusal(env: Record<string, string>, cwd: string): Promise<Refusal> {
  mkdirSync(path.join(cwd, "data"));
  const process = bed.startProcess({
    name: "server by environment",
    args: [perdureBin, "server", "--data-dir", path.join(cwd, "data")],
    cwd,
    env,
  });
  const { code } = await process.waitForExit();
  return { code, output: process.output };
}

function segmentsOf(dataDir: string): string[] {
  const log = path.join(dataDir, "shards/0/log");
  return readdirSync(log)
    .filter((name) => name.startsWith("segment-"))
    .sort()
    .map((name) => path.join(log, name));
}
