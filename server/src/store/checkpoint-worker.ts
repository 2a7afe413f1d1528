// The thread that writes checkpoints.

import { parentPort, workerData } from "node:worker_threads";
import {
  writeBatch,
  type WriterData,
  type WriterReply,
  type WriterRequest,
} from "./checkpoint-writer.js";
import { Environment } from "./environment.js";

const { directory, answered } = workerData as WriterData;
const environment = Environment.beside(directory);

parentPort?.on("message", (request: WriterRequest) => {
  let reply: WriterReply;
  try {
    reply = answer(request);
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
  // Moved, not copied.
  const moved =
    typeof reply === "object" && "bytes" in reply ? reply.bytes.map(({ buffer }) => buffer) : [];
  parentPort?.postMessage(reply, moved);
});

function answer(request: WriterRequest): WriterReply {
  if (request === "rest") {
    environment.rest();
    return "rests";
  }
  return { outcome: writeBatch(environment, request), bytes: request };
}
