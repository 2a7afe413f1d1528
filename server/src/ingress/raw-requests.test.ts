// Requests that fetch can't make: HTTP/2, raw bytes in paths, odd request lines.

import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openTestIngress, TestFailure } from "./ingress.fixture.js";
import type { TestIngress } from "./ingress.fixture.js";

let ingress: TestIngress;
beforeEach(async () => {
  ingress = await openTestIngress({ bodyBytesMax: 10_000 });
});
afterEach(() => ingress.port.close());

interface Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

async function http2(
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answer> {
  const session = connectHttp2(ingress.url);
  const stream = session.request({
    ":path": path,
    ":method": body === undefined ? "GET" : "POST",
    ...headers,
  });
  stream.end(body);
  const [received] = (await once(stream, "response")) as [Answer["headers"]];
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(stream, "end");
  session.close();
  return { headers: received, body: Buffer.concat(chunks).toString() };
}

/** Sends bytes as they are and reads until the server closes. */
async function raw(...lines: readonly string[]): Promise<string> {
  const { host, port } = ingress.port.address;
  const socket = connectTcp(port, host);
  let received = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (received += chunk));
  socket.write([...lines, "connection: close", "", ""].join("\r\n"));
  await once(socket, "close");
  return received;
}

const json = { "content-type": "application/json" };

describe("over HTTP/2", () => {
  test("a call is answered as over HTTP/1.1", async () => {
    const { headers, body } = await http2(
      "/restate/call/Counter/a%20b/add?x=1",
      { ...json, "x-custom": "1" },
      "3",
    );

    expect(headers[":status"]).toBe(200);
    expect(headers["x-restate-id"]).toMatch(/^inv_1/);
    expect(headers["content-type"]).toBe("application/json");
    expect(headers["content-length"]).toBe("1");
    expect(body).toBe("3");
    const [request] = ingress.invocations.submitted;
    expect(request?.key).toBe("a b");
    expect(request?.headers).toMatchObject([
      { name: "x-restate-ingress-path", value: "/restate/call/Counter/a%20b/add?x=1" },
      { name: "content-type", value: "application/json" },
      { name: "x-custom", value: "1" },
    ]);
  });

  test("a key may stand in the path as raw UTF-8", async () => {
    const { headers } = await http2(Buffer.from("/Counter/jöhn✓/add").toString("latin1"));

    expect(headers[":status"]).toBe(200);
    expect(ingress.invocations.submitted[0]?.key).toBe("jöhn✓");
  });

  test("a GET has no body", async () => {
    const { headers, body } = await http2("/Greeter/greet");

    expect(headers[":status"]).toBe(200);
    expect(body).toBe("");
  });

  test("a body over the limit is 413", async () => {
    const { headers, body } = await http2("/Greeter/greet", json, "x".repeat(10_001));

    expect(headers[":status"]).toBe(413);
    expect(JSON.parse(body)).toMatchObject({ code: 413, errorCode: "PDR3014" });
  });

  test.each([
    [422, 422],
    [600, 500],
    [999, 500],
    [204, 500],
  ])("a failure of code %i has status %i", async (code, status) => {
    ingress.invocations.handler = () => Promise.reject(new TestFailure(code, "no"));

    const { headers, body } = await http2("/Greeter/greet");

    expect(headers[":status"]).toBe(status);
    expect(JSON.parse(body)).toMatchObject({ code, message: "no" });
  });

  test("a stream that the client resets ends the wait", async () => {
    ingress.invocations.handler = () => new Promise(() => {});
    const aborted = ingress.invocations.nextAbort();
    const session = connectHttp2(ingress.url);
    const stream = session.request({ ":path": "/Greeter/greet" });
    stream.on("error", () => {});
    await expect.poll(() => ingress.invocations.submitted.length).toBe(1);

    stream.destroy();

    await aborted;
    session.close();
  });
});

describe("over HTTP/1.1", () => {
  test("a request line with a whole address means its path", async () => {
    const answer = await raw("GET http://x:1/Counter/k/add HTTP/1.1", "host: x");

    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(ingress.invocations.submitted[0]?.key).toBe("k");
  });

  test.each(["OPTIONS * HTTP/1.1", "HEAD /Greeter/greet HTTP/1.1", "GET * HTTP/1.1"])(
    "%s is answered",
    async (line) => {
      expect(await raw(line, "host: x")).toMatch(/^HTTP\/1\.1 (200|400|405)/);
    },
  );

  test("a failure of code 600 and above keeps it as its status", async () => {
    ingress.invocations.handler = () => Promise.reject(new TestFailure(999, "no"));

    expect(await raw("GET /Greeter/greet HTTP/1.1", "host: x")).toMatch(/^HTTP\/1\.1 999/);
  });

  test("a Connect request without a host is refused, not fatal", async () => {
    const line = "POST /perdure.ingress.v1.Ingress/Call HTTP/1.0";

    expect(await raw(line, "content-length: 0")).toMatch(/PDR3013/);
    expect(await raw(line, "host: [[", "content-length: 0")).toMatch(/PDR3013/);
  });

  test("an unexpected error of the engine is 500 and kept in the log", async () => {
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    ingress.invocations.refusal = new TypeError("oops");

    const answer = await raw("GET /Greeter/greet HTTP/1.1", "host: x");

    const logged = stderr.mock.calls.map(([line]) => String(line));
    stderr.mockRestore();
    expect(answer).toMatch(/^HTTP\/1\.1 500[^]*PDR3022/);
    expect(answer).not.toContain("oops");
    expect(logged.join("")).toMatch(/PDR3022 .*GET \/Greeter\/greet: TypeError: oops/);
  });
});
