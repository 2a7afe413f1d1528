// A session against a deployment of the test: what goes in pieces, and what does not.

import { create } from "@bufbuild/protobuf";
import {
  DeploymentFrameSchema,
  type DeploymentFrame,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import type { FrameQueue } from "@perdure/protocol/frame-queue.fixture";
import { sessionFeatures } from "@perdure/protocol/features";
import { frameBytesMax, initialCreditBytes } from "@perdure/protocol/frame-limits";
import {
  creditOf,
  entryOf,
  fragmentOf,
  proposalOf,
  serverFrameOf,
  valueOf,
} from "@perdure/protocol/messages";
import { encodeDeploymentFrame } from "@perdure/protocol/session-messages";
import { describe, expect, onTestFinished, test } from "vitest";
import { listen } from "./scripted-deployment.fixture.js";
import { Session } from "./session.js";

const number = { $typeName: "perdure.protocol.v1.AttemptNumber" as const, epoch: 1, counter: 1 };

/** One side of a session each, over a real connection. */
class Pair {
  readonly atServer: DeploymentFrame[] = [];
  readonly tooLarge: number[] = [];
  /** Attempts of which pieces came, as often as it was told. */
  readonly active: number[] = [];
  readonly session: Session;
  /** The messages that came to the deployment. */
  readonly received: ServerFrame[][];
  readonly replies: FrameQueue<DeploymentFrame>;
  readonly opened: Promise<void>;
  over: unknown;
  #wake: (() => void)[] = [];

  private constructor(
    uri: string,
    received: ServerFrame[][],
    replies: FrameQueue<DeploymentFrame>,
    frameBytesTaken: number,
  ) {
    this.received = received;
    this.replies = replies;
    let opened = (): void => undefined;
    this.opened = new Promise((resolve) => (opened = resolve));
    this.session = new Session({
      uri,
      headers: {},
      frameBytesMax: frameBytesTaken,
      listener: {
        opened: () => {
          opened();
        },
        frames: (frames) => {
          this.atServer.push(...frames);
          this.changed();
        },
        active: (streamIds) => {
          for (const streamId of streamIds) this.active.push(streamId);
          this.changed();
        },
        tooLarge: (streamId) => {
          this.tooLarge.push(streamId);
          this.changed();
        },
        closed: (error) => {
          this.over = error;
          this.changed();
        },
      },
    });
    onTestFinished(() => {
      this.session.close();
    });
  }

  static async open(features: readonly string[], frameBytesTaken = 1e9): Promise<Pair> {
    const holder: { pair?: Pair } = {};
    const messages: ServerFrame[][] = [];
    const received = (frames: ServerFrame[]): void => {
      messages.push(frames);
      holder.pair?.changed();
    };
    const { uri, replies } = await listen({ features, received });
    const pair = new Pair(uri, messages, replies, frameBytesTaken);
    holder.pair = pair;
    await pair.opened;
    return pair;
  }

  changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  get fragmentBytes(): number {
    return this.received
      .flat()
      .reduce(
        (sum, { frame }) => sum + (frame.case === "fragment" ? frame.value.data.length : 0),
        0,
      );
  }

  start(streamId: number, ...lengths: number[]): void {
    const entries = lengths.map((length) =>
      entryOf("", {
        case: "input",
        value: {
          $typeName: "perdure.protocol.v1.InputCommand",
          headers: [],
          value: valueOf(new Uint8Array(length)),
        },
      }),
    );
    this.session.send(
      serverFrameOf(streamId, number, {
        case: "start",
        value: {
          $typeName: "perdure.protocol.v1.Start",
          runId: "",
          invocationId: "",
          knownEntries: entries.length,
          entries,
          state: [],
          partialState: false,
          randomSeed: 0n,
          retryCount: 0,
          millisSinceProgress: 0n,
          attemptHeaders: [],
        },
      }),
    );
  }

  reply(streamId: number, frame: DeploymentFrame["frame"]): void {
    this.replies.push(create(DeploymentFrameSchema, { streamId, attempt: number, frame } as never));
  }

  casesOf(streamId: number): (string | undefined)[] {
    return this.received
      .flat()
      .filter((frame) => frame.streamId === streamId)
      .map(({ frame }) => frame.case);
  }
}

function piecesOf(bytes: Uint8Array): { data: Uint8Array; last: boolean }[] {
  const count = Math.ceil(bytes.length / frameBytesMax);
  return Array.from({ length: count }, (_, at) => ({
    data: bytes.subarray(at * frameBytesMax, (at + 1) * frameBytesMax),
    last: at === count - 1,
  }));
}

function proposalBytes(length: number): Uint8Array {
  const proposal = proposalOf(1, { case: "value", value: valueOf(new Uint8Array(length)) });
  return encodeDeploymentFrame(
    create(DeploymentFrameSchema, {
      streamId: 1,
      attempt: number,
      frame: { case: "proposeCompletion", value: proposal },
    }),
  );
}

describe("a session with a deployment that knows fragments and credits", () => {
  test("sends a large Start in pieces, no more than is granted, and others meanwhile", async () => {
    const pair = await Pair.open(sessionFeatures);
    pair.start(1, 1_000_000);
    pair.start(2, 10);
    await pair.until(() => pair.casesOf(2).length > 0);
    await pair.until(() => pair.fragmentBytes === initialCreditBytes);
    pair.reply(1, creditOf(10_000_000));
    await pair.until(() => pair.fragmentBytes > 1_000_000);
  });

  test("sends a long journal as Start and StartEntries", async () => {
    const pair = await Pair.open(sessionFeatures);
    pair.start(1, ...Array.from({ length: 10 }, () => 20_000));
    await pair.until(() => pair.casesOf(1).length >= 4);
    expect(pair.casesOf(1)).toEqual(["start", "startEntries", "startEntries", "startEntries"]);
    const counts = pair.received
      .flat()
      .map(({ frame: { case: said, value } }) =>
        said === "start" || said === "startEntries" ? value.entries.length : 0,
      );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10);
  });

  test("puts together what comes in pieces, and grants what it has taken", async () => {
    const pair = await Pair.open(sessionFeatures);
    pair.start(1, 10);
    const bytes = proposalBytes(200_000);
    for (const { data, last } of piecesOf(bytes)) pair.reply(1, fragmentOf(data, last));
    await pair.until(() => pair.atServer.length > 1);
    expect(pair.atServer[1]?.frame.case).toBe("proposeCompletion");
    const grantedBytes = (): number =>
      pair.received
        .flat()
        .reduce(
          (sum, { frame }) => sum + (frame.case === "credit" ? Number(frame.value.bytes) : 0),
          0,
        );
    await pair.until(() => grantedBytes() === bytes.length);
  });

  test("drops pieces of attempts that it has not started, or that are over", async () => {
    const pair = await Pair.open(sessionFeatures);
    pair.start(1, 10);
    const pieces = piecesOf(proposalBytes(200_000));
    for (const { data, last } of pieces) pair.reply(7, fragmentOf(data, last));
    pair.reply(1, fragmentOf(pieces[0]!.data, false));
    await pair.until(() => pair.casesOf(1).includes("start"));
    pair.session.forget(1);
    for (const { data, last } of pieces.slice(1)) pair.reply(1, fragmentOf(data, last));
    pair.reply(1, { case: "draining", value: { $typeName: "perdure.protocol.v1.Draining" } });
    await pair.until(() => pair.atServer.some(({ frame }) => frame.case === "draining"));
    expect(pair.atServer.some(({ frame }) => frame.case === "proposeCompletion")).toBe(false);
  });

  test("tells of pieces before their frame is whole, but for attempts that are not its own", async () => {
    const pair = await Pair.open(sessionFeatures);
    pair.start(1, 10);
    await pair.until(() => pair.casesOf(1).length > 0);
    const [first, ...rest] = piecesOf(proposalBytes(200_000));
    pair.reply(7, fragmentOf(first!.data, false));
    pair.reply(1, fragmentOf(first!.data, false));
    await pair.until(() => pair.active.length > 0);
    expect(pair.atServer.some(({ frame }) => frame.case === "proposeCompletion")).toBe(false);
    for (const { data, last } of rest) pair.reply(1, fragmentOf(data, last));
    await pair.until(() => pair.atServer.some(({ frame }) => frame.case === "proposeCompletion"));
    expect(new Set(pair.active)).toEqual(new Set([1]));
  });

  test("tells of a frame that is larger than is taken, and goes on", async () => {
    const pair = await Pair.open(["fragments"], 100_000);
    pair.start(1, 10);
    for (const { data, last } of piecesOf(proposalBytes(1_000_000))) {
      pair.reply(1, fragmentOf(data, last));
    }
    pair.reply(0, { case: "draining", value: { $typeName: "perdure.protocol.v1.Draining" } });
    await pair.until(() => pair.atServer.some(({ frame }) => frame.case === "draining"));
    expect(pair.tooLarge).toEqual([1]);
    expect(pair.over).toBeUndefined();
  });

  test("is over with one that sends more than it was granted", async () => {
    const pair = await Pair.open(sessionFeatures);
    pair.start(1, 10);
    await pair.until(() => pair.casesOf(1).length > 0);
    pair.reply(1, fragmentOf(new Uint8Array(initialCreditBytes + 1), false));
    await pair.until(() => pair.over !== undefined);
    expect(String(pair.over)).toContain("PDR2041");
  });
});

test("a session with a deployment that knows no fragments sends frames whole", async () => {
  const pair = await Pair.open([]);
  pair.start(1, 1_000_000);
  pair.start(2, 10);
  await pair.until(() => pair.casesOf(1).length + pair.casesOf(2).length >= 2);
  expect([...pair.casesOf(1), ...pair.casesOf(2)]).toEqual(["start", "start"]);
});
