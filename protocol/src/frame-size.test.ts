import { create } from "@bufbuild/protobuf";
import { AttemptFailedSchema, type DeploymentFrame } from "@perdure/proto/protocol/v1/deployment";
import { EntrySchema } from "@perdure/proto/protocol/v1/journal";
import { expect, test } from "vitest";
import { deploymentFrameBytes } from "./frame-size.js";
import { deploymentFrameOf } from "./messages.js";
import { encodeDeploymentFrame } from "./session-messages.js";

const number = { $typeName: "perdure.protocol.v1.AttemptNumber" as const, epoch: 1, counter: 1 };
const long = "x".repeat(100_000);
const target = { service: "s", handler: "h" };

const commands: Parameters<typeof create<typeof EntrySchema>>[1][] = [
  { name: long, body: { case: "run", value: {} } },
  { body: { case: "getState", value: { key: long } } },
  { body: { case: "setState", value: { key: long } } },
  { body: { case: "clearState", value: { key: long } } },
  { body: { case: "getPromise", value: { promise: long } } },
  { body: { case: "peekPromise", value: { promise: long } } },
  { body: { case: "completePromise", value: { promise: long } } },
  { body: { case: "call", value: { target: { ...target, key: long } } } },
  { body: { case: "send", value: { target, idempotencyKey: long } } },
  { body: { case: "call", value: { target, headers: [{ name: "n", value: long }] } } },
  { body: { case: "sendSignal", value: { signal: { case: "signalName", value: long } } } },
  {
    body: {
      case: "attach",
      value: { target: { reference: { case: "workflow", value: { workflow: "w", key: long } } } },
    },
  },
];

const frames: DeploymentFrame["frame"][] = [
  ...commands.map((command) => ({ case: "command" as const, value: create(EntrySchema, command) })),
  { case: "failed", value: create(AttemptFailedSchema, { relatedCommandName: long }) },
];

// What is taken for small goes out whole, and a message of it may be larger than the other side takes.
test.each(frames.map((frame, at) => [at, frame] as const))(
  "a long text counts, wherever user code may give one (%i)",
  (_, frame) => {
    const outgoing = deploymentFrameOf(1, number, frame);

    const measured = deploymentFrameBytes(outgoing);

    const { length } = encodeDeploymentFrame(outgoing);
    expect(measured).toBeGreaterThan(100_000);
    expect(Math.abs(measured - length)).toBeLessThan(1_000);
  },
);
