import { EventEmitter } from "node:events";
import { loadConfig, type ServerConfig } from "@perdure/server/config";
import { describe, expect, test } from "vitest";
import { runServer, type RunningServer, type StartServer } from "./run-server.js";

const never = new Promise<never>(() => undefined);

/** A server process whose server, signals and clock are moved by hand. */
class Run {
  readonly signals = new EventEmitter();
  readonly out: string[] = [];
  readonly err: string[] = [];
  readonly events: string[] = [];
  nowMs = 0;
  onFatal: (error: unknown) => void = () => undefined;
  status: Promise<number> = never;

  run(start: (server: RunningServer, config: ServerConfig) => Promise<RunningServer>): this {
    const server: RunningServer = {
      ingressUrl: "http://127.0.0.1:8080",
      adminUrl: "http://127.0.0.1:9070",
      close: async () => void this.events.push("closed"),
    };
    const startServer: StartServer = (config, { onFatal }) => {
      this.onFatal = onFatal;
      return start(server, config);
    };
    this.status = runServer(loadConfig({ cwd: "/srv" }), {
      start: startServer,
      signals: this.signals,
      now: () => this.nowMs,
      io: {
        out: (text) => void this.out.push(text),
        err: (text) => void this.err.push(text),
        env: {},
        cwd: "/srv",
      },
    });
    return this;
  }

  /** The server is started, and has said so. */
  async started(): Promise<this> {
    while (this.out.length === 0) await Promise.resolve();
    return this;
  }
}

async function running(): Promise<Run> {
  return new Run().run(async (server) => server).started();
}

describe("a server process", () => {
  test("says where it listens and what to do next", async () => {
    const run = await running();

    expect(run.out.join("\n").split("\n")).toEqual([
      expect.stringMatching(
        /^Perdure \d+\.\d+\.\d+ is ready: ingress http:\/\/127\.0\.0\.1:8080, admin http:\/\/127\.0\.0\.1:9070$/,
      ),
      expect.stringMatching(/^Data is in .*perdure-data$/),
      "Next, register your services: npx perdure deployments register http://localhost:9080",
    ]);
  });

  test("names the admin port in the next step where it is not the usual one", async () => {
    const run = await new Run()
      .run(async (server) => ({ ...server, adminUrl: "http://127.0.0.1:19070" }))
      .started();

    expect(run.out.join("\n")).toContain("--admin-url http://127.0.0.1:19070");
  });

  test.each(["SIGTERM", "SIGINT"])("drains after %s and ends with status 0", async (signal) => {
    const run = await running();

    run.signals.emit(signal);

    expect(await run.status).toBe(0);
    expect(run.events).toEqual(["closed"]);
    expect(run.err.join()).toContain("Stopping");
    expect(run.signals.eventNames()).toEqual([]);
  });

  test("stops at once after a second signal, with status 1", async () => {
    const run = await new Run()
      .run(async (server) => ({ ...server, close: () => never }))
      .started();

    run.signals.emit("SIGINT");
    run.nowMs += 500;
    run.signals.emit("SIGINT");

    expect(await run.status).toBe(1);
    expect(run.err.at(-1)).toContain("Stopped at once");
  });

  test("takes two signals in a row for one", async () => {
    const run = await running();

    run.signals.emit("SIGINT");
    run.nowMs += 499;
    run.signals.emit("SIGTERM");

    expect(await run.status).toBe(0);
  });

  test("that can't close says why and ends with status 1", async () => {
    const close = async (): Promise<void> => {
      throw new Error("no room for the checkpoint");
    };
    const run = await new Run().run(async (server) => ({ ...server, close })).started();

    run.signals.emit("SIGTERM");

    expect(await run.status).toBe(1);
    expect(run.err.at(-1)).toBe("perdure: PDR5207: no room for the checkpoint");
  });

  test("that is told to stop while it starts stops as soon as it has started", async () => {
    const run = new Run();
    run.run(async (server) => {
      run.signals.emit("SIGTERM");
      return server;
    });

    expect(await run.status).toBe(0);
    expect(run.events).toEqual(["closed"]);
  });

  test("that can't start fails with the error's own code", async () => {
    const refused = Object.assign(new Error("it is in use"), { code: "PDR5001" });
    const run = new Run().run(async () => {
      throw refused;
    });

    await expect(run.status).rejects.toBe(refused);
    expect(run.out).toEqual([]);
    expect(run.signals.eventNames()).toEqual([]);
  });

  test("that can't start for a reason without a code gets one", async () => {
    const run = new Run().run(async () => {
      throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
    });

    await expect(run.status).rejects.toMatchObject({
      code: "PDR5206",
      message: "the server could not start: EMFILE: too many open files",
    });
  });

  test.each([
    [
      Object.assign(new Error("the disk is gone"), { code: "PDR1104" }),
      "PDR1104: the disk is gone",
    ],
    [new Error("boom"), "PDR5207: boom"],
  ])("that had to stop itself says why and ends with status 1", async (error, told) => {
    const run = await running();

    run.onFatal(error);

    expect(await run.status).toBe(1);
    expect(run.err).toEqual([`perdure: ${told}`]);
    expect(run.events).toEqual(["closed"]);
  });
});
