// The thread that writes checkpoints.

import { parentPort, workerData } from "node:worker_threads";
import { readBatch } from "./checkpoint-batch.js";
import type { WriterReply } from "./checkpoint-writer.js";
import { Environment } from "./environment.js";

const { directory } = workerData as { readonly directory: string };
const environment = Environment.open(directory);

parentPort?.on("message", (batch: Uint8Array) => {
  let reply: WriterReply;
  try {
    environment.write(readBatch(batch));
  } catch (error) {
    reply = error instanceof Error ? error.message : String(error);
  }
  parentPort?.postMessage(reply);
});
