// What one attempt says and can't be made into bytes is nothing to the others of its session.

import { create } from "@bufbuild/protobuf";
import {
  ServerFrameSchema,
  StartSchema,
  type DeploymentFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { joinBytes } from "@perdure/protocol/bytes";
import { sessionFeatures } from "@perdure/protocol/features";
import {
  decodeSessionResponse,
  encodeSessionResponseParts,
} from "@perdure/protocol/session-messages";
import { describe, expect, test } from "vitest";
import type { Context } from "../context/context.js";
import { service } from "../definitions/define.js";
import { input } from "../replay/entries.fixture.js";
import { serde, type Serde } from "../serde/serde.js";
import { resolveEndpoint } from "./resolve-endpoint.js";
import { numberOf, SessionDriver } from "./session.fixture.js";
import { EndpointSession } from "./session.js";

/** It says that it gives bytes. */
const lying: Serde<unknown> = {
  contentType: "application/octet-stream",
  deserialize: () => undefined,
  serialize: () => new DataView(new ArrayBuffer(8)) as unknown as Uint8Array,
};

const callOf = (parameter: unknown, inputSerde: Serde<unknown>) => ({
  service: "Other",
  method: "do",
  parameter,
  inputSerde,
});

const odd = service({
  name: "Odd",
  handlers: {
    fine: async (ctx: Context) => ctx.run("step", () => "done"),
    step: async (ctx: Context) => ctx.run("step", () => 1, { serde: lying as Serde<number> }),
    call: async (ctx: Context) => ctx.genericCall(callOf(1, lying)),
    // Never allowed to go on: the other side has been told that it failed.
    caught: async (ctx: Context) => {
      try {
        await ctx.genericCall(callOf(1, lying));
      } finally {
        ctx.genericSend(callOf(1, serde.json));
      }
    },
  },
});

/** A session whose messages are really made into bytes. */
class Written {
  readonly frames: DeploymentFrame[] = [];
  ended = false;
  readonly #session: EndpointSession;
  #wake: (() => void) | undefined;

  constructor() {
    this.#session = new EndpointSession({
      ...resolveEndpoint({ services: [odd], logger: () => undefined }),
      instanceId: "instance",
      buildId: "build",
    });
    this.#session.open({
      write: (frames) => {
        this.frames.push(...decodeSessionResponse(joinBytes(encodeSessionResponseParts(frames))));
        this.#wake?.();
        return true;
      },
      end: () => (this.ended = true),
    });
  }

  hello(...features: string[]): void {
    const frame = { case: "hello" as const, value: { features } };
    this.#session.receive([create(ServerFrameSchema, { frame })]);
  }

  start(...handlers: string[]): void {
    const frames = handlers.map((handler, at) => {
      const target = { service: "Odd", handler };
      const value = create(StartSchema, { target, knownEntries: 1, entries: [input()] });
      return create(ServerFrameSchema, {
        streamId: at + 1,
        attempt: numberOf(1),
        frame: { case: "start", value },
      });
    });
    this.#session.receive(frames);
  }

  accept(streamId: number, index: number, completionId: number): void {
    const frame = { case: "proposalAccepted" as const, value: { index, completionId } };
    this.#session.receive([create(ServerFrameSchema, { streamId, attempt: numberOf(1), frame })]);
  }

  async until(streamId: number, kind: DeploymentFrame["frame"]["case"]): Promise<DeploymentFrame> {
    for (;;) {
      const found = this.frames.find(
        (frame) => frame.streamId === streamId && frame.frame.case === kind,
      );
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

describe.each([
  ["where frames may come in pieces", sessionFeatures],
  ["where they may not", []],
])("a frame that can't be written, %s", (_, features) => {
  test.each(["step", "call", "caught"])("fails its attempt alone: %s", async (handler) => {
    const session = new Written();
    session.hello(...features);

    session.start("fine", handler, "fine");
    const failed = await session.until(2, "failed");
    for (const streamId of [1, 3]) {
      await session.until(streamId, "proposeCompletion");
      session.accept(streamId, 2, 1);
      await session.until(streamId, "end");
    }

    expect(failed.frame.value).toMatchObject({
      failure: { code: 500, message: expect.stringMatching(/^PDR2030: .* can't be written/) },
    });
    expect(session.frames.filter(({ streamId }) => streamId === 2).at(-1)).toBe(failed);
    expect(session.ended).toBe(false);
  });
});

test("a frame that can't be written fails its attempt alone where others write the messages", async () => {
  const driver = new SessionDriver([odd]);
  const attempts = ["fine", "call"].map((handler) => driver.start({ handler: `Odd/${handler}` }));

  expect(await attempts[1]?.until("failed")).toEqual([
    expect.stringMatching(/^failed ! 500 PDR2030: .* can't be written/),
  ]);
  await attempts[0]?.until("proposeCompletion");
  attempts[0]?.accept(2, 1);
  expect((await attempts[0]?.until("end"))?.at(-1)).toBe('end = "done"');
});
