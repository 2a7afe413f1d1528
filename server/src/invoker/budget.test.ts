import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { FailureSchema, OutputCommandSchema } from "@perdure/proto/protocol/v1/journal";
import { journalEntriesMax } from "@perdure/protocol/limits";
import { entryOf, proposalOf, valueOf } from "@perdure/protocol/messages";
import { failure, proposal } from "../core/events.fixture.js";
import { sleep } from "../core/commands.fixture.js";
import { attemptOf } from "./attempt.fixture.js";
import { ValueTooLarge, checkValue, excessOf, itemBytes } from "./budget.js";

function outputOf(bytes: number): ReturnType<typeof entryOf> {
  const result = { case: "value" as const, value: valueOf(new Uint8Array(bytes)) };
  return entryOf("", { case: "output", value: create(OutputCommandSchema, { result }) });
}

describe("the size of an item", () => {
  test("is that of its value, and a little for itself", () => {
    const command = itemBytes({ case: "command", value: outputOf(10_000) });
    const step = itemBytes({ case: "proposal", value: proposal(1, "x".repeat(10_000)) });

    for (const bytes of [command, step]) {
      expect(bytes).toBeGreaterThan(10_000);
      expect(bytes).toBeLessThan(11_500);
    }
  });

  test("is that of what its failure says", () => {
    const value = create(FailureSchema, { code: 500, message: "x".repeat(10_000) });
    const result = { case: "failure" as const, value };
    const output = entryOf("", { case: "output", value: create(OutputCommandSchema, { result }) });

    expect(itemBytes({ case: "command", value: output })).toBeGreaterThan(10_000);
    expect(itemBytes({ case: "proposal", value: proposalOf(1, result) })).toBeGreaterThan(10_000);
  });

  test("is small, and not nothing, where it has no value", () => {
    const items = [
      itemBytes({ case: "command", value: sleep(1, 5) }),
      itemBytes({ case: "proposal", value: proposal(1, failure(500)) }),
    ];

    for (const bytes of items) {
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(1_000);
    }
  });
});

describe("a value", () => {
  test("of the largest size is taken; one byte more is refused with a code and both sizes", () => {
    expect(() => {
      checkValue(500, 500);
    }).not.toThrow();

    try {
      checkValue(501, 500);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ValueTooLarge);
      expect(error).toMatchObject({ code: "PDR2015" });
      expect(String(error)).toMatch(/501 .* 500 /);
    }
  });
});

describe("an attempt", () => {
  test("within its budget has no excess", () => {
    const attempt = attemptOf("a", { bytes: 1_000, entries: journalEntriesMax });

    expect(excessOf(attempt, 1_000)).toBeUndefined();
  });

  test("with more bytes than it may have is told of both", () => {
    const excess = excessOf(attemptOf("a", { bytes: 1_001 }), 1_000);

    expect(excess?.code).toBe("PDR2016");
    expect(excess?.message).toMatch(/1001 bytes.* 1000 /);
  });

  test("with more entries than it may have is told how to go on", () => {
    const excess = excessOf(attemptOf("a", { entries: journalEntriesMax + 1 }), 1_000);

    expect(excess?.code).toBe("PDR2017");
    expect(excess?.message).toContain("another invocation");
  });
});
