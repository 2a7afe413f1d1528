// The invoker between a real shard and deployments of the test: a session that has a gate, and one that is asked request
// by request.

import { create } from "@bufbuild/protobuf";
import {
  DeploymentFrameSchema,
  ProtocolMode,
  WaitingSchema,
  type DeploymentFrame,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { DeploymentSchema, type Deployment as Registered } from "@perdure/proto/storage/v1/records";
import { gate } from "@perdure/protocol/features";
import { defaultRetryPolicy } from "@perdure/protocol/retry";
import { expect, onTestFinished, test } from "vitest";
import { run } from "../core/commands.fixture.js";
import {
  A,
  B,
  appended,
  idOf,
  plain,
  signalOf,
  signalTree,
  signalled,
  submitted,
} from "../core/events.fixture.js";
import { createLog } from "../observe/log.js";
import { createRegistryView } from "../shard/registry-view.js";
import { Machine } from "../shard/machine.fixture.js";
import { defaultRetention } from "../shard/retention.js";
import type { Shard } from "../shard/shard.js";
import { Invoker } from "./invoker.js";
import { listen } from "./scripted-deployment.fixture.js";

/** A deployment that takes sessions, and says of what it is asked what the test says. */
class Gated {
  readonly uri: string;
  readonly say: (frame: DeploymentFrame) => void;
  readonly #received: ServerFrame[] = [];
  #wake: (() => void) | undefined;

  private constructor(uri: string, say: (frame: DeploymentFrame) => void) {
    this.uri = uri;
    this.say = say;
  }

  static async listen(): Promise<Gated> {
    const holder: { gated?: Gated } = {};
    const received = (frames: readonly ServerFrame[]): void => holder.gated?.take(frames);
    const { uri, replies } = await listen({ features: [gate], received });
    holder.gated = new Gated(uri, (frame) => {
      replies.push(frame);
    });
    return holder.gated;
  }

  take(frames: readonly ServerFrame[]): void {
    this.#received.push(...frames);
    this.#wake?.();
  }

  /** The next frame of a kind. */
  async next(kind: ServerFrame["frame"]["case"]): Promise<ServerFrame> {
    for (;;) {
      const at = this.#received.findIndex(({ frame }) => frame.case === kind);
      const [frame] = at === -1 ? [] : this.#received.splice(0, at + 1).slice(-1);
      if (frame !== undefined) return frame;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function deploymentOf(
  id: string,
  uri: string,
  protocolMode: ProtocolMode,
  revision = 1,
): Registered {
  const manifest = { services: [{ name: "Greeter", handlers: [{ name: "greet" }] }] };
  return create(DeploymentSchema, {
    id,
    uri,
    protocolMode,
    manifest,
    revisions: { Greeter: revision },
  });
}

function invokerOf(
  shard: Shard,
  deployments: readonly Registered[],
  attemptChanged: (runId: string) => void = () => undefined,
): Invoker {
  const view = createRegistryView(deployments);
  const bytesMax = 1e9;
  const timeouts = { inactivityTimeoutMs: 60_000, abortTimeoutMs: 60_000 };
  const invoker = new Invoker({
    shard: () => shard,
    view: () => view,
    clock: { now: () => Date.now() },
    log: createLog("error"),
    defaults: { ...timeouts, retryPolicy: defaultRetryPolicy },
    retention: defaultRetention,
    limits: {
      concurrency: 10,
      attemptsBytesMax: bytesMax,
      attemptBytesMax: bytesMax,
      valueBytesMax: bytesMax,
      eagerStateBytesMax: bytesMax,
      maxRetryAttempts: 10,
    },
    attemptChanged,
  });
  onTestFinished(() => {
    invoker.close();
  });
  return invoker;
}

const { REQUEST_RESPONSE, SESSION } = ProtocolMode;

test("what belongs to a deployment without a gate waits for the sync, and holds up nobody who has one", async () => {
  const { shard, store } = await new Machine().boot();
  // As after a restart: the row is of the time before its invocation was pinned.
  shard.enqueue(0, submitted(A, plain()), {});
  shard.enqueue(0, appended(A, [run(1)], { deploymentId: "dp_old" }), {});
  shard.enqueue(0, submitted(B, plain()), {});
  await shard.drained();
  const deployment = await Gated.listen();
  const invoker = invokerOf(shard, [
    deploymentOf("dp_old", "http://127.0.0.1:1", REQUEST_RESPONSE),
    deploymentOf("dp_new", deployment.uri, SESSION, 2),
  ]);
  const ready = store.partition(0).ready.scan("", "\u00ff", 10);
  expect(ready.map(({ value }) => value.runId)).toEqual([A, B]);

  invoker.discover(0);
  invoker.startEarly(100);
  const started = await deployment.next("start");

  expect(started).toMatchObject({ position: 100n, frame: { value: { runId: B } } });
  expect(invoker.isRunning(A)).toBe(false);
  invoker.released();
  invoker.pump();
  expect(await deployment.next("durable")).toMatchObject({ frame: { value: { position: 100n } } });
  expect(invoker.isRunning(A)).toBe(true);
});

test("an attempt that was started early is not told again what it began with: it goes on waiting, and holds no slot", async () => {
  const running = await new Machine().boot();
  const { shard } = running;
  shard.enqueue(0, submitted(A, plain()), {});
  shard.enqueue(0, signalled(idOf(A), signalOf("go")), {});
  shard.enqueue(0, signalled(idOf(A), signalOf("again")), {});
  await shard.drained();
  const [go, again] = running.ofKind("forward");
  const deployment = await Gated.listen();
  let changed = (): void => undefined;
  const invoker = invokerOf(shard, [deploymentOf("dp_1", deployment.uri, SESSION)], () => {
    changed();
  });

  invoker.discover(0);
  invoker.startEarly(100);
  const { streamId, attempt, frame } = await deployment.next("start");
  expect(frame).toMatchObject({ value: { knownEntries: 3 } });
  const waits = new Promise<void>((resolve) => (changed = resolve));
  const waiting = create(WaitingSchema, { awaiting: signalTree("never"), seen: 2 });
  deployment.say(
    create(DeploymentFrameSchema, {
      streamId,
      attempt,
      frame: { case: "waiting", value: waiting },
    }),
  );
  await waits;
  // The batch is durable: its effects go out.
  invoker.forward(go!);
  invoker.forward(again!);
  expect(invoker.attemptOf(A)).toBe("waiting");
  invoker.forward({ ...again!, index: 3 });
  expect(invoker.attemptOf(A)).toBe("computing");
  expect(await deployment.next("notify")).toMatchObject({ frame: { value: { index: 3 } } });
});
