import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  AttemptFailed_Behavior as Behavior,
  AttemptFailedSchema,
} from "@perdure/proto/protocol/v1/deployment";
import { defaultRetryPolicy, type RetryPolicy } from "@perdure/protocol/retry";
import { CommandRejected } from "../core/context.js";
import { attemptOf } from "./attempt.fixture.js";
import { failedByCommand, failedBySdk, failedEvent, type AttemptError } from "./failures.js";

const policy: RetryPolicy = {
  ...defaultRetryPolicy,
  initialIntervalMs: 100,
  maxAttempts: 3,
  onMaxAttempts: "pause",
};

function reported(of: { behavior?: Behavior; retryAfterMs?: bigint } = {}): AttemptError {
  return failedBySdk(
    create(AttemptFailedSchema, {
      failure: { code: 503, message: "no route", metadata: [{ name: "a", value: "b" }] },
      stacktrace: "at line 1",
      relatedCommandIndex: 4,
      relatedCommandName: "charge",
      relatedCommandType: "run",
      ...of,
    }),
  );
}

describe("a failure that the SDK reports", () => {
  test("is kept with all that it says, and the time of it", () => {
    const attempt = attemptOf("a", { retryPolicy: policy });

    const event = failedEvent(attempt, reported(), 1_000.5);

    expect(event).toMatchObject({ runId: "a", attempt: { epoch: 1, counter: 1 } });
    expect(event.failure).toMatchObject({
      code: 503,
      message: "no route",
      stacktrace: "at line 1",
      relatedCommandIndex: 4,
      relatedCommandName: "charge",
      relatedCommandType: "run",
      at: 1_000.5,
    });
  });

  test("is cut off where it is too long to be kept with the invocation", () => {
    const { message, stacktrace } = failedBySdk(
      create(AttemptFailedSchema, {
        failure: { code: 500, message: "m".repeat(1_000_000) },
        stacktrace: "s".repeat(1_000_000),
      }),
    ).failure;

    expect([message.length, stacktrace.length]).toEqual([65_537, 65_537]);
    expect(message.endsWith("m…")).toBe(true);
  });

  test("without a failure is one of code 500", () => {
    expect(failedBySdk(create(AttemptFailedSchema)).failure).toMatchObject({
      code: 500,
      message: "",
    });
  });
});

describe("what comes after a failed attempt", () => {
  const decide = (error: AttemptError, failures = 0): ReturnType<typeof failedEvent>["decision"] =>
    failedEvent(attemptOf("a", { retryPolicy: policy, failures }), error, 1_000).decision;

  test("is another, after the interval of the policy, in whole milliseconds and never early", () => {
    for (const [failures, intervalMs] of [
      [0, 100],
      [1, 200],
    ] as const) {
      const { case: kind, value } = decide(reported(), failures);

      expect(kind).toBe("retryAt");
      expect(Number.isInteger(value)).toBe(true);
      expect(value).toBeGreaterThanOrEqual(1_000 + intervalMs);
      expect(value).toBeLessThanOrEqual(1_000 + intervalMs * 1.3 + 1);
    }
  });

  test("is what the policy says when its attempts are used up", () => {
    const kill = { ...policy, onMaxAttempts: "kill" } as const;
    const killed = failedEvent(
      attemptOf("a", { retryPolicy: kill, failures: 2 }),
      reported(),
      1_000,
    );

    expect(decide(reported(), 2).case).toBe("pause");
    expect(killed.decision).toMatchObject({
      case: "end",
      value: { code: 503, message: "no route", metadata: [{ name: "a", value: "b" }] },
    });
  });

  test("comes at the time that the failure asks for", () => {
    expect(decide(reported({ retryAfterMs: 12_345n }))).toEqual({
      case: "retryAt",
      value: 13_345,
    });
    expect(decide(reported({ retryAfterMs: (1n << 64n) - 1n })).case).toBe("retryAt");
  });

  test("is a pause or the end where the code asks for it", () => {
    expect(decide(reported({ behavior: Behavior.PAUSE })).case).toBe("pause");
    expect(decide(reported({ behavior: Behavior.FAIL }))).toMatchObject({
      case: "end",
      value: { code: 503 },
    });
    expect(decide(reported({ behavior: Behavior.RETRY })).case).toBe("retryAt");
  });
});

describe("a command that is refused", () => {
  test("fails the attempt with its code", () => {
    const error = failedByCommand(new CommandRejected("PDR2007", "a plain service has no state"));

    expect(error.failure).toMatchObject({
      code: 500,
      errorCode: "PDR2007",
      message: "a plain service has no state",
    });
    expect(error.behavior).toBe(Behavior.RETRY);
  });

  test("may be refused by anything that is thrown", () => {
    expect(failedByCommand("no")).toMatchObject({ failure: { message: "no", errorCode: "" } });
  });
});
