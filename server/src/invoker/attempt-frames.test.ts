import {
  AttemptFailedSchema,
  EndSchema,
  type DeploymentFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { create } from "@bufbuild/protobuf";
import { deploymentFrameOf } from "@perdure/protocol/messages";
import { expect, test } from "vitest";
import { run } from "../core/commands.fixture.js";
import { takeFrame } from "./attempt-frames.js";
import { attemptOf } from "./attempt.fixture.js";

const ends: readonly DeploymentFrame["frame"][] = [
  { case: "failed", value: create(AttemptFailedSchema) },
  { case: "end", value: create(EndSchema) },
];

test.each(ends)("what comes behind $case in its message is not recorded", (end) => {
  const attempt = attemptOf("run");
  const command = { case: "command" as const, value: run(1) };
  const failed = { case: "failed" as const, value: create(AttemptFailedSchema) };

  for (const frame of [command, end, command, failed]) {
    takeFrame(attempt, deploymentFrameOf(1, attempt.number, frame), 0);
  }

  expect(attempt.incoming.items).toHaveLength(1);
  expect(attempt.incoming.end).toBe(end.case === "end");
  expect(attempt.incoming.failed).toBe(end.case === "failed" ? end.value : undefined);
});
