// What happens at the edges of a server's life and strength: too many requests at once, and closing.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Overloaded } from "../shard/invocations.js";
import { openTestIngress } from "./ingress.fixture.js";
import type { TestIngress } from "./ingress.fixture.js";
import type { IngressOptions } from "./start-ingress.js";

let ingress: TestIngress | undefined;
afterEach(() => ingress?.port.close());

type Finish = (value: Uint8Array) => void;

/** An ingress whose handler's invocations the test ends. */
async function openHeld(
  options: Partial<IngressOptions>,
): Promise<{ readonly url: string; readonly opened: TestIngress; readonly held: Finish[] }> {
  const opened = await openTestIngress(options);
  ingress = opened;
  const held: Finish[] = [];
  opened.invocations.handler = () => new Promise((resolve) => held.push(resolve));
  return { url: opened.url, opened, held };
}

const path = "/restate/call/Greeter/greet";

describe("more requests than are served at the same time", () => {
  test("are 429 with a time to wait, and nothing of them is accepted", async () => {
    const { url, opened, held } = await openHeld({ requestsMax: 2 });
    const calls = [fetch(url + path), fetch(url + path)];
    await expect.poll(() => held.length).toBe(2);

    const refused = await fetch(url + path, { headers: { origin: "https://shop.example" } });

    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.headers.get("x-restate-error-source")).toBe("ingress");
    expect(refused.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect(await refused.json()).toEqual({
      code: 429,
      message: expect.stringContaining("2 requests") as string,
      source: "ingress",
      errorCode: "PDR3018",
    });
    expect(opened.invocations.submitted).toHaveLength(2);
    for (const finish of held) finish(Buffer.from("1"));
    for (const call of calls) expect((await call).status).toBe(200);
  });

  test("are taken again when one of those before them has its answer, or its client has gone", async () => {
    const { url, opened, held } = await openHeld({ requestsMax: 1 });
    const first = fetch(url + path);
    await expect.poll(() => held.length).toBe(1);
    held[0]?.(Buffer.from("1"));
    await (await first).text();
    const controller = new AbortController();
    const second = fetch(url + path, { signal: controller.signal });
    await expect.poll(() => held.length).toBe(2);
    const gone = opened.invocations.nextAbort();

    controller.abort();
    await expect(second).rejects.toThrow(/abort/);
    await gone;
    const third = fetch(url + path);
    await expect.poll(() => held.length).toBe(3);

    held[2]?.(Buffer.from("3"));
    expect(await (await third).text()).toBe("3");
  });

  test("do not count health checks and preflights", async () => {
    const { url, held } = await openHeld({ requestsMax: 1 });
    const call = fetch(url + path);
    await expect.poll(() => held.length).toBe(1);

    const health = await fetch(`${url}/restate/health`);
    const preflight = await fetch(url + path, { method: "OPTIONS" });

    expect(health.status).toBe(200);
    expect(preflight.status).toBe(200);
    held[0]?.(Buffer.from("1"));
    await call;
  });

  test.each([0, undefined])("are unknown with a limit of %j", async (requestsMax) => {
    const limit = requestsMax === undefined ? {} : { requestsMax };
    const { url, held } = await openHeld(limit);
    const calls = Array.from({ length: 20 }, () => fetch(url + path));
    await expect.poll(() => held.length).toBe(20);

    for (const finish of held) finish(Buffer.from("1"));

    for (const call of calls) expect((await call).status).toBe(200);
  });
});

describe("a submission while the engine is overloaded", () => {
  test("is refused before its body is there, and the connection goes on", async () => {
    const { url, opened } = await openHeld({});
    opened.invocations.refusal = new Overloaded("more comes than the server can do", 1);
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    await once(socket, "connect");
    const head = `POST ${path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n`;

    socket.write(head);
    const refused = await answerOn(socket);
    opened.invocations.refusal = undefined;
    opened.invocations.handler = () => Promise.resolve(Buffer.from("7"));
    socket.write(`"Ada"${head}"Bob"`);
    const answered = await answerOn(socket);

    expect(refused).toMatch(/^HTTP\/1\.1 429 .*retry-after: 1\r\n/s);
    expect(refused).not.toMatch(/connection: close/i);
    expect(answered).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\n7$/s);
    const taken = opened.invocations.submitted.map(({ parameter }) => Buffer.from(parameter));
    expect(taken.map(String)).toEqual(['"Bob"']);
    socket.destroy();
  });

  test("leaves alone what was accepted: health, lookups, attach", async () => {
    const { url, opened } = await openHeld({});
    opened.invocations.refusal = new Overloaded("more comes than the server can do", 1);

    const statuses = [];
    for (const asked of ["/restate/health", "/restate/invocation/inv_1/attach"]) {
      statuses.push((await fetch(url + asked)).status);
    }

    expect(statuses).not.toContain(429);
  });
});

async function answerOn(socket: Socket): Promise<string> {
  const [answer] = (await once(socket, "data")) as [Buffer];
  return answer.toString();
}

describe("closing", () => {
  test("lets calls that wait have their result, and takes no more", async () => {
    const { url, opened, held } = await openHeld({});
    const call = fetch(url + path);
    await expect.poll(() => held.length).toBe(1);

    const closed = opened.port.close();
    await expect(fetch(url + path)).rejects.toThrow("fetch failed");
    held[0]?.(Buffer.from("1"));

    const response = await call;
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("1");
    await closed;
    expect(opened.invocations.submitted).toHaveLength(1);
  });

  test("cuts off what has no answer after the drain time; its invocation goes on", async () => {
    const { url, opened, held } = await openHeld({ drainMs: 30 });
    const call = fetch(url + path);
    await expect.poll(() => held.length).toBe(1);
    const gone = opened.invocations.nextAbort();

    const closed = opened.port.close();

    await expect(call).rejects.toThrow("fetch failed");
    await closed;
    await gone;
    expect(opened.invocations.submitted).toHaveLength(1);
  });
});
