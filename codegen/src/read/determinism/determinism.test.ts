// What each check finds and what it leaves alone, by the cases of the fixtures.

import { beforeAll, describe, expect, test } from "vitest";
import type { Diagnostic } from "../../model/diagnostic.js";
import { placeOf } from "../places.js";
import { handlersIn, projectOf, repository, sourcePath } from "../steps/handlers.fixture.js";
import { marksOf, packages, sourceOf, type Groups } from "./cases.fixture.js";
import { checkDeterminism } from "./determinism.js";
import { promiseCases } from "./promise-cases.fixture.js";
import { reachCases } from "./reach-cases.fixture.js";
import { worldCases } from "./world-cases.fixture.js";

const groups: Groups = { ...worldCases, ...reachCases, ...promiseCases };

const cases = Object.entries(groups).flatMap(([group, named]) =>
  Object.entries(named).map(([name, one]) => ({ key: `${group} ${name}`, group, name, one })),
);
const project = projectOf(
  Object.fromEntries(cases.map(({ key, one }) => [fileOf(key), sourceOf(one)])),
);
project.createSourceFile(sourcePath("packages.d.ts").replace(/\.ts$/, ""), packages);

// The first look reads the SDK and the platform's types.
beforeAll(() => {
  project
    .getProgram()
    .compilerObject.getSemanticDiagnostics(
      project.getSourceFileOrThrow(sourcePath(fileOf(cases[0]?.key ?? ""))).compilerNode,
    );
}, 60_000);

function fileOf(key: string): string {
  return key.replaceAll(/\W+/g, "-");
}

function diagnosticsOf(file: string): readonly Diagnostic[] {
  const source = project.getSourceFileOrThrow(sourcePath(file));
  // Helpers that take a context are reached from the handlers, or they are not.
  const bodies = handlersIn(source).filter(({ service }) => service === "Case");
  return checkDeterminism(bodies, (node) => placeOf(node, repository));
}

describe.each(Object.keys(groups))("%s", (group) => {
  test.each(cases.filter((each) => each.group === group))(
    "$name",
    ({ key, one }) => {
      const found = diagnosticsOf(fileOf(key)).map(
        ({ place, severity, code }) => `${place?.line ?? 0} ${severity} ${code}`,
      );
      expect(found.sort()).toEqual(marksOf(sourceOf(one)).sort());
    },
    30_000,
  );
});

test("a finding says what, why, in which function, and what to do", () => {
  const key = "functions that are reached are checked, through helpers of helpers";
  expect(diagnosticsOf(fileOf(key))[0]).toEqual({
    code: "PDR6202",
    severity: "error",
    place: { file: "codegen/src/read/cases/" + fileOf(key) + ".ts", line: 5, column: 29 },
    message:
      "Math.random() draws by chance, and something else on every replay (in inner, which Case/check reaches)",
    advice:
      'use ctx.rand.random() or ctx.rand.uuidv4(), which draw the same on every replay, or put it into a step: await ctx.run("name", () => …)',
  });
});

test("no handlers have no findings", () => {
  expect(checkDeterminism([], (node) => placeOf(node, repository))).toEqual([]);
});
