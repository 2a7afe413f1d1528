// A link whose instances are played by the test: what travels are real messages of real sessions, on streams that connect
// to whichever instance the test says. Time is the test's.

import { create } from "@bufbuild/protobuf";
import { DeploymentSchema } from "@perdure/proto/storage/v1/records";
import {
  DeploymentFrameSchema,
  ServerFrameSchema,
  type DeploymentFrame,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { Awaiting_Combinator as Combinator } from "@perdure/proto/protocol/v1/journal";
import { grpcHeadBytes } from "@perdure/protocol/grpc-framing";
import { awaitingNothing } from "@perdure/protocol/messages";
import { decodeSessionRequest, encodeSessionResponse } from "@perdure/protocol/session-messages";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { Log } from "../observe/log.js";
import { DeploymentLink } from "./deployment-link.js";
import type { StreamListener } from "./session-stream.js";

/** A connection that was made, as its instance sees it. */
interface Connection {
  readonly instance: string;
  readonly received: ServerFrame[];
  closed: boolean;
  say(...frames: DeploymentFrame["frame"][]): void;
  sayOf(streamId: number, frame: DeploymentFrame["frame"]): void;
  break(): void;
}

class Bench {
  /** Whom the next connection meets; undefined: nobody. */
  meets: () => string | undefined = () => "one";
  capacity = 0;
  readonly connections: Connection[] = [];
  readonly told: string[] = [];
  readonly link: DeploymentLink;
  #streamId = 0;

  constructor() {
    const nothing = (): undefined => undefined;
    const log: Log = {
      trace: nothing,
      debug: nothing,
      info: nothing,
      warn: nothing,
      error: nothing,
    };
    this.link = new DeploymentLink(create(DeploymentSchema, { uri: "http://127.0.0.1:1" }), {
      log,
      listener: {
        opened: () => this.told.push("opened"),
        frames: (_, frames) => {
          for (const { streamId, frame } of frames) {
            if (streamId !== 0) this.told.push(`${String(streamId)} ${String(frame.case)}`);
          }
        },
        active: nothing,
        tooLarge: nothing,
        leaving: (_, ids) => this.told.push(`leaving ${ids.join()}`),
        lost: (_, ids) => this.told.push(`lost ${String(ids?.join())}`),
      },
      openStream: (_, listener) => this.#connect(listener),
    });
    onTestFinished(() => {
      this.link.close();
    });
  }

  /** Of those that are open, by instance. */
  get open(): string[] {
    return this.connections.filter(({ closed }) => !closed).map(({ instance }) => instance);
  }

  connectionWith(instance: string): Connection {
    const found = this.connections.find((each) => each.instance === instance && !each.closed);
    if (found === undefined) throw new Error(`no connection with ${instance}`);
    return found;
  }

  /** @returns the instance that got it */
  async start(): Promise<string> {
    const streamId = ++this.#streamId;
    const frame = { case: "start" as const, value: { runId: `run ${String(streamId)}` } };
    this.link.send(create(ServerFrameSchema, { streamId, attempt: { counter: 1 }, frame }));
    await settled();
    const got = this.connections.filter(({ received }) =>
      received.some((each) => each.streamId === streamId && each.frame.case === "start"),
    );
    return got.map(({ instance }) => instance).join(" and ");
  }

  async starts(count: number): Promise<string[]> {
    const got: string[] = [];
    for (let at = 0; at < count; at++) got.push(await this.start());
    return got;
  }

  #connect(
    listener: StreamListener,
  ): ReturnType<NonNullable<ConstructorParameters<typeof DeploymentLink>[1]["openStream"]>> {
    const instance = this.meets();
    const connection: Connection = {
      instance: instance ?? "nobody",
      received: [],
      closed: false,
      say: (...frames) => {
        for (const frame of frames) connection.sayOf(0, frame);
      },
      sayOf: (streamId, frame) => {
        const said = create(DeploymentFrameSchema, { streamId, attempt: { counter: 1 }, frame });
        listener.message(encodeSessionResponse([said]).slice());
      },
      break: () => {
        connection.closed = true;
        listener.closed(new Error("reset"));
      },
    };
    this.connections.push(connection);
    return {
      open: async () => {
        await Promise.resolve();
        if (connection.closed) return;
        if (instance === undefined) return connection.break();
        const { capacity } = this;
        const versions = { minProtocolVersion: 1, maxProtocolVersion: 1 };
        const value = { ...versions, instanceId: instance, capacity };
        listener.drained();
        connection.say({ case: "hello", value } as DeploymentFrame["frame"]);
      },
      write: (parts) => {
        const framed = Buffer.concat(parts);
        connection.received.push(...decodeSessionRequest(framed.subarray(grpcHeadBytes)));
        return true;
      },
      close: () => {
        connection.closed = true;
      },
    };
  }
}

const waiting = {
  case: "waiting",
  value: { awaiting: awaitingNothing(Combinator.FIRST_COMPLETED), seen: 0 },
} as DeploymentFrame["frame"];
const draining = { case: "draining", value: {} } as DeploymentFrame["frame"];

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
});

/** Everything that needs no time has happened. */
async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

/** Connections meet these in turn. */
function inTurn(...instances: string[]): () => string {
  let at = 0;
  return () => instances[at++ % instances.length] ?? "";
}

async function openBench(...instances: string[]): Promise<Bench> {
  const bench = new Bench();
  bench.meets = inTurn(...instances);
  bench.link.ensure();
  await settled();
  return bench;
}

test("a deployment of one instance has one session, and is looked at again ever more seldom", async () => {
  const bench = await openBench("one");
  expect(bench.open).toEqual(["one"]);
  expect(bench.connections).toHaveLength(2);
  expect(bench.told).toEqual(["opened"]);

  const lookedAfter: number[] = [];
  for (let second = 1; second <= 250; second++) {
    const before = bench.connections.length;
    await bench.start();
    await vi.advanceTimersByTimeAsync(1_000);
    if (bench.connections.length > before) lookedAfter.push(second);
  }
  expect(lookedAfter).toEqual([1, 3, 7, 15, 31, 63, 123, 183, 243]);
  expect(bench.open).toEqual(["one"]);
});

test("nobody looks for instances that there is no work for, until there is", async () => {
  const bench = await openBench("one");
  await vi.advanceTimersByTimeAsync(600_000);
  expect(bench.connections).toHaveLength(2);

  bench.meets = (): string => "two";
  expect(await bench.start()).toBe("one");
  expect(bench.open).toEqual(["one", "two"]);
});

test("all instances that can be met are found at once, and get attempts in turn", async () => {
  const bench = await openBench("one", "two", "three");
  expect(bench.open).toEqual(["one", "two", "three"]);
  expect((await bench.starts(9)).sort()).toEqual(
    ["one", "two", "three"].flatMap((name) => [name, name, name]).sort(),
  );
});

test("there are at most 16 sessions", async () => {
  let count = 0;
  const bench = new Bench();
  bench.meets = (): string => `instance ${String(++count)}`;
  bench.link.ensure();
  await settled();
  await vi.advanceTimersByTimeAsync(300_000);
  expect(bench.open).toHaveLength(16);
  expect(count).toBe(16);
});

test("the instance that computes least gets the next attempt; attempts that wait do not count", async () => {
  const bench = await openBench("one", "two");
  const got = await bench.starts(4);
  for (const [at, instance] of got.entries()) {
    if (instance === "one") bench.connectionWith("one").sayOf(at + 1, waiting);
  }
  expect(await bench.starts(2)).toEqual(["one", "one"]);
  expect((await bench.starts(2)).sort()).toEqual(["one", "two"]);
  for (const [at, instance] of got.entries()) if (instance === "two") bench.link.forget(at + 1);
  expect(await bench.starts(2)).toEqual(["two", "two"]);
});

test("an instance gets no more than it says that it computes at a time", async () => {
  const bench = new Bench();
  bench.capacity = 2;
  bench.link.ensure();
  await settled();
  await bench.starts(2);
  expect(bench.link.open).toBe(false);
  expect(bench.link.reachable).toBe(true);
  bench.connectionWith("one").sayOf(1, waiting);
  expect(bench.link.open).toBe(true);
});

test("a session that breaks takes its own attempts along, and no others", async () => {
  const bench = await openBench("one", "two");
  const got = await bench.starts(4);
  const lost = got.flatMap((instance, at) => (instance === "one" ? [at + 1] : []));
  bench.connectionWith("one").break();
  expect(bench.told.at(-1)).toBe(`lost ${lost.join()}`);
  expect(bench.link.open).toBe(true);
  expect(await bench.starts(2)).toEqual(["two", "two"]);

  // It is back: that is found within a second.
  await vi.advanceTimersByTimeAsync(1_000);
  expect(bench.open.sort()).toEqual(["one", "two"]);
  expect(await bench.start()).toBe("one");
});

test("when the last session breaks it is opened again with back-off, whatever look was planned", async () => {
  const bench = await openBench("one");
  await bench.start();
  bench.meets = (): undefined => undefined;
  bench.connectionWith("one").break();
  expect(bench.told.at(-1)).toBe("lost 1");
  const before = bench.connections.length;
  bench.link.ensure();
  expect(bench.connections).toHaveLength(before);
  // 50, 100 and 200 ms; a look would come after a second.
  await vi.advanceTimersByTimeAsync(500);
  expect(bench.connections.length - before).toBe(3);
  bench.meets = (): string => "one";
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await bench.start()).toBe("one");
});

test("nobody speaks for attempts of another instance", async () => {
  const bench = await openBench("one", "two");
  const holder = await bench.start();
  const other = holder === "one" ? "two" : "one";
  bench.connectionWith(other).sayOf(1, { case: "end", value: {} } as DeploymentFrame["frame"]);
  expect(bench.told).not.toContain("1 end");
  bench.connectionWith(holder).sayOf(1, { case: "end", value: {} } as DeploymentFrame["frame"]);
  expect(bench.told).toContain("1 end");
});

test("an instance that shuts down gets nothing new, finishes what computes, and its successor is met at once", async () => {
  const bench = await openBench("old");
  await bench.starts(3);
  const old = bench.connectionWith("old");
  old.sayOf(2, waiting);
  bench.meets = inTurn("new");
  old.say(draining);
  expect(bench.told.at(-1)).toBe("leaving 2");
  expect(bench.link.open).toBe(false);
  await settled();
  expect(bench.open).toEqual(["old", "new"]);
  expect(await bench.starts(3)).toEqual(["new", "new", "new"]);

  old.sayOf(3, waiting);
  expect(bench.told.at(-1)).toBe("leaving 2,3");
  bench.link.forget(2);
  bench.link.forget(3);
  old.sayOf(1, { case: "end", value: {} } as DeploymentFrame["frame"]);
  expect(bench.told.at(-1)).toBe("1 end");
  expect(bench.open).toEqual(["old", "new"]);
  bench.link.forget(1);
  await settled();
  expect(bench.open).toEqual(["new"]);
});

test("an instance that shuts down and answers all the same is not met again while it has attempts", async () => {
  const bench = await openBench("old");
  await bench.start();
  bench.connectionWith("old").say(draining);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(bench.link.open).toBe(false);
  expect(bench.open).toEqual(["old"]);
  bench.meets = (): string => "new";
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await bench.start()).toBe("new");
});

test("a closed link has told that its attempts are over, and opens nothing more", async () => {
  const bench = await openBench("one", "two");
  await bench.starts(2);
  bench.link.close();
  await settled();
  expect(bench.told.filter((each) => each.startsWith("lost")).sort()).toEqual(["lost 1", "lost 2"]);
  const { length } = bench.connections;
  await vi.advanceTimersByTimeAsync(120_000);
  expect(bench.connections).toHaveLength(length);
});
