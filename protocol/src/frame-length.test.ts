import fc from "fast-check";
import { expect, test } from "vitest";
import { frameLength } from "./frame-length.js";
import { deploymentFrameOf, fragmentOf } from "./messages.js";
import { encodeDeploymentFrame } from "./session-messages.js";

const number = { $typeName: "perdure.protocol.v1.AttemptNumber" as const, epoch: 3, counter: 300 };

test("a frame's first piece says how long it is, but for the little behind its large field", () => {
  const data = new Uint8Array(300_000);
  const bytes = encodeDeploymentFrame(deploymentFrameOf(7, number, fragmentOf(data, true)));
  const length = frameLength(bytes.subarray(0, 64 * 1024)) ?? 0;
  expect(length).toBeLessThanOrEqual(bytes.length);
  expect(length).toBeGreaterThan(bytes.length - 64);
});

test("what is whole, or no message, says nothing, or something beyond the piece", () => {
  expect(frameLength(new Uint8Array())).toBeUndefined();
  expect(frameLength(new Uint8Array(64))).toBeUndefined();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const length = frameLength(bytes);
      if (length !== undefined) expect(length).toBeGreaterThan(bytes.length);
    }),
  );
});
