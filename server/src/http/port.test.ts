import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { respond } from "./messages.js";
import type { HttpHandler, HttpResponse } from "./messages.js";
import { openPort, protocolOf } from "./port.js";
import type { Port, PortOptions } from "./port.js";

let opened: Port[] = [];
afterEach(async () => {
  await Promise.all(opened.map((port) => port.close()));
  opened = [];
});

const echoVersion: HttpHandler = (request, response) =>
  respond(response, 200, ["x-version", request.httpVersion], request.httpVersion);

async function open(options: Partial<PortOptions> = {}): Promise<Port> {
  const port = await openPort({ host: "127.0.0.1", port: 0, handler: echoVersion, ...options });
  opened.push(port);
  return port;
}

function rawConnection(port: Port): Socket {
  const socket = connectTcp(port.address.port, port.address.host);
  socket.on("error", () => {});
  socket.setNoDelay(true);
  return socket;
}

async function http2Text(port: Port, path: string): Promise<string> {
  const session = connectHttp2(port.address.url);
  const stream = session.request({ ":path": path });
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await once(stream, "end");
  session.close();
  return text;
}

/** A handler that keeps its responses until the test answers them. */
function holding(): { handler: HttpHandler; next: () => Promise<HttpResponse> } {
  const held: HttpResponse[] = [];
  const waiting: ((response: HttpResponse) => void)[] = [];
  return {
    handler: (_request, response) => {
      const take = waiting.shift();
      if (take === undefined) held.push(response);
      else take(response);
    },
    next: () =>
      new Promise((resolve) => {
        const response = held.shift();
        if (response === undefined) waiting.push(resolve);
        else resolve(response);
      }),
  };
}

describe("the first bytes of a connection", () => {
  test.each([
    ["", "unclear"],
    ["P", "unclear"],
    ["PRI", "unclear"],
    ["PRI ", "http2"],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2"],
    ["POST / HTTP/1.1", "http1"],
    ["PR", "unclear"],
    ["PROPFIND", "http1"],
    ["G", "http1"],
    ["\r\nGET", "http1"],
    ["get /", "other"],
    ["\u0016\u0003\u0001", "other"],
  ])("%j is %s", (text, protocol) => {
    expect(protocolOf(Buffer.from(text, "latin1"))).toBe(protocol);
  });

  test("decide for HTTP/1.1 or HTTP/2 on one port", async () => {
    const port = await open();

    const response = await fetch(port.address.url);

    expect(await response.text()).toBe("1.1");
    expect(await http2Text(port, "/")).toBe("2.0");
  });

  test.each([
    ["GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", /^HTTP\/1\.1 200/],
    ["POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", /x-version/],
  ])("may come one by one", async (text, expected) => {
    const port = await open();
    const socket = rawConnection(port);
    let received = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (received += chunk));
    await once(socket, "connect");

    for (const byte of text.slice(0, 6)) {
      await new Promise((resolve) => socket.write(byte, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write(text.slice(6));
    await once(socket, "close");

    expect(received).toMatch(expected);
  });

  test("several HTTP/1.1 requests in one packet are answered in order", async () => {
    const port = await open({
      handler: (request, response) => respond(response, 200, [], request.url ?? ""),
    });
    const socket = rawConnection(port);
    let received = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (received += chunk));

    socket.write("GET /a HTTP/1.1\r\nhost: x\r\n\r\nGET /b HTTP/1.1\r\nhost: x\r\n\r\n");
    socket.write("GET /c HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    await once(socket, "close");

    expect(received.match(/\/[abc]$|\/[abc](?=HTTP)/g)).toEqual(["/a", "/b", "/c"]);
  });

  test.each(["\u0016\u0003\u0001\u0002", "hello\r\n", "PRX * HTTP/2.0", "PRI nonsense\r\n\r\n"])(
    "that are no HTTP (%j) close the connection",
    async (text) => {
      const port = await open();
      const socket = rawConnection(port);
      socket.resume();

      socket.write(Buffer.from(text, "latin1"));

      await once(socket, "close");
    },
  );

  test.each(["", "PR"])("that stay away after %j close the connection", async (text) => {
    const port = await open({ startTimeoutMs: 30 });
    const socket = rawConnection(port);
    socket.resume();

    socket.write(text);

    await once(socket, "close");
  });

  test("that begin a request which never ends are answered with 408", async () => {
    const port = await open({ headersTimeoutMs: 30 });
    const socket = rawConnection(port);
    let received = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (received += chunk));

    socket.write("GET / HTTP/1.1\r\nhost:");
    await once(socket, "close");

    expect(received).toMatch(/^HTTP\/1\.1 408/);
  });
});

describe("opening", () => {
  test("a port that is in use is PDR5001 and names the address", async () => {
    const first = await open();
    const { port } = first.address;

    await expect(open({ port })).rejects.toMatchObject({
      name: "PortError",
      code: "PDR5001",
      message: expect.stringContaining(`127.0.0.1:${port} is in use`) as string,
    });
  });

  test("an address of another machine is PDR5001", async () => {
    await expect(open({ host: "192.0.2.1" })).rejects.toMatchObject({
      code: "PDR5001",
      message: expect.stringContaining("no address of this machine") as string,
    });
  });

  test("port 0 reports the one that was chosen", async () => {
    const { address } = await open();

    expect(address.port).toBeGreaterThan(0);
    expect(address.url).toBe(`http://127.0.0.1:${address.port}`);
  });
});

describe("closing", () => {
  test("ends idle connections at once", async () => {
    const port = await open();
    const agent = new Agent({ keepAlive: true });
    const request = httpRequest(port.address.url, { agent }).end();
    const [response] = (await once(request, "response")) as [NodeJS.ReadableStream];
    response.resume();
    await once(response, "end");
    const session = connectHttp2(port.address.url);
    await once(session, "connect");
    const silent = rawConnection(port);
    await once(silent, "connect");
    silent.resume();

    await Promise.all([port.close(), once(session, "close"), once(silent, "close")]);

    await expect(fetch(port.address.url)).rejects.toThrow("fetch failed");
    agent.destroy();
  });

  test("lets requests in progress end, of both versions, and tells HTTP/1.1 to close", async () => {
    const { handler, next } = holding();
    const port = await open({ handler });
    const first = fetch(port.address.url);
    const firstResponse = await next();
    const second = http2Text(port, "/");
    const secondResponse = await next();

    const closed = port.close();
    respond(firstResponse, 200, [], "late");
    respond(secondResponse, 200, [], "late too");

    expect(await (await first).text()).toBe("late");
    expect(await second).toBe("late too");
    await closed;
  });

  test("destroys what is not done after the drain time", async () => {
    const { handler, next } = holding();
    const port = await open({ handler, drainMs: 30 });
    const first = fetch(port.address.url);
    await next();

    const closed = port.close();

    await expect(first).rejects.toThrow("fetch failed");
    await closed;
  });

  test("is idempotent", async () => {
    const port = await open();

    await Promise.all([port.close(), port.close()]);
    await port.close();
  });

  test("does not cut off a large answer to a slow reader", async () => {
    const body = Buffer.alloc(8 * 1024 * 1024, "x");
    const { handler, next } = holding();
    const port = await open({ handler });
    const socket = rawConnection(port);
    let received = 0;
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    respond(await next(), 200, [], body);

    const closed = port.close();
    socket.on("data", (chunk: Buffer) => (received += chunk.byteLength));
    await once(socket, "close");
    await closed;

    expect(received).toBeGreaterThan(body.byteLength);
  });
});
