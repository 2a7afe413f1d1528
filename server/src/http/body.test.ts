import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readBody } from "./body.js";
import { respond } from "./messages.js";
import type { HttpRequest } from "./messages.js";
import { openPort } from "./port.js";
import type { Port } from "./port.js";

const bytesMax = 100_000;
let port: Port;
let completed = 0;

beforeAll(async () => {
  port = await openPort({
    host: "127.0.0.1",
    port: 0,
    handler: (request, response) => {
      readBody(request, sizeOf(request), bytesMax, {
        complete: (body) => {
          completed++;
          respond(response, 200, [], body);
        },
        tooLarge: () => respond(response, 413, [], "too large"),
      });
    },
  });
});
afterAll(() => port.close());

function sizeOf(request: HttpRequest): { contentLength: number | undefined; expected: boolean } {
  const length = request.headers["content-length"];
  return { contentLength: length === undefined ? undefined : Number(length), expected: true };
}

/** A body of unknown length, in pieces. */
function stream(pieces: number, pieceBytes: number): ReadableStream<Uint8Array> {
  let left = pieces;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(pieceBytes).fill(left));
      else controller.close();
    },
  });
}

describe("over HTTP/1.1", () => {
  test.each([0, 1, 65_536, 99_999, 100_000])("a body of %i bytes comes whole", async (bytes) => {
    const body = Buffer.alloc(bytes, "ab");

    const response = await fetch(port.address.url, { method: "POST", body });

    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
  });

  test("a body in pieces comes whole", async () => {
    const response = await fetch(port.address.url, {
      method: "POST",
      body: stream(10, 10_000),
      duplex: "half",
    } as RequestInit);

    const body = new Uint8Array(await response.arrayBuffer());
    expect(body).toHaveLength(100_000);
    expect([body[0], body[99_999]]).toEqual([9, 0]);
  });

  test.each([100_001, 150_000])("an announced body of %i bytes is too large", async (bytes) => {
    const body = Buffer.alloc(bytes);

    const response = await fetch(port.address.url, { method: "POST", body });

    expect(response.status).toBe(413);
    expect(await response.text()).toBe("too large");
  });

  test("a body that grows too large is too large", async () => {
    const response = await fetch(port.address.url, {
      method: "POST",
      body: stream(11, 10_000),
      duplex: "half",
    } as RequestInit);

    expect(response.status).toBe(413);
    await response.text();
  });

  test("a body without end is cut off", async () => {
    const socket = connectTcp(port.address.port, port.address.host);
    socket.on("error", () => {}).resume();
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${2 ** 40}\r\n\r\n`);
    const piece = Buffer.alloc(65_536);

    function feed(): void {
      if (socket.writable) socket.write(piece, feed);
    }
    feed();

    await new Promise((resolve) => socket.once("close", resolve));
  });

  test("the connection serves the next request after a body was refused", async () => {
    const socket = connectTcp(port.address.port, port.address.host);
    let received = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (received += chunk));
    socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100001\r\n\r\n");
    socket.write(Buffer.alloc(100_001));
    socket.write("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi");

    await once(socket, "close");

    expect(received).toMatch(/^HTTP\/1\.1 413[^]*HTTP\/1\.1 200[^]*hi$/);
  });

  test("a body that breaks off is not handed on", async () => {
    const before = completed;
    const socket = connectTcp(port.address.port, port.address.host);
    socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf");
    socket.end();
    socket.resume();
    await once(socket, "close");

    await fetch(port.address.url, { method: "POST", body: "next" });

    expect(completed).toBe(before + 1);
  });
});

describe("over HTTP/2", () => {
  test.each([
    [0, 200],
    [1, 200],
    [100_000, 200],
    [100_001, 413],
    [300_000, 413],
    [3_000_000, 413],
  ])("a body of %i bytes of unknown length is %i", async (bytes, status) => {
    const session = connectHttp2(port.address.url);
    const request = session.request({ ":method": "POST", ":path": "/" });
    const body = Buffer.alloc(bytes, "ab");
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => {});
    request.end(body);
    const [headers] = (await once(request, "response")) as [Record<string, unknown>];
    await once(request, "close");

    expect(headers[":status"]).toBe(status);
    if (status === 200) expect(Buffer.concat(chunks).equals(body)).toBe(true);
    session.close();
  });

  test("a body that the client resets is not handed on", async () => {
    const before = completed;
    const session = connectHttp2(port.address.url);
    const request = session.request({ ":method": "POST", ":path": "/" });
    request.on("error", () => {});
    request.write("half");
    await new Promise((resolve) => session.ping(resolve));
    request.destroy();
    await new Promise((resolve) => session.ping(resolve));

    await fetch(port.address.url, { method: "POST", body: "next" });

    expect(completed).toBe(before + 1);
    session.close();
  });
});

test("a large body arrives as it was sent and goes back as it came, with and without a length", async () => {
  const large = await openPort({
    host: "127.0.0.1",
    port: 0,
    handler: (request, response) => {
      readBody(request, sizeOf(request), 4_000_000, {
        complete: (body) => respond(response, 200, [], body),
        tooLarge: () => respond(response, 413, [], "too large"),
      });
    },
  });
  try {
    const sent = Buffer.alloc(
      3_000_001,
      Uint8Array.from({ length: 251 }, (_, at) => at),
    );
    const url = `http://127.0.0.1:${String(large.address.port)}/`;
    const chunked = new ReadableStream({
      pull(controller) {
        controller.enqueue(sent);
        controller.close();
      },
    });
    for (const body of [sent, chunked]) {
      const options = { method: "POST", body, duplex: "half" } as RequestInit;
      const answer = Buffer.from(await (await fetch(url, options)).arrayBuffer());
      expect(answer.equals(sent)).toBe(true);
    }
    const session = connectHttp2(url);
    const stream = session.request({ ":method": "POST", ":path": "/" });
    stream.end(sent);
    const answer = Buffer.concat((await stream.toArray()) as Buffer[]);
    session.close();
    expect(answer.equals(sent)).toBe(true);
  } finally {
    await large.close();
  }
});

test("a client that goes away within a large answer harms nobody", async () => {
  let closed = (): void => undefined;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const large = await openPort({
    host: "127.0.0.1",
    port: 0,
    handler: (_, response) => {
      response.on("close", closed);
      respond(response, 200, [], new Uint8Array(50_000_000));
    },
  });
  try {
    const socket = connectTcp(large.address.port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await once(socket, "data");
    socket.destroy();
    await gone;
    // What was still to be written would have been by now.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  } finally {
    await large.close();
  }
});
