import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { openStore, temporaryDirectory } from "./store.fixture.js";

const built = join(import.meta.dirname, "../../dist/store");

/** Writes one transaction that takes long, and ends inside of it. */
const program = (directory: string): string => `
  import { createThreadWriter } from "${pathToFileURL(join(built, "checkpoint-writer.js")).href}";
  import { CheckpointBatch } from "${pathToFileURL(join(built, "checkpoint-batch.js")).href}";
  const batch = new CheckpointBatch();
  for (let at = 0; at < 200_000; at++) batch.put(Buffer.from("key " + at), Buffer.alloc(10));
  const writer = createThreadWriter(${JSON.stringify(directory)});
  await writer.rest();
  writer.write(batch.take()).then(() => console.log("written before the end"));
  setTimeout(() => process.exit(7), 50);
`;

function run(code: string): Promise<{ readonly status: unknown; readonly said: string }> {
  const file = join(temporaryDirectory(), "program.mjs");
  writeFileSync(file, code);
  // One that hangs is killed, and has no status.
  const limit = { timeout: 20_000, killSignal: "SIGKILL" } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, [file], limit, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : error.code, said: stdout + stderr });
    });
  });
}

// The thread runs from built files; `npm test` builds them first.
test.skipIf(!existsSync(built))(
  "a process that ends amid a checkpoint's transaction ends, and the store is as before or after it",
  async () => {
    const directory = temporaryDirectory();

    expect(await run(program(directory))).toEqual({ status: 7, said: "" });
    expect(() => openStore(directory)).not.toThrow();
  },
);
