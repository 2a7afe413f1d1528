// A network that breaks between the server and its deployments, or between callers and the server: sessions that are dead
// are found within 30 s, work goes on when the network is back, and nothing is lost or doubled. Most of the time they wait,
// so several do so side by side, each with a server of its own.

import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { repeatedAfterUse } from "../crash/effects.js";
import { insisting } from "../crash/traffic.js";
import { useBed } from "../harness/bed.js";
import { Http } from "../harness/http.js";
import { TcpProxy } from "../harness/tcp-proxy.js";
import { until } from "../harness/until.js";
import { Lanes, type Lane } from "./lanes.js";
import { medianOf } from "./soak-samples.js";

const bed = useBed("after all");
const foundWithinMs = 30_000;
/** For a machine that does much else. */
const slackMs = 10_000;

const breaks: Readonly<Record<string, (lane: Lane) => void>> = {
  cut: ({ proxy }) => proxy.cut(),
  silentToServices: ({ proxy }) => proxy.swallow("up"),
  silentFromServices: ({ proxy }) => proxy.swallow("down"),
  silent: ({ proxy }) => proxy.swallow("up", "down"),
  halted: ({ services }) => void process.kill(services.process.pid, "SIGSTOP"),
};

test.concurrent(
  "a session that is cut, silent in one direction or in both, or whose process is halted, is found within 30 s",
  { timeout: 180_000 },
  async () => {
    const lanes = await Lanes.start(bed);
    const { gates } = lanes;
    const broken = await Promise.all(Object.keys(breaks).map((name) => lanes.add(name)));
    const sound = await lanes.add("sound");
    const all = [...broken, sound];
    for (const { name } of all) gates.shut(name);
    const calls = all.map((lane) => lanes.call(lane, "held", lane.name));
    await Promise.all(all.map(({ name }) => gates.reached(name)));

    const brokenAt = performance.now();
    for (const lane of broken) breaks[lane.name]?.(lane);
    const found = Promise.all(
      broken.map(async (lane) => {
        await lanes.lost(lane, foundWithinMs + slackMs);
        return [lane.name, Math.round(performance.now() - brokenAt)] as const;
      }),
    );
    // What is new is taken meanwhile, and waits.
    const sent = broken.map((lane) => lanes.call(lane, "steps", `later ${lane.name}`));
    const meanwhile = await lanes.call(sound, "steps", "meanwhile");
    const foundAfter = Object.fromEntries(await found);
    for (const { proxy, services } of broken) {
      proxy.mend();
      process.kill(services.process.pid, "SIGCONT");
    }
    for (const { name } of all) gates.open(name);
    const answers = await Promise.all([...calls, ...sent]);

    console.log(`dead sessions were found after (ms): ${JSON.stringify(foundAfter)}`);
    expect(meanwhile.status).toBe(200);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    for (const ms of Object.values(foundAfter)) expect(ms).toBeLessThan(foundWithinMs + slackMs);
    expect(lanes.server.process.output).not.toContain(sound.proxy.url);
    for (const [at, { name }] of all.entries()) {
      const effects = lanes.effectsOf(name);
      const [first, second]: string[] = answers[at]?.json ?? [];
      expect(repeatedAfterUse(effects)).toEqual([]);
      expect(effects.filter(({ step }) => step === "first").map(({ value }) => value)).toEqual([
        first,
      ]);
      const seconds = effects.filter(({ step }) => step === "second").map(({ value }) => value);
      // It was in flight when the session was lost: it may run once more. The answer is that of one of them.
      expect(seconds).toContain(second);
      expect(seconds.length).toBeLessThanOrEqual(name === "sound" ? 1 : 2);
      // What was begun on a session that was dead already runs once more as well.
      const later = lanes.effectsOf(`later ${name}`);
      expect(repeatedAfterUse(later)).toEqual([]);
      expect(new Set(later.map(({ step }) => step)).size).toBe(name === "sound" ? 0 : 2);
      expect(later.length).toBeLessThanOrEqual(4);
    }
  },
);

test.concurrent(
  "a network that delays and trickles is slow, and nothing worse",
  { timeout: 120_000 },
  async () => {
    const lanes = await Lanes.start(bed);
    const lane = await lanes.add("slow");
    lane.proxy.slowDown({ delayMs: 20, pieceBytes: 40 });

    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, at) => lanes.call(lane, "steps", `slow ${at}`)),
    );

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    for (let at = 0; at < 5; at++) expect(lanes.effectsOf(`slow ${at}`)).toHaveLength(2);
    expect(lanes.server.process.output).not.toContain("lost the session");
  },
);

test.concurrent(
  "a deployment that is stuck, with much to do, does not slow down another",
  { timeout: 180_000 },
  async () => {
    const lanes = await Lanes.start(bed);
    const [stuck, sound] = [await lanes.add("stuck"), await lanes.add("sound")];
    const latency = async (name: string): Promise<number> => {
      const latencies: number[] = [];
      for (let at = 0; at < 60; at++) {
        const began = performance.now();
        expect((await lanes.call(sound, "steps", `${name} ${at}`)).status).toBe(200);
        latencies.push(performance.now() - began);
      }
      return medianOf(latencies);
    };
    await lanes.call(stuck, "steps", "first");
    await latency("warm");
    const before = await latency("before");
    stuck.proxy.swallow("up", "down");
    // So many at once may be more than a busy machine can store: those who are refused ask again, as clients do.
    const insist = insisting(AbortSignal.timeout(120_000));
    const accepted = Array.from({ length: 1_500 }, async (_, at) => {
      const path = "/restate/send/Lanestuck/steps";
      const headers = { "idempotency-key": `stuck ${at}` };
      return insist(202, () => lanes.server.ingress.post(path, `stuck ${at}`, { headers }));
    });
    await Promise.all(accepted);
    const after = await latency("after");
    stuck.proxy.mend();
    await insist(200, () => lanes.call(stuck, "steps", "stuck 1499"));

    console.log(
      `median of a call: ${before.toFixed(1)} ms, beside a stuck one ${after.toFixed(1)} ms`,
    );
    expect(lanes.effectsOf("stuck 1499")).toHaveLength(2);
    // Wide, for a machine that does much else: a deployment that blocks another does so for seconds.
    expect(after).toBeLessThan(5 * before + 150);
  },
);

describe("callers", () => {
  test(
    "whose connection goes silent ask again, and get the result of what they began",
    { timeout: 120_000 },
    async () => {
      const lanes = await Lanes.start(bed);
      const lane = await lanes.add("caller");
      const proxy = await TcpProxy.open(lanes.server.ingress.url);
      bed.atEnd(() => proxy.close());
      const through = new Http(proxy.url);
      const headers = { "idempotency-key": "asked" };
      lanes.gates.shut("asked");
      const call = (signal: AbortSignal) =>
        through.post("/restate/call/Lanecaller/held", "asked", { headers, signal });
      const gaveUp = new AbortController();
      const first = call(gaveUp.signal);
      await lanes.gates.reached("asked");
      proxy.swallow("up", "down");
      lanes.gates.open("asked");
      await until("it has ended", async () => {
        const { status } = await lanes.server.ingress.get(
          "/restate/invocation/Lanecaller/held/asked/output",
        );
        return status === 200;
      });
      gaveUp.abort();
      await expect(first).rejects.toThrow(/abort/);
      proxy.mend();
      const second = await call(AbortSignal.timeout(20_000));

      expect(second.status).toBe(200);
      expect(lanes.effectsOf("asked")).toHaveLength(2);
      expect(lane.services.process.exit).toBeUndefined();
    },
  );

  test.skipIf(process.platform !== "linux")(
    "that wait on a silent connection are asked by TCP whether they are there",
    async () => {
      const lanes = await Lanes.start(bed);
      const lane = await lanes.add("caller");
      lanes.gates.shut("waits");
      const port = Number(new URL(lanes.server.ingress.url).port);
      const socket = connect(port, "127.0.0.1");
      bed.atEnd(async () => void socket.destroy());
      socket.write(
        'POST /restate/call/Lanecaller/held HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n"waits"',
      );
      await lanes.gates.reached("waits");

      expect(keepsAlive(port, socket.localPort ?? 0)).toBe(true);
      // And so does the endpoint of the services, on the server's session.
      const servicesPort = Number(new URL(lane.services.url).port);
      expect(await until("a session", () => keepsAlive(servicesPort))).toBe(true);
      lanes.gates.open("waits");
    },
  );
});

/** Whether the kernel has a keep-alive timer for a connection to this port. */
function keepsAlive(localPort: number, remotePort?: number): boolean {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .some(([, local, remote, state, , timer]) => {
      const isIt =
        local?.endsWith(`:${hex(localPort)}`) === true &&
        (remotePort === undefined || remote?.endsWith(`:${hex(remotePort)}`) === true);
      return isIt && state === "01" && timer?.startsWith("02:") === true;
    });
}
