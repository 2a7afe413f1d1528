import { create } from "@bufbuild/protobuf";
import { StepSequenceSchema, type StepSequence } from "@perdure/proto/manifest/v1/manifest";
import { expect, test } from "vitest";
import { stepChange } from "./step-changes.js";

/** `run a`, `sleep`; a list stands inside of the step before it. */
type Written = string | readonly Written[];

function sequence(steps: readonly Written[], complete = true): StepSequence {
  return create(StepSequenceSchema, { steps: parsed(steps), complete });
}

function parsed(written: readonly Written[]): NonNullable<ReturnType<typeof step>>[] {
  const steps: ReturnType<typeof step>[] = [];
  for (const one of written) {
    if (typeof one === "string") steps.push(step(one));
    else steps.at(-1)?.inner.push(...parsed(one));
  }
  return steps;
}

function step(text: string): { operation: string; name: string; inner: any[] } {
  const [operation = "", name = ""] = text.split(" ");
  return { operation, name, inner: [] };
}

test.each<readonly [string, readonly Written[], readonly Written[], string | undefined, boolean]>([
  ["nothing where all is as it was", ["run a", "sleep"], ["run a", "sleep"], undefined, false],
  [
    "a step that is new at the end, which breaks nobody",
    ["run a"],
    ["run a", "run b"],
    'run "b" is new at the end',
    false,
  ],
  [
    "a step that is new in between",
    ["run a", "run b"],
    ["run a", "sleep", "run b"],
    'sleep comes before run "b" now',
    true,
  ],
  ["a step that is gone at the end", ["run a", "run b"], ["run a"], 'run "b" is gone', true],
  [
    "a step that is gone before another",
    ["run a", "run b"],
    ["run b"],
    'run "a" is gone before run "b"',
    true,
  ],
  [
    "two steps that changed places",
    ["run verify", "run create"],
    ["run create", "run verify"],
    'run "verify" comes after run "create" now',
    true,
  ],
  [
    "a step in the place of another",
    ["run a"],
    ["run b"],
    'run "b" stands where run "a" was',
    true,
  ],
  [
    "a step inside of a loop",
    ["loop", ["run a"]],
    ["loop", ["run b"]],
    'run "b" stands where run "a" was inside "loop"',
    true,
  ],
  [
    "a step that is new at the end of a loop, which comes around again",
    ["loop", ["run a"]],
    ["loop", ["run a", "sleep"]],
    'sleep is new at the end inside "loop"',
    true,
  ],
  [
    "a step that became conditional",
    ["run a"],
    ["if", ["run a"]],
    '"if" with run "a" stands where run "a" was',
    true,
  ],
])("of steps is told %s", (_what, before, after, text, breaksRunning) => {
  const change = stepChange(sequence(before), sequence(after));
  expect(change).toEqual(text === undefined ? undefined : { text, breaksRunning });
});

test("what was not read says nothing", () => {
  expect(stepChange(undefined, sequence(["run a"]))).toBeUndefined();
  expect(stepChange(sequence(["run a"]), undefined)).toBeUndefined();
});

test("what was read in part is told as such", () => {
  const change = stepChange(sequence(["run a"], false), sequence(["run b"]));
  expect(change?.text).toMatch(/not all of its code could be read/);
});
