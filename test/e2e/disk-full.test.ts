// A disk that is full, for real: the server's data directory is a small file system of its own, in a mount
// namespace that ends with the process. New work is refused, nothing that was accepted is lost, and work
// goes on as soon as there is room.

import path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { answerWithin, type Answer } from "../harness/http.js";
import type { ServerProcess } from "../harness/server-process.js";
import { seededRandom, testSeed } from "../harness/seed.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { canMount, onSmallDisk, SmallDisk } from "../harness/small-disk.js";
import { until } from "../harness/until.js";
import { MixedBook } from "../faults/mixed-book.js";
import { MixedLoad } from "../faults/mixed-load.js";
import { mixedServices } from "../faults/setting.js";

const bed = useBed("after each");
const diskBytes = 96 * 1024 * 1024;
let server: ServerProcess;
let services: ServicesProcess;
let disk: SmallDisk;

beforeEach(async () => {
  services = await bed.startServices({ modules: ["greeter"] });
});

async function startOnSmallDisk(flags: Record<string, string>): Promise<void> {
  const mountPoint = bed.directory();
  server = await bed.startServer({
    dataDir: path.join(mountPoint, "data"),
    flags,
    wrapper: onSmallDisk(mountPoint, diskBytes),
  });
  disk = new SmallDisk(server.process.pid, mountPoint);
  await server.register(services.url);
  // The log's first segment is small; the one behind it is being prepared.
  await until("the log has a spare segment", () => disk.freeBytes < diskBytes - 17 * 1024 * 1024);
}

const mebibyte = {
  body: new Uint8Array(1024 * 1024),
  headers: { "content-type": "application/octet-stream" },
};

function sendMebibyte(): Promise<Answer> {
  return server.ingress.send("/restate/send/Greeter/echo", mebibyte);
}

async function acceptedMebibyte(): Promise<string> {
  const answer = await sendMebibyte();
  expect(answer.status).toBe(202);
  return answer.json.invocationId;
}

/** Sends a mebibyte at a time until it is refused. */
async function useUpLog(): Promise<{ readonly accepted: string[]; readonly refused: any }> {
  const accepted: string[] = [];
  const refused = await until("new work is refused", async () => {
    // What was taken in before the disk was found full waits until there is room.
    const answer = await answerWithin(500, sendMebibyte());
    if (answer?.status === 202) accepted.push(answer.json.invocationId);
    return answer?.status === 503 ? answer.json : undefined;
  });
  return { accepted, refused };
}

async function expectAllThere(accepted: readonly string[]): Promise<void> {
  const results = await Promise.all(
    accepted.map((id) => server.ingress.get(`/restate/attach/${id}`)),
  );
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set([200]));
}

describe.skipIf(!canMount())("a full disk", () => {
  test("has no room for a value that is larger than a segment: it waits, and is kept when there is room", async () => {
    await startOnSmallDisk({});
    disk.fill();
    const large = server.ingress.post(
      "/restate/call/Greeter/nothing",
      "x".repeat(17 * 1024 * 1024),
    );
    const refused = await until("new work is refused", async () => {
      const answer = await answerWithin(
        500,
        server.ingress.post("/restate/send/Greeter/greet", "Ada"),
      );
      return answer?.status === 503 ? answer.json : undefined;
    });

    disk.makeRoom();

    expect(refused).toMatchObject({ errorCode: "PDR1105" });
    expect((await large).status).toBe(200);
  });

  test("refuses new work with its code, loses nothing, and work goes on when there is room", async () => {
    await startOnSmallDisk({});
    const { ingress } = server;
    await ingress.post("/restate/call/Counter/c/add", 1);
    const waiting = await ingress.post("/restate/send/Signup/full/run", { name: "Ada" });
    disk.fill();
    const { accepted, refused } = await useUpLog();
    const health = await ingress.get("/health");

    disk.makeRoom();
    const counted = await until("work is taken again", async () => {
      const answer = await ingress.post("/restate/call/Counter/c/add", 1);
      return answer.status === 200 && answer;
    });
    await ingress.post("/restate/call/Signup/full/verify", "s");
    const workflow = await ingress.get(`/restate/attach/${waiting.json.invocationId}`);

    expect(refused).toMatchObject({ code: 503, source: "ingress", errorCode: "PDR1105" });
    expect(refused.message).toMatch(/disk/);
    expect(health.status).toBe(200);
    expect(counted.json).toBe(2);
    expect(workflow.json).toEqual({ name: "Ada", key: "full", secret: "s" });
    expect(accepted.length).toBeGreaterThan(3);
    await expectAllThere(accepted);
  });

  test("takes the room of files that are only kept to be used again", async () => {
    await startOnSmallDisk({ "checkpoint-bytes": "256KiB" });
    await expectAllThere(await Promise.all(Array.from({ length: 20 }, acceptedMebibyte)));
    await until("files of large values are free to be used again", async () => {
      const before = disk.filesOfBodies();
      await expectAllThere([await acceptedMebibyte()]);
      return disk.filesOfBodies() === before;
    });
    disk.fill();

    const large = "x".repeat(17 * 1024 * 1024);
    const answer = await server.ingress.post("/restate/call/Greeter/nothing", large);

    expect(answer.status).toBe(200);
  });

  test("that comes upon a checkpoint loses nothing either", async () => {
    await startOnSmallDisk({ "checkpoint-bytes": "256KiB" });
    disk.fill();
    const { accepted } = await useUpLog();
    disk.makeRoom();

    await until("work is taken again", async () => {
      const answer = await server.ingress.post("/restate/call/Greeter/greet", "Ada");
      return answer.status === 200;
    });
    await expectAllThere(accepted);
  });

  test("under every workload at once loses and doubles nothing", { timeout: 180_000 }, async () => {
    await startOnSmallDisk({ "checkpoint-bytes": "256KiB" });
    const effectsFile = path.join(bed.directory(), "effects");
    const mixed = await bed.startServices(mixedServices(effectsFile));
    await server.register(mixed.url);
    const book = new MixedBook(effectsFile);
    const load = new MixedLoad({
      ingress: server.ingress,
      book,
      random: seededRandom(testSeed(), "full disk"),
      disturbances: () => 0,
      answerMs: 120_000,
    });
    let isOn = true;
    const running = load.run(2, () => isOn);
    running.catch(() => undefined);
    for (let round = 0; round < 2; round++) {
      disk.fill();
      await useUpLog();
      disk.makeRoom();
      await until("work is taken again", async () => {
        const answer = await server.ingress.post("/restate/call/Greeter/greet", "Ada");
        return answer.status === 200;
      });
    }
    isOn = false;
    await running;
    await load.judgeCounters();
    book.judge(true);

    expect(book.offences).toEqual([]);
    expect(server.process.output).toContain("the event log is written again");
  });
});
