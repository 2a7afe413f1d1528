import { expect, test } from "vitest";
import { turnOf } from "./test-order.js";

const path = (file: string): string => `/somewhere/${file}`;

test("the simulation begins, then comes what starts processes, then the rest", () => {
  const files = [
    { moduleId: path("server/src/log/log.test.ts"), project: { name: "unit" } },
    { moduleId: path("test/e2e/steps.test.ts"), project: { name: "e2e" } },
    { moduleId: path("test/simulation/simulation.test.ts"), project: { name: "e2e" } },
    { moduleId: path("sdk/src/simulation/x.test.ts"), project: { name: "unit" } },
  ];

  const names = files.sort((one, other) => turnOf(one) - turnOf(other));

  expect(names.map(({ moduleId }) => moduleId)).toEqual([
    path("test/simulation/simulation.test.ts"),
    path("test/e2e/steps.test.ts"),
    path("server/src/log/log.test.ts"),
    path("sdk/src/simulation/x.test.ts"),
  ]);
});
