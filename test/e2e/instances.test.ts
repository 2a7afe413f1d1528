// A deployment whose address is that of several processes, as behind a load balancer: all get work, one that dies or shuts
// down takes nothing along that others could do, and one that comes is found.

import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Ingress } from "@perdure/proto/ingress/v1/ingress";
import { expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { TcpProxy } from "../harness/tcp-proxy.js";
import { until } from "../harness/until.js";

const bed = useBed("after each");
/** The look-again time after a change is a second; the rest is for a machine that does much else. */
const foundWithinMs = 10_000;

interface Setting {
  readonly server: ServerProcess;
  readonly gates: Gates;
  readonly proxy: TcpProxy;
  readonly instances: readonly ServicesProcess[];
  add(): Promise<ServicesProcess>;
}

async function settingOf(count: number): Promise<Setting> {
  const [server, gates] = await Promise.all([bed.startServer(), bed.openGates()]);
  const env = { PERDURE_TEST_GATES: gates.url };
  const add = (): Promise<ServicesProcess> => bed.startServices({ modules: ["instances"], env });
  const instances = await Promise.all(Array.from({ length: count }, add));
  const proxy = await TcpProxy.open(...instances.map(({ url }) => url));
  bed.atEnd(() => proxy.close());
  await server.register(proxy.url);
  return { server, gates, proxy, instances, add };
}

async function call({ server }: Setting, handler: string, body?: unknown): Promise<number> {
  const { status, json, text } = await server.ingress.post(
    `/restate/call/Instances/${handler}`,
    body,
  );
  if (status !== 200) throw new Error(`${handler}: ${String(status)} ${text}`);
  return json as number;
}

async function statusOf({ server }: Setting, id: string): Promise<string> {
  const { json } = await server.admin.get(`/invocations/${id}`);
  return json.status as string;
}

/** Resolves when its code can't go on by itself. */
async function untilWaits({ server }: Setting, id: string): Promise<void> {
  const client = createClient(Ingress, createGrpcTransport({ baseUrl: server.ingress.url }));
  const target = { case: "invocationId" as const, value: id };
  for await (const { event } of client.watch({ invocation: { target } })) {
    if (event.case === "waiting") return;
  }
}

/** Calls until each of these processes was seen. */
async function untilMet(setting: Setting, ...wanted: ServicesProcess[]): Promise<void> {
  const seen = new Set<number>();
  await until(
    "all instances get work",
    async () => {
      seen.add(await call(setting, "who"));
      return wanted.every(({ process }) => seen.has(process.pid));
    },
    foundWithinMs,
  );
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

function countsOf(values: readonly (number | string)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

test(
  "instances share the work; where one is killed the others go on with it, and one more is found",
  { timeout: 120_000 },
  async () => {
    const setting = await settingOf(2);
    const { gates, proxy } = setting;
    const [one, two] = setting.instances as [ServicesProcess, ServicesProcess];
    const [a, b] = [one.process.pid, two.process.pid];
    await untilMet(setting, one, two);

    gates.shut("held");
    const calls = times(20, () => call(setting, "held", "held"));
    await gates.reached("held", 20);
    expect(countsOf(gates.notes("held"))).toEqual({ [a]: 10, [b]: 10 });

    proxy.aim(two.url);
    const killedAt = performance.now();
    await one.kill();
    await gates.reached("held", 30);
    const wentOnAfterMs = performance.now() - killedAt;
    console.log(`attempts of a killed instance went on after ${wentOnAfterMs.toFixed(0)} ms`);
    expect(wentOnAfterMs).toBeLessThan(foundWithinMs);
    expect(countsOf(gates.notes("held"))).toEqual({ [a]: 10, [b]: 20 });

    const three = await setting.add();
    proxy.aim(two.url, three.url);
    await untilMet(setting, three);
    gates.open("held");
    expect(countsOf(await Promise.all(calls))).toEqual({ [b]: 20 });
    expect(setting.server.process.output).toContain("has 2 instances that take work");
    expect(setting.server.process.output).not.toContain("lost the session");
  },
);

test(
  "an instance that shuts down finishes what computes, gets nothing new, and hands over what waits",
  { timeout: 120_000 },
  async () => {
    const setting = await settingOf(2);
    const { gates, proxy, server } = setting;
    const [one, two] = setting.instances as [ServicesProcess, ServicesProcess];
    await untilMet(setting, one, two);

    // Each is given to the instance that computes least: they all compute until all are there.
    gates.shut("waits");
    const sent = await Promise.all(
      times(4, () => server.ingress.post("/restate/send/Instances/waits")),
    );
    const ids = sent.map(({ json }) => json.invocationId as string);
    await gates.reached("waits", 4);
    gates.open("waits");
    await Promise.all(ids.map((id) => untilWaits(setting, id)));
    expect(countsOf(gates.notes("waits"))).toEqual({
      [one.process.pid]: 2,
      [two.process.pid]: 2,
    });
    gates.shut("held");
    const calls = times(2, () => call(setting, "held", "held"));
    await gates.reached("held", 2);
    expect(new Set(gates.notes("held")).size).toBe(2);

    proxy.aim(two.url);
    const ended = one.terminate();
    await until("what waits is let go, and only there", async () => {
      const statuses = await Promise.all(ids.map((id) => statusOf(setting, id)));
      return statuses.filter((status) => status === "suspended").length === 2;
    });
    const later = await Promise.all(times(10, () => call(setting, "who")));
    expect(countsOf(later)).toEqual({ [two.process.pid]: 10 });

    gates.open("held");
    expect(countsOf(await Promise.all(calls))).toEqual({
      [one.process.pid]: 1,
      [two.process.pid]: 1,
    });
    expect(gates.count("held")).toBe(2);
    expect(await ended).toMatchObject({ code: 0 });
    await Promise.all(ids.map((id) => call(setting, "go", id)));
    const attached = await Promise.all(
      ids.map((id) => server.ingress.get(`/restate/attach/${id}`)),
    );
    expect(attached.map(({ json }) => json as number)).toEqual(times(4, () => two.process.pid));
  },
);
