// Frames that are large, as the endpoint sends and takes them: in pieces with a server that knows them, whole with one
// that does not. The server's side is the sender and the assembler that the real one has.

import { create } from "@bufbuild/protobuf";
import {
  ServerFrameSchema,
  type DeploymentFrame,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { FrameAssembler } from "@perdure/protocol/frame-assembler";
import { sessionFeatures } from "@perdure/protocol/features";
import { frameBytesMax, initialCreditBytes, messageBytesMax } from "@perdure/protocol/frame-limits";
import { deploymentFrameBytes } from "@perdure/protocol/frame-size";
import { decodeDeploymentFrame, encodeServerFrame } from "@perdure/protocol/session-messages";
import { describe, expect, test } from "vitest";
import { service } from "../definitions/define.js";
import type { Context } from "../context/context.js";
import { input } from "../replay/entries.fixture.js";
import { resolveEndpoint } from "./resolve-endpoint.js";
import { numberOf, turns } from "./session.fixture.js";
import { EndpointSession } from "./session.js";

const sizes = service({
  name: "Sizes",
  handlers: {
    length: async (_: Context, text: string) => text.length,
    text: async (_: Context, length: number) => "x".repeat(length),
  },
});

class Server {
  readonly messages: DeploymentFrame[][] = [];
  readonly granted: number[] = [];
  readonly assembler = new FrameAssembler({
    frameBytesMax: 1e9,
    grant: (streamId, bytes) => {
      if (this.grants) this.#say(streamId, { case: "credit", value: { bytes: BigInt(bytes) } });
    },
  });
  readonly whole: DeploymentFrame[] = [];
  grants = true;
  ended = false;
  readonly session: EndpointSession;
  #streamId = 0;

  constructor(features: readonly string[] = sessionFeatures, frameBytesTaken?: number) {
    this.session = new EndpointSession({
      ...resolveEndpoint({ services: [sizes] }),
      instanceId: "instance",
      buildId: "build",
      ...(frameBytesTaken === undefined ? {} : { frameBytesMax: frameBytesTaken }),
    });
    this.assembler.limit(true);
    this.session.open({
      write: (frames) => {
        this.messages.push(frames);
        for (const frame of frames) this.#take(frame);
        return true;
      },
      end: () => {
        this.ended = true;
      },
    });
    this.#say(0, { case: "hello", value: { features: [...features] } });
  }

  startFrame(handler: string, value: unknown): ServerFrame {
    return this.#frame(++this.#streamId, {
      case: "start",
      value: { target: { service: "Sizes", handler }, knownEntries: 1, entries: [input(value)] },
    });
  }

  fragment(streamId: number, data: Uint8Array, last: boolean): void {
    this.#say(streamId, { case: "fragment", value: { data, last } });
  }

  drop(streamId: number): void {
    this.#say(streamId, { case: "drop", value: {} });
  }

  saidOf(streamId: number): (string | undefined)[] {
    return this.whole.filter((f) => f.streamId === streamId).map(({ frame }) => frame.case);
  }

  async until(streamId: number, count: number): Promise<DeploymentFrame> {
    for (;;) {
      const said = this.whole.filter((frame) => frame.streamId === streamId);
      if (said.length >= count) return said[count - 1]!;
      await turns(1);
    }
  }

  #say(streamId: number, frame: object): void {
    this.session.receive([this.#frame(streamId, frame)]);
  }

  #frame(streamId: number, frame: object): ServerFrame {
    return create(ServerFrameSchema, { streamId, attempt: numberOf(1), frame } as never);
  }

  #take(frame: DeploymentFrame): void {
    if (frame.frame.case === "credit") this.granted.push(Number(frame.frame.value.bytes));
    if (frame.frame.case !== "fragment") {
      this.whole.push(frame);
      return;
    }
    const { data, last } = frame.frame.value;
    const assembled = this.assembler.take(frame.streamId, data, last);
    if (assembled?.kind === "frame") this.whole.push(decodeDeploymentFrame(assembled.bytes));
  }
}

function outputOf({ frame }: DeploymentFrame): string {
  const body = frame.case === "end" ? frame.value.output?.body : undefined;
  const result = body?.case === "output" ? body.value.result : undefined;
  if (result?.case !== "value" || result.value.content.case !== "inline") return "none";
  return Buffer.from(result.value.content.value).toString();
}

describe("an endpoint's large frames", () => {
  test("go in pieces, in messages below their limit", async () => {
    const server = new Server();
    server.session.receive([server.startFrame("text", 1_000_000)]);
    expect(outputOf(await server.until(1, 1))).toHaveLength(1_000_002);
    for (const frames of server.messages) {
      const bytes = frames.reduce((sum, frame) => sum + deploymentFrameBytes(frame), 0);
      expect(bytes).toBeLessThanOrEqual(messageBytesMax + 1_000);
    }
  });

  test("wait for credit, while others go on", async () => {
    const server = new Server();
    server.grants = false;
    server.session.receive([server.startFrame("text", 1_000_000)]);
    server.session.receive([server.startFrame("length", "abc")]);
    expect(outputOf(await server.until(2, 1))).toBe("3");
    expect(server.saidOf(1)).toEqual([]);
    expect(server.assembler.bytes).toBe(initialCreditBytes);
  });

  test("that nobody wants any more are dropped, and the session can end", async () => {
    const server = new Server();
    server.grants = false;
    server.session.receive([server.startFrame("text", 1_000_000)]);
    await turns();
    server.session.end();
    expect(server.ended).toBe(false);
    server.drop(1);
    server.session.end();
    expect(server.ended).toBe(true);
  });

  test("that were said in the turn in which nobody wanted them any more are dropped as well", async () => {
    const server = new Server();
    server.session.receive([server.startFrame("text", 1_000_000)]);
    // The handler has returned, and the turn is not over.
    for (let n = 0; n < 10; n++) await Promise.resolve();
    server.grants = false;
    server.drop(1);
    await turns();
    // They would wait for credit that nobody grants, and hold up the large frames of others.
    expect(server.messages.flat().filter(({ streamId }) => streamId === 1)).toEqual([]);
    server.session.end();
    expect(server.ended).toBe(true);
  });

  test("are whole for a server that knows no pieces", async () => {
    const server = new Server([]);
    server.session.receive([server.startFrame("text", 1_000_000)]);
    expect(outputOf(await server.until(1, 1))).toHaveLength(1_000_002);
    expect(server.messages.flat().some(({ frame }) => frame.case === "fragment")).toBe(false);
  });
});

describe("a server's large frames", () => {
  const piecesOf = (bytes: Uint8Array): Uint8Array[] =>
    Array.from({ length: Math.ceil(bytes.length / frameBytesMax) }, (_, at) =>
      bytes.subarray(at * frameBytesMax, (at + 1) * frameBytesMax),
    );

  test("are put together, and what came is granted again", async () => {
    const server = new Server();
    const bytes = encodeServerFrame(server.startFrame("length", "y".repeat(500_000)));
    const pieces = piecesOf(bytes);
    for (const [at, piece] of pieces.entries()) {
      server.fragment(1, piece, at === pieces.length - 1);
    }
    expect(outputOf(await server.until(1, pieces.length + 1))).toBe("500000");
    expect(server.granted.reduce((sum, granted) => sum + granted, 0)).toBe(bytes.length);
  });

  test("that are cut off by a Drop leave nothing behind", async () => {
    const server = new Server();
    const [first = new Uint8Array()] = piecesOf(
      encodeServerFrame(server.startFrame("length", "y".repeat(100_000))),
    );
    server.fragment(1, first, false);
    server.drop(1);
    server.session.receive([server.startFrame("length", "ab")]);
    expect(outputOf(await server.until(2, 1))).toBe("2");
    expect(server.session.running).toBe(0);
  });

  test("that are larger than is taken fail their attempt alone", async () => {
    const server = new Server(["fragments"], 100_000);
    const pieces = piecesOf(encodeServerFrame(server.startFrame("length", "y".repeat(500_000))));
    for (const [at, piece] of pieces.entries()) {
      server.fragment(1, piece, at === pieces.length - 1);
    }
    server.session.receive([server.startFrame("length", "ab")]);
    expect(outputOf(await server.until(2, 1))).toBe("2");
    const failed = await server.until(1, 1);
    expect(failed.frame.case === "failed" && failed.frame.value.failure?.message).toContain(
      "PDR2042",
    );
  });
});
