// Recovery comes to the same tables, whichever way it takes: from the last checkpoint and the log behind it, or
// from the whole log; and the server that goes on from there ends what was accepted.

import { describe, expect, test } from "vitest";
import path from "node:path";
import { useBed } from "../harness/bed.js";
import { seededRandom, testSeed } from "../harness/seed.js";
import { until } from "../harness/until.js";
import { recoveredDigest } from "./digest.js";
import { effectBytes } from "./effects.js";
import { runTraffic } from "./traffic.js";
import { verify } from "./verify.js";

const bed = useBed("after each");

describe("recovery after a kill -9", () => {
  test("replays to the same digest from the checkpoint and from the log's start", async () => {
    const seed = testSeed();
    console.log(`recovery digest: PERDURE_TEST_SEED=${seed}`);
    const random = seededRandom(seed, "recovery digest");
    const scratch = bed.directory();
    const effectsFile = path.join(scratch, "effects");
    const [server, services] = await Promise.all([
      // Small: several checkpoints while the log still has its first segment.
      bed.startServer({ flags: { "checkpoint-bytes": "48KiB" } }),
      bed.startServices({ modules: ["trips"], env: { PERDURE_TEST_EFFECTS: effectsFile } }),
    ]);
    await server.register(services.url);
    let isGoing = true;
    const progress = { accepted: 0, ended: 0 };
    const traffic = runTraffic(
      {
        server,
        random,
        trips: 50,
        producers: 2,
        quoters: 2,
        goOn: () => isGoing,
        signal: new AbortController().signal,
      },
      progress,
    );
    const instant = random.between(15_000, 35_000);
    await until("the work is under way", () => effectBytes(effectsFile) >= instant);
    await server.kill();

    const short = await recoveredDigest(server.dataDir, scratch);
    const again = await recoveredDigest(server.dataDir, scratch);
    const whole = await recoveredDigest(server.dataDir, scratch, { from: "log alone" });
    await server.start();
    isGoing = false;
    const { repeats } = await verify(server, await traffic, effectsFile, 1);

    console.log(
      `recovery digest: ${progress.accepted} accepted; checkpoint at ${short.checkpointPosition}, ` +
        `${short.replayed} records after it, ${whole.replayed} in all; ${repeats} steps repeated`,
    );
    expect(short.checkpointPosition).toBeGreaterThan(0);
    expect(whole.checkpointPosition).toBe(0);
    expect(whole.replayed).toBe(short.checkpointPosition + short.replayed);
    expect(again).toEqual(short);
    expect(whole.digest).toBe(short.digest);
  });
});
