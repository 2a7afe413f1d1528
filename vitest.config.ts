// One configuration for all tests.
//
// - `unit`: x.test.ts beside x.ts in every package. No build needed: packages resolve to their
//   TypeScript through the `source` export condition.
// - `e2e`: test/**. Real processes may run from dist, so `npm test` builds what is stale first.
//
// Time limits are for tests that hang, not for slow machines: what must be soon says so itself, and against what.
//
// vite stays at 7: version 8 leaves standard decorators in its output, which Node cannot parse.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { TestOrder } from "./scripts/test-order.js";

const conditions = ["source", "module", "node", "development|production"];
const never = ["**/node_modules/**", "**/dist/**"];
// vitest would leave a core to itself. Many tests wait for processes that they started: two are worth it anywhere.
const maxWorkers = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: "node",
    maxWorkers,
    sequence: { sequencer: TestOrder },
    expect: { poll: { timeout: 20_000 } },
    allowOnly: process.env["CI"] === undefined,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["*/src/**/*.test.ts", "examples/*/src/**/*.test.ts", "scripts/**/*.test.ts"],
          exclude: never,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/**/*.test.ts"],
          exclude: never,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
