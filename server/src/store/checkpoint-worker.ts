// The thread that writes checkpoints.

import { parentPort, workerData } from "node:worker_threads";
import { writeBatch, type WriterReply } from "./checkpoint-writer.js";
import { Environment } from "./environment.js";

const { directory } = workerData as { readonly directory: string };
const environment = Environment.open(directory);

parentPort?.on("message", (batch: Uint8Array) => {
  let reply: WriterReply;
  try {
    reply = { outcome: writeBatch(environment, batch) };
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
