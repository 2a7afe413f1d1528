// A server that has to stop itself must not leave a test waiting.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("./server-failure.fixture.ts", import.meta.url));

// It finds the files by /proc, which Linux alone has.
test.runIf(existsSync("/proc/self/fd"))(
  "calls fail with the server, and so does the end of the environment",
  { timeout: 30_000 },
  async () => {
    const options = ["--conditions=source", "--import", "tsx", program];
    const { stdout } = await promisify(execFile)(process.execPath, options);

    expect(JSON.parse(stdout)).toEqual(["PDR5404", "PDR5404", "PDR5404"]);
  },
);
