// What clients do that mean no good, or know no better: too much, too slowly, too many, or nothing of HTTP at all.

import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { withinFiles } from "./connections.js";
import { respond, type HttpHandler } from "./messages.js";
import { openPort, type Port, type PortOptions } from "./port.js";

const opened: Port[] = [];
const clients: { destroy(): void }[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(opened.splice(0).map((port) => port.close()));
});

/** Answers with how many bytes the body had, when it is there. */
const measure: HttpHandler = (request, response) => {
  let bytes = 0;
  request.on("data", (chunk: Buffer) => (bytes += chunk.length));
  request.on("end", () => respond(response, 200, [], String(bytes)));
};

async function open(options: Partial<PortOptions> = {}): Promise<Port> {
  const port = await openPort({ host: "127.0.0.1", port: 0, handler: measure, ...options });
  opened.push(port);
  return port;
}

class Raw {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  text = "";

  constructor({ address }: Port, bytes: string | Uint8Array = "") {
    this.socket = connectTcp(address.port, address.host);
    clients.push(this.socket);
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk: Buffer) => (this.text += chunk.toString("latin1")));
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
    if (bytes.length > 0) this.socket.write(bytes);
  }

  /** All that came until the server closed the connection. */
  async answer(): Promise<string> {
    await this.closed;
    return this.text;
  }
}

const good = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
async function stillServes(port: Port): Promise<void> {
  expect(await new Raw(port, good).answer()).toMatch(/^HTTP\/1\.1 200 /);
}

describe("heads that are too large", () => {
  const many = (count: number): string =>
    Array.from({ length: count }, (_, n) => `x-${String(n)}: 1\r\n`).join("");

  test.each([
    [
      "a long path is refused with 414",
      `GET /${"a".repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
      "414",
      "PDR3042",
    ],
    ["a path without end is refused with 414", `GET /${"a".repeat(300_000)}`, "414", "PDR3042"],
    [
      "a long header is refused with 431",
      `GET / HTTP/1.1\r\nx: ${"a".repeat(20_000)}\r\n\r\n`,
      "431",
      "PDR3041",
    ],
    [
      "many headers are refused with 431",
      `GET / HTTP/1.1\r\nhost: x\r\n${many(300)}\r\n`,
      "431",
      "PDR3041",
    ],
    [
      "a flood of headers is refused with 431",
      `GET / HTTP/1.1\r\nhost: x\r\n${many(50_000)}`,
      "431",
      "PDR3041",
    ],
  ])("%s", async (_, bytes, status, code) => {
    const port = await open();

    const raw = new Raw(port, bytes);
    await expect.poll(() => raw.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*"${code}"`));

    raw.socket.end();
    await raw.closed;
    await stillServes(port);
  });

  test("as many as there may be are taken, none is dropped", async () => {
    const counted: HttpHandler = (request, response) => {
      respond(response, 200, [], `${String(request.rawHeaders.length / 2)} headers`);
    };
    const port = await open({ handler: counted });
    const rest = "connection: close\r\n\r\n";

    const raw = new Raw(port, `GET / HTTP/1.1\r\nhost: x\r\n${many(254)}${rest}`);

    expect(await raw.answer()).toContain("256 headers");
  });

  test("over HTTP/2 a long path is 414, and the connection lives on", async () => {
    const port = await open();
    const session = connectHttp2(port.address.url);
    clients.push(session);
    const statusOf = async (path: string): Promise<unknown> => {
      const stream = session.request({ ":path": path });
      stream.on("error", () => undefined);
      const [headers] = (await Promise.race([
        once(stream, "response"),
        once(stream, "close").then(() => [{ ":status": `reset ${String(stream.rstCode)}` }]),
      ])) as [Record<string, unknown>];
      stream.resume();
      return headers[":status"];
    };

    expect(await statusOf(`/${"a".repeat(17_000)}`)).toBe(414);
    expect(await statusOf("/")).toBe(200);
  });

  test("over HTTP/2 a flood of headers ends its stream, and others are served", async () => {
    const port = await open();
    const session = connectHttp2(port.address.url, { maxSendHeaderBlockLength: 1_000_000 });
    clients.push(session);
    session.on("error", () => undefined);
    const headers = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`x-${n}`, "1"]));
    const stream = session.request({ ":path": "/", ...headers });
    stream.on("error", () => undefined);
    let status: unknown;
    stream.on("response", (head) => (status = head[":status"]));
    stream.resume();

    await new Promise((resolve) => stream.once("close", resolve));

    expect(status === 431 || stream.rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM).toBe(true);
    await stillServes(port);
  });
});

describe("what is no HTTP", () => {
  test.each([
    ["a header without a colon", "GET / HTTP/1.1\r\nhost x\r\n\r\n"],
    ["a version that is not there", "GET / HTTP/7.3\r\nhost: x\r\n\r\n"],
    [
      "two lengths",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    ],
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "a chunk without a size",
      "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
  ])("%s is 400 with a code, and the connection is closed", async (_, bytes) => {
    const port = await open({ handler: (request) => void request.resume() });

    const raw = new Raw(port, bytes);
    const answer = await raw.answer();

    // Where the head was good, its request is under way: only closing is left.
    if (answer !== "") expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*"PDR3040"/);
  });

  test("behind a request that waits for its answer nothing is said that could be taken for it", async () => {
    const port = await open({ handler: (request) => void request.resume() });

    const raw = new Raw(port, "GET / HTTP/1.1\r\nhost: x\r\n\r\nrubbish\r\n\r\n");

    expect(await raw.answer()).toBe("");
  });
});

describe("slow clients", () => {
  test("a head that trickles in is 408 when its time is over, however lively it is", async () => {
    const port = await open({ headersTimeoutMs: 150 });
    const raw = new Raw(port, "GET / HTTP/1.1\r\n");
    const trickle = setInterval(() => raw.socket.write("x: 1\r\n"), 20);

    const answer = await raw.answer();
    clearInterval(trickle);

    expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*"PDR3043"/);
  });

  test("a body that trickles in is cut off when its time is over", async () => {
    const port = await open({ headersTimeoutMs: 100, requestTimeoutMs: 200 });
    const raw = new Raw(port, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n");
    const trickle = setInterval(() => raw.socket.write("x"), 20);

    const answer = await raw.answer();
    clearInterval(trickle);

    expect(answer).not.toContain("200");
    await stillServes(port);
  });

  test("an HTTP/2 connection without requests is closed in good order; one that waits for an answer is not", async () => {
    let answer = (): void => undefined;
    const port = await open({
      idleTimeoutMs: 100,
      handler: (_, response) => (answer = () => respond(response, 200, [], "late")),
    });
    const idle = connectHttp2(port.address.url);
    const busy = connectHttp2(port.address.url);
    clients.push(idle, busy);
    const stream = busy.request({ ":path": "/" });
    let text = "";
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));

    await once(idle, "close");
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(busy.closed).toBe(false);
    answer();
    await once(stream, "end");
    expect(text).toBe("late");
    await once(busy, "close");
  });
});

describe("floods", () => {
  test("connections beyond the ceiling are told so at once; when one goes another comes in", async () => {
    const port = await open({ connectionsMax: 3 });
    const idle = [new Raw(port), new Raw(port), new Raw(port)];
    await Promise.all(idle.map(({ socket }) => once(socket, "connect")));

    const refused = new Raw(port, good);
    expect(await refused.answer()).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 5[^]*"PDR3044"/);
    const silent = new Raw(port);
    expect(await silent.answer()).toMatch(/^HTTP\/1\.1 503 /);

    idle[0]?.socket.destroy();
    await expect
      .poll(async () => (await new Raw(port, good).answer()).slice(0, 12))
      .toBe("HTTP/1.1 200");
  });

  test("of thousands beyond the ceiling none stays, and those within are served", async () => {
    const port = await open({ connectionsMax: 10 });
    const first = new Raw(port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await expect.poll(() => first.text).toContain("200");
    const idle = Array.from({ length: 9 }, () => new Raw(port));
    await Promise.all(idle.map(({ socket }) => once(socket, "connect")));

    const flood = Array.from({ length: 600 }, () => new Raw(port, good));
    await Promise.all(flood.map(({ closed }) => closed));

    const told = flood.filter(({ text }) => text.includes("PDR3044")).length;
    expect(told).toBeGreaterThan(0);
    expect(flood.filter(({ text }) => text.includes(" 200 ")).length).toBe(0);
    first.text = "";
    first.socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await expect.poll(() => first.text).toContain("200");
  });

  test("each of hundreds beyond the ceiling that stay on their side is told so", async () => {
    const port = await open({ connectionsMax: 1 });
    const first = new Raw(port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await expect.poll(() => first.text).toContain("200");

    const answers = await Promise.all(
      Array.from({ length: 600 }, async () => {
        const socket = connectTcp({ ...port.address, allowHalfOpen: true });
        clients.push(socket);
        socket.on("error", () => undefined);
        let text = "";
        socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
        await once(socket, "end");
        return text;
      }),
    );

    expect(answers.filter((text) => text.includes("PDR3044")).length).toBe(600);
  });

  test("pipelined requests are all answered, in order", async () => {
    let n = 0;
    const port = await open({
      handler: (_, response) => respond(response, 200, [], `#${String(++n)};`),
    });

    const raw = new Raw(port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(2_000) + good);
    const bodies = (await raw.answer()).match(/#\d+;/g) ?? [];

    expect(bodies.length).toBe(2_001);
    expect(bodies.at(-1)).toBe("#2001;");
  });

  test("an HTTP/2 connection gets a thousand streams at a time, not more", async () => {
    const port = await open();
    const session = connectHttp2(port.address.url);
    clients.push(session);

    await once(session, "remoteSettings");

    expect(session.remoteSettings.maxConcurrentStreams).toBe(1_000);
  });

  // Frames by hand: an honest client can't be made to send these.
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  };
  const settings = frame(4, 0, 0, Buffer.alloc(0));
  // ":method GET", ":scheme http", ":path /" are in HPACK's static table; ":authority" is "x".
  const request = (stream: number, flags = 5): Buffer =>
    frame(1, flags, stream, Buffer.from([0x82, 0x86, 0x84, 0x41, 1, 0x78]));
  const reset = (stream: number): Buffer => frame(3, 0, stream, Buffer.from([0, 0, 0, 8]));
  const times = (count: number, make: (n: number) => Buffer): Buffer =>
    Buffer.concat(Array.from({ length: count }, (_, n) => make(n)));

  test("frames by hand are understood: what follows tests what it says", async () => {
    let calls = 0;
    const port = await open({ handler: () => void calls++ });

    const raw = new Raw(
      port,
      Buffer.concat([Buffer.from(preface), settings, times(900, (n) => request(2 * n + 1))]),
    );
    await expect.poll(() => calls).toBe(900);

    expect(raw.socket.destroyed).toBe(false);
  });

  test("of streams that are opened and reset at once few get through to anybody", async () => {
    let calls = 0;
    const port = await open({ handler: () => void calls++ });
    const flood = times(20_000, (n) => Buffer.concat([request(2 * n + 1), reset(2 * n + 1)]));

    const raw = new Raw(port, Buffer.concat([Buffer.from(preface), settings, flood]));
    await Promise.race([raw.closed, new Promise((resolve) => setTimeout(resolve, 1_000))]);

    expect(calls).toBeGreaterThan(0);
    expect(calls).toBeLessThan(5_000);
  });

  test.each([
    [
      "streams that are reset at once",
      times(20_000, (n) => Buffer.concat([request(2 * n + 1), reset(2 * n + 1)])),
    ],
    ["streams without end", times(20_000, (n) => request(2 * n + 1))],
    ["settings", times(50_000, () => settings)],
    ["pings", times(50_000, () => frame(6, 0, 0, Buffer.alloc(8)))],
    [
      "headers that never end",
      Buffer.concat([request(1, 1), times(20_000, () => frame(9, 0, 1, Buffer.alloc(1_000)))]),
    ],
    [
      "empty data",
      Buffer.concat([request(1, 4), times(50_000, () => frame(0, 0, 1, Buffer.alloc(0)))]),
    ],
    ["rubbish", times(2_000, (n) => frame(n % 256, n % 7, n, Buffer.alloc(n % 100, n)))],
  ])(
    "a flood of %s over HTTP/2 ends at most its own connection",
    async (_, bytes) => {
      const port = await open();
      const before = process.memoryUsage().rss;
      const raw = new Raw(port, preface);
      raw.socket.write(settings);
      raw.socket.write(bytes);
      await Promise.race([raw.closed, new Promise((resolve) => setTimeout(resolve, 1_500))]);

      await stillServes(port);
      const grown = process.memoryUsage().rss - before;
      expect(grown).toBeLessThan(300 * 1024 * 1024);
      raw.socket.destroy();
    },
    20_000,
  );
});

describe("connections that there are file descriptors for", () => {
  test.each([
    [10_000, 1_000, undefined, 10_000, 1_000],
    [10_000, 1_000, 65_536, 10_000, 1_000],
    [10_000, 1_000, 1_024, 665, 167],
    [0, 0, 20_000, 15_846, 3_962],
    [100, 0, 100, 12, 4],
  ])("of %i and %i asked for with %j files", (ingress, admin, files, most, mostAdmin) => {
    expect(withinFiles({ ingress, admin }, files)).toEqual({ ingress: most, admin: mostAdmin });
  });
});
