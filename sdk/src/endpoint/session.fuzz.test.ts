// What a broken server sends to an endpoint: frames that make no sense, in any order, and frames damaged as bytes. Attempts may
// fail or never end; the session lives, and carries out the next attempt that makes sense, unless a message is none at all.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  InvokeRequestSchema,
  ServerFrameSchema,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { damagedBytes, decoded, fuzz } from "@perdure/protocol/fuzz.fixture";
import { durableFrameOf } from "@perdure/protocol/messages";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { WorkflowContext } from "../context/context.js";
import { workflow } from "../definitions/define.js";
import { handlers } from "../definitions/handlers.js";
import { input, jsonValue } from "../replay/entries.fixture.js";
import { helloOf } from "./hello.js";
import { invoke } from "./invoke.js";
import { resolveEndpoint } from "./resolve-endpoint.js";
import { SessionDriver } from "./session.fixture.js";

const service = workflow({
  name: "W",
  handlers: {
    run: async (ctx: WorkflowContext, name: string) => {
      const first = await ctx.run("a", () => `Hi ${name}`);
      await ctx.sleep(1_000);
      const got = await ctx.get("k");
      return [first, got, await ctx.promise("p").get()];
    },
    quick: handlers.workflow.shared(async () => "quick"),
  },
});

// What a test's own server would say: taken from a session that works.
const sent: ServerFrame[] = [];
const recorder = new SessionDriver([service]);
const send = recorder.send.bind(recorder);
recorder.send = (frame) => {
  sent.push(frame);
  send(frame);
};
const attempt = recorder.start({ state: [{ key: "k", value: jsonValue(1) }] });
recorder.start({ handler: "W/k/quick" });
attempt.accept(1, 1);
attempt.notify(2, input("again"));
recorder.hello("early-results");
recorder.durable(5n);
attempt.drop();
attempt.abort();
sent.push(durableFrameOf(2n ** 63n));
recorder.close();

const frameBytes = sent.map((frame) => toBinary(ServerFrameSchema, frame));
const frame: fc.Arbitrary<ServerFrame> = damagedBytes(...frameBytes)
  .map((bytes) => decoded(() => fromBinary(ServerFrameSchema, bytes)))
  .filter((found): found is ServerFrame => found !== undefined);

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeAll(() => process.on("unhandledRejection", note));
afterAll(() => void process.off("unhandledRejection", note));
afterEach(() => expect(unhandled).toEqual([]));

fuzz("frames of a server", {
  input: fc.array(frame, { maxLength: 12 }),
  share: 2,
  caseMsMax: 5_000,
  run: async (frames) => {
    const driver = new SessionDriver([service]);
    for (const each of frames) driver.send(each);
    // Streams of damaged frames have numbers of their own choice, but seldom this one.
    const next = driver.start({ handler: "W/k/quick", streamId: 4_000_000_001 });
    const said = await Promise.race([next.until("end"), driver.ended]);
    // Pieces that are no frame together are no message either: that ends the session.
    if (said === undefined) expect(frames.map((each) => each.frame.case)).toContain("fragment");
    else expect(said.at(-1)).toBe('end = "quick"');
    driver.close();
    await driver.ended;
  },
});

const hello = helloOf({
  instanceId: "i",
  buildId: "b",
  ...resolveEndpoint({ services: [service] }),
});
const requestBytes = sent
  .filter(({ frame: { case: kind } }) => kind === "start")
  .map((start) =>
    toBinary(InvokeRequestSchema, create(InvokeRequestSchema, { hello, frames: [start] })),
  );

fuzz("requests of Invoke", {
  input: damagedBytes(...requestBytes),
  share: 2,
  caseMsMax: 5_000,
  run: async (bytes) => {
    const request = decoded(() => fromBinary(InvokeRequestSchema, bytes));
    if (request === undefined) return;
    const environment = resolveEndpoint({ services: [service], logger: () => undefined });
    const signal = AbortSignal.timeout(1_000);
    const answer = await invoke(request, environment as never, hello, signal);
    expect(answer.frames.length).toBeLessThan(1_000);
  },
  refusals: ({ name }) => name === "ConnectError",
});
