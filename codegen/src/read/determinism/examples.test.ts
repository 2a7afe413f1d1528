// What this project shows people as good code is good code to the checks; and its tests' code that is meant to break
// replays does break the rules.

import { expect, test } from "vitest";
import { placeOf } from "../places.js";
import { handlersIn, openProject, repository } from "../steps/handlers.fixture.js";
import { checkDeterminism } from "./determinism.js";

const project = openProject();

function findingsIn(...globs: readonly string[]): string[] {
  const files = project.addSourceFilesAtPaths([
    ...globs.map((glob) => repository + glob),
    "!**/*.test.ts",
  ]);
  const bodies = files.flatMap((file) => handlersIn(file));
  expect(bodies.length).toBeGreaterThan(0);
  return checkDeterminism(bodies, (node) => placeOf(node, repository)).map(
    ({ place, code, severity, message }) => `${place?.file ?? ""} ${code} ${severity} ${message}`,
  );
}

test("the examples have no findings", () => {
  expect(findingsIn("examples/*/src/**/*.ts")).toEqual([]);
}, 60_000);

test("the code of conformance tests has findings where it breaks replays on purpose alone", () => {
  const found = findingsIn("test/conformance/services/*.ts", "test/golden-journals/services.ts");
  expect(found.map((text) => text.split(" ").slice(0, 3).join(" "))).toEqual([
    "test/conformance/services/failing.ts PDR6206 warning",
    "test/conformance/services/memory.ts PDR6203 error",
    "test/conformance/services/memory.ts PDR6205 warning",
    "test/conformance/services/memory.ts PDR6206 warning",
    "test/conformance/services/non-deterministic.ts PDR6206 warning",
    "test/golden-journals/services.ts PDR6206 warning",
    "test/services/gates.ts PDR6204 error",
  ]);
}, 60_000);
