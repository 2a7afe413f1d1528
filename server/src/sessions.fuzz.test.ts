// What a hostile or broken service sends on its session: frames that are well-formed and make no sense, and frames that were
// damaged as bytes. Its own attempts may fail; the server lives, and serves the calls of another service.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  AttemptFailedSchema,
  DeploymentFrameSchema,
  ProposeCompletionSchema,
  WaitingSchema,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { damagedBytes, decoded, fuzz } from "@perdure/protocol/fuzz.fixture";
import { afterAll, expect, vi } from "vitest";
import {
  call,
  command,
  goodEnd,
  output,
  scripted,
  serving,
  type Frame,
  type Say,
} from "./scripted-deployment.fixture.js";

const value = (text: string): object => ({ content: { case: "inline", value: Buffer.from(text) } });
const target = { service: "Good", handler: "h" };
const frames: readonly Frame[] = [
  command({ case: "run", value: { completionId: 1 } }),
  command({ case: "sleep", value: { completionId: 2, durationMs: 1n } }),
  command({ case: "setState", value: { key: "k", value: value("1") } }),
  command({ case: "getState", value: { completionId: 3, key: "k" } }),
  command({ case: "clearAllState", value: {} }),
  command({ case: "getPromise", value: { completionId: 4 } }),
  command({
    case: "call",
    value: { invocationIdCompletionId: 5, resultCompletionId: 6, target, parameter: value("x") },
  } as never),
  command({
    case: "send",
    value: { invocationIdCompletionId: 7, target, parameter: value("x"), delayMs: 1n },
  } as never),
  command({ case: "cancel", value: { invocationId: "inv_1" } } as never),
  command({ case: "attach", value: { completionId: 8 } } as never),
  {
    case: "proposeCompletion",
    value: create(ProposeCompletionSchema, {
      completionId: 1,
      result: { case: "value", value: { content: { case: "inline", value: Buffer.from("1") } } },
    }),
  },
  {
    case: "waiting",
    value: create(WaitingSchema, { awaiting: { completionIds: [2] }, seen: 1 }),
  },
  {
    case: "failed",
    value: create(AttemptFailedSchema, { failure: { code: 500, message: "no" } }),
  },
  output({ case: "failure", value: { code: 400, message: "no" } as never }),
  goodEnd,
];

const frame: fc.Arbitrary<Frame> = fc
  .constantFrom(...frames)
  .chain((each) =>
    damagedBytes(
      toBinary(DeploymentFrameSchema, create(DeploymentFrameSchema, { frame: each as never })),
    ),
  )
  .map((bytes) => decoded(() => fromBinary(DeploymentFrameSchema, bytes))?.frame)
  // Whoever says that he drains gets no attempts, and has only himself to blame.
  .filter((found): found is Frame => found?.case !== undefined && found.case !== "draining");

interface World {
  /** @returns the invocation that they are said of */
  readonly say: (found: readonly Frame[]) => Promise<string>;
  /** It may never end by itself, and keeps a slot. */
  readonly kill: (invocationId: string) => Promise<unknown>;
  readonly goodCall: () => Promise<number>;
  readonly isAlive: () => Promise<boolean>;
}
let world: World;
const logged = vi.spyOn(process.stderr, "write");
afterAll(() => logged.mockRestore());

async function withinSeconds<T>(seconds: number, promise: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error("a good call hangs")), seconds * 1_000).unref();
  });
  return Promise.race([promise, late]);
}

/** The server is made within the first case: its fixtures belong to a test. */
async function start(): Promise<World> {
  let begun: ((starting: readonly [ServerFrame, Say]) => void) | undefined;
  const bad = await scripted("Bad", (from, say) => {
    begun?.([from, say]);
    begun = undefined;
  });
  const good = await scripted("Good", (from, say) => say(from, goodEnd));
  const admin = await serving(bad, good);
  const goodCall = async (): Promise<number> =>
    (await withinSeconds(10, call(admin, "Good"))).status;
  return {
    goodCall,
    kill: (invocationId) => admin.ask("PATCH", `/invocations/${invocationId}/kill`),
    isAlive: async () => (await admin.ask("GET", "/deployments")).status === 200,
    say: async (found) => {
      const next = new Promise<readonly [ServerFrame, Say]>((resolve) => (begun = resolve));
      const url = `${admin.server.ingressUrl}/Bad/h/send`;
      const sent = await fetch(url, { method: "POST" });
      const { invocationId } = (await sent.json()) as { readonly invocationId: string };
      const tooLate = new Promise<undefined>((resolve) =>
        setTimeout(resolve, 3_000, undefined).unref(),
      );
      const [from, say] = (await Promise.race([next, tooLate])) ?? [];
      if (from === undefined || say === undefined) throw new Error("no attempt has begun");
      say(from, ...found);
      return invocationId;
    },
  };
}
let made = false;
fuzz("frames of a service", {
  input: fc.array(frame, { minLength: 1, maxLength: 8 }),
  share: 4,
  casesAtOnce: 10,
  caseMsMax: 20_000,
  run: async (found) => {
    if (!made) {
      made = true;
      world = await start();
    }
    const invocationId = await world.say(found);
    expect(await world.goodCall()).toBe(200);
    await world.kill(invocationId);
    expect(await world.isAlive()).toBe(true);
  },
});
