// npm run fuzz -- [--seconds N] [--target TEXT] [--seed N]
//
// Runs the fuzz targets (x.fuzz.test.ts beside the code; see protocol/src/fuzz.fixture.ts) for N seconds each, 60 unless said
// otherwise: those whose name contains TEXT, or all. A case that fails is shrunk, and printed with its seed.

import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { rootFolder } from "../tidy/repository.js";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    target: { type: "string", default: "" },
    seed: { type: "string" },
  },
});
const { seconds, target, seed } = values;
const child = spawn("npx", ["vitest", "run", "--project", "unit", ".fuzz.test.ts"], {
  cwd: rootFolder,
  stdio: "inherit",
  env: {
    ...process.env,
    PERDURE_TEST_FUZZ_SECONDS: seconds,
    PERDURE_TEST_FUZZ_TARGET: target,
    ...(seed === undefined ? {} : { PERDURE_TEST_FUZZ_SEED: seed }),
  },
});
child.once("exit", (code) => {
  process.exitCode = code ?? 1;
});
