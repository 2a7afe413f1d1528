// What a data directory recovers to, as a digest of all tables: from its last checkpoint and the log, or from the
// log alone. Works on copies; the server that owns the directory must be dead.

import { cpSync, rmSync } from "node:fs";
import path from "node:path";
import { recoverShard } from "@perdure/server/shard/recovery";

export interface RecoveredDigest {
  readonly digest: string;
  /** Log records that were applied on top of the checkpoint. */
  readonly replayed: number;
  readonly checkpointPosition: number;
}

export interface DigestOptions {
  /** Default "0". */
  readonly shard?: string;
  /** Default "checkpoint". */
  readonly from?: "checkpoint" | "log alone";
}

/** Recovers a copy of the directory. */
export async function recoveredDigest(
  dataDir: string,
  scratch: string,
  { shard = "0", from = "checkpoint" }: DigestOptions = {},
): Promise<RecoveredDigest> {
  const copy = path.join(scratch, "copy");
  rmSync(copy, { recursive: true, force: true });
  cpSync(dataDir, copy, { recursive: true });
  const directory = path.join(copy, "shards", shard);
  if (from === "log alone") rmSync(path.join(directory, "store"), { recursive: true, force: true });
  return digestOf(directory);
}

/** Recovers a copy, writes a checkpoint of it, and recovers that. */
export async function digestAfterCheckpoint(
  dataDir: string,
  scratch: string,
  { shard = "0" }: DigestOptions = {},
): Promise<RecoveredDigest> {
  const copy = path.join(scratch, "copy");
  rmSync(copy, { recursive: true, force: true });
  cpSync(dataDir, copy, { recursive: true });
  const directory = path.join(copy, "shards", shard);
  const { log, store } = await recoverShard({ directory, writer: "inline" });
  await store.checkpoint(log.lastPosition);
  await log.close();
  await store.close();
  return digestOf(directory);
}

async function digestOf(directory: string): Promise<RecoveredDigest> {
  const { log, store, replayed } = await recoverShard({ directory, writer: "inline" });
  try {
    const { checkpointPosition } = store;
    return { digest: store.digest(), replayed, checkpointPosition };
  } finally {
    await log.close();
    await store.close();
  }
}
