// Endpoints on real ports, and a server that talks to them as the real one does.

import { createServer } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { ProtocolMode } from "@perdure/proto/protocol/v1/deployment";
import type { Definable } from "@perdure/protocol/definitions";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Context, WorkflowContext } from "../context/context.js";
import { handler, run } from "../definitions/decorators.js";
import { service, workflow } from "../definitions/define.js";
import { DefinitionError } from "../definitions/model.js";
import { completedVoid, input } from "../replay/entries.fixture.js";
import { endpoint } from "./endpoint.js";
import { frameText } from "./frame-text.fixture.js";
import { NetworkSession, peerOf, versions } from "./network.fixture.js";
import { ListenError, serve, type Listening } from "./serve.js";
import { latch, turns } from "./session.fixture.js";

@service()
class Greeter {
  @handler() async greet(_: Context, name: string): Promise<string> {
    return `Hello ${name}`;
  }
}

@workflow()
class Signup {
  @run() async run(ctx: WorkflowContext): Promise<void> {
    await ctx.sleep(1);
  }
}

async function serving(...services: Definable[]): Promise<Listening> {
  const listening = await serve({ services, port: 0 });
  onTestFinished(async () => listening.close());
  return listening;
}

describe("serve", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test("listens on a free port for port 0, and says which", async () => {
    const { port } = await serving(Greeter);
    expect(port).toBeGreaterThan(0);
  });

  test("takes its port from PORT where none is given", async () => {
    const first = await serve({ services: [Greeter], port: 0 });
    await first.close();
    vi.stubEnv("PORT", String(first.port));
    const second = await serve({ services: [Greeter] });
    onTestFinished(async () => second.close());
    expect(second.port).toBe(first.port);
  });

  test("refuses a port that is none, with PDR2012", async () => {
    for (const port of ["abc", "70000", "-1", "80.5"]) {
      vi.stubEnv("PORT", port);
      const error: unknown = await serve({ services: [Greeter] }).catch((each: unknown) => each);
      expect(error).toBeInstanceOf(ListenError);
      expect((error as Error).message).toContain(
        `PDR2012: the endpoint can't listen on port ${port}`,
      );
    }
    await expect(serve({ services: [Greeter], port: 70_000 })).rejects.toThrow("PDR2012");
  });

  test("says that the port is in use, and what to do, with PDR2012", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, "127.0.0.1", resolve);
    });
    onTestFinished(() => {
      other.close();
    });
    const { port } = other.address() as { port: number };
    const error = await serve({ services: [Greeter], port }).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ code: "PDR2012" });
    expect((error as Error).message).toBe(
      `PDR2012: the endpoint can't listen on 127.0.0.1:${String(port)}: another process listens there. Stop it, or choose another port (serve({ port }) or PORT)`,
    );
  });

  test("refuses two services of one name, and what is no service", async () => {
    const other = service({ name: "Greeter", handlers: { greet: async () => 1 } });
    const twice = serve({ services: [Greeter, other], port: 0 });
    await expect(twice).rejects.toThrow(DefinitionError);
    await expect(twice).rejects.toThrow('two services are named "Greeter": rename one (PDR2004)');
    await expect(serve({ services: [{ name: "None" }], port: 0 })).rejects.toThrow("PDR2004");
  });

  test("can be built step by step, in a chain or not", async () => {
    const built = endpoint().bind(Greeter);
    built.bind(Signup);
    const listening = await built.listen(0);
    onTestFinished(async () => listening.close());
    const { manifest } = await peerOf(listening).client.discover(versions);
    expect(manifest?.services.map(({ name }) => name)).toEqual(["Greeter", "Signup"]);
  });
});

describe("Discover", () => {
  test("tells the manifest, the versions and the build", async () => {
    const listening = await serving(Greeter, Signup);
    const found = await peerOf(listening).client.discover(versions);

    expect(found).toMatchObject({
      ...versions,
      protocolMode: ProtocolMode.SESSION,
      sdkVersion: expect.stringMatching(/^perdure-sdk-typescript\/\d/),
      buildId: expect.stringMatching(/^[\da-f]{16}$/),
    });
    expect(found.manifest?.services).toMatchObject([
      {
        name: "Greeter",
        kind: ServiceKind.SERVICE,
        handlers: [{ name: "greet", kind: HandlerKind.SHARED }],
      },
      {
        name: "Signup",
        kind: ServiceKind.WORKFLOW,
        handlers: [{ name: "run", kind: HandlerKind.RUN }],
      },
    ]);
  });

  test("names one build for the same code, another for other code", async () => {
    const buildOf = async (...services: Definable[]): Promise<string> =>
      (await peerOf(await serving(...services)).client.discover(versions)).buildId;

    expect(await buildOf(Greeter)).toBe(await buildOf(Greeter));
    expect(await buildOf(Greeter)).not.toBe(await buildOf(Greeter, Signup));
  });

  test("refuses a server with which it has no version in common", async () => {
    const { client } = peerOf(await serving(Greeter));
    const future = { minProtocolVersion: 1_000, maxProtocolVersion: 1_001 };
    const error = await client.discover(future).catch((each: unknown) => ConnectError.from(each));
    expect(error).toMatchObject({ code: Code.FailedPrecondition });
    expect((error as ConnectError).message).toContain("the server 1000 to 1001");
  });
});

describe("a session over the network", () => {
  test("runs handlers", async () => {
    const session = new NetworkSession(peerOf(await serving(Greeter)));
    session.start("Greeter/greet", 1, input("Ada"));
    expect(await session.told("end")).toEqual(["hello", 'end = "Hello Ada"']);
  });

  test("that breaks drops its attempts", async () => {
    const aborted = latch();
    const waiting = service({
      name: "S",
      handlers: {
        wait: async (ctx) => {
          ctx.request().attemptCompletedSignal.addEventListener("abort", aborted.open);
          await ctx.sleep(1);
        },
      },
    });
    const peer = peerOf(await serving(waiting));
    const session = new NetworkSession(peer);
    session.start("S/wait");
    await session.told("waiting");
    peer.connection.abort();
    await aborted.opened;
    expect(await session.ended).toBeInstanceOf(ConnectError);
  });

  test("that the server ends is over on both sides", async () => {
    const session = new NetworkSession(peerOf(await serving(Greeter)));
    await session.told("hello");
    session.end();
    expect(await session.ended).toBeUndefined();
  });
});

describe("closing an endpoint", () => {
  test("tells that it drains, lets what computes come to an end, and loses nothing of it", async () => {
    const gate = latch();
    const slow = service({
      name: "Slow",
      handlers: {
        slow: async () => {
          await gate.opened;
          return "done";
        },
      },
    });
    const listening = await serving(slow);
    const session = new NetworkSession(peerOf(listening));
    session.start("Slow/slow");
    await session.told("hello");
    await turns();
    const closed = listening.close();
    await session.told("draining");
    gate.open();
    await closed;
    await session.ended;
    expect(session.frames.map(frameText)).toEqual(["hello", "draining", 'end = "done"']);
  });

  test("lets what was said last leave, however much it is", async () => {
    const gate = latch();
    const text = "x".repeat(8 * 1024 * 1024);
    const large = service({
      name: "Large",
      handlers: { large: async () => gate.opened.then(() => text) },
    });
    const listening = await serving(large);
    const session = new NetworkSession(peerOf(listening));
    session.start("Large/large");
    await session.told("hello");
    await turns();
    const closed = listening.close();
    await session.told("draining");
    gate.open();
    await closed;
    await session.ended;
    expect(session.frames.map(frameText).at(-1)).toBe(`end = "${text}"`);
  });

  test("does not wait for what only waits", async () => {
    const listening = await serving(Signup);
    const session = new NetworkSession(peerOf(listening));
    session.start("Signup/k/run");
    await session.told("waiting");
    const before = performance.now();
    await listening.close();
    expect(performance.now() - before).toBeLessThan(2_000);
    await session.ended;
  });

  test("frees the port, and may be asked for twice", async () => {
    const first = await serve({ services: [Greeter], port: 0 });
    await peerOf(first).client.discover(versions);
    await Promise.all([first.close(), first.close()]);
    const second = await serve({ services: [Greeter], port: first.port });
    await second.close();
  });

  test("hands the notifications of a draining session on", async () => {
    const gate = latch();
    const both = service({
      name: "Both",
      handlers: {
        both: async (ctx) => {
          await gate.opened;
          await ctx.sleep(1);
          return "slept";
        },
      },
    });
    const listening = await serving(both);
    const session = new NetworkSession(peerOf(listening));
    session.start("Both/both");
    await session.told("hello");
    await turns();
    const closed = listening.close();
    await session.told("draining");
    const $typeName = "perdure.protocol.v1.Notify";
    session.send(1, { case: "notify", value: { $typeName, index: 2, entry: completedVoid(1) } });
    await turns();
    gate.open();
    await closed;
    await session.ended;
    expect(session.frames.map(frameText).at(-1)).toBe('end = "slept"');
  });
});
