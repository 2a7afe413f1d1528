// A link of requests against a real HTTP server whose answers the test writes. Nothing is timed: tests await what
// the link tells its listener.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { DeploymentSchema } from "@perdure/proto/storage/v1/records";
import {
  Deployment,
  DeploymentFrameSchema,
  ProtocolMode,
  ServerFrameSchema,
  StartSchema,
  type DeploymentFrame,
  type InvokeRequest,
} from "@perdure/proto/protocol/v1/deployment";
import { expect, onTestFinished, test } from "vitest";
import type { Log } from "../observe/log.js";
import { RequestLink } from "./request-link.js";

const { invoke, discover } = Deployment.method;

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly request: InvokeRequest;
  readonly response: ServerResponse;
}

type Answer = (received: Received) => void;

/** Something that is awaited by tests, in order. */
class Inbox<T> {
  readonly #items: T[] = [];
  #wake: (() => void) | undefined;

  push(item: T): void {
    this.#items.push(item);
    this.#wake?.();
  }

  async next(): Promise<T> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) return item;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

interface Bench {
  readonly link: RequestLink;
  readonly told: Inbox<string>;
  readonly asked: Inbox<Received>;
  readonly log: string[];
  readonly discoveries: () => number;
  start(streamId?: number): void;
}

interface BenchOptions {
  readonly http2?: boolean;
  readonly discoverStatus?: () => number;
  readonly headers?: Readonly<Record<string, string>>;
}

async function benchOf(answer: Answer, options: BenchOptions = {}): Promise<Bench> {
  const asked = new Inbox<Received>();
  let discoveries = 0;
  const listener = (message: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.on("end", () => {
      const path = message.url ?? "";
      if (path.endsWith(discover.name)) {
        discoveries++;
        response.writeHead(options.discoverStatus?.() ?? 404).end();
        return;
      }
      const request = fromBinary(invoke.input, Buffer.concat(chunks));
      const received = { path, headers: message.headers, request, response };
      asked.push(received);
      answer(received);
    });
  };
  const server =
    options.http2 === true
      ? createHttp2Server((message, response) => {
          listener(message as never, response as never);
        })
      : createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const told = new Inbox<string>();
  const lines: string[] = [];
  const at = (level: string) => (text: string) => {
    lines.push(`${level} ${text}`);
  };
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const record = create(DeploymentSchema, {
    id: "dp_1",
    uri: `http://127.0.0.1:${String(port)}/mounted/here`,
    protocolMode: ProtocolMode.REQUEST_RESPONSE,
    useHttp11: options.http2 !== true,
    additionalHeaders: { ...options.headers },
  });
  const link = new RequestLink(record, {
    log: log as Log,
    listener: {
      active: () => undefined,
      tooLarge: () => undefined,
      leaving: () => undefined,
      opened: () => {
        told.push("opened");
      },
      frames: (_, frames) => {
        told.push(frames.map(textOf).join("; "));
      },
      lost: (_, streamIds) => {
        told.push(`lost ${streamIds?.join(",") ?? "all"}`);
      },
    },
  });
  onTestFinished(() => {
    link.close();
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
  return {
    link,
    told,
    asked,
    log: lines,
    discoveries: () => discoveries,
    start: (streamId = 1) => {
      const value = create(StartSchema, { target: { service: "S", handler: "h", key: "k" } });
      const frame = { case: "start" as const, value };
      const attempt = { epoch: 1, counter: 2 };
      link.send(create(ServerFrameSchema, { streamId, attempt, frame }));
    },
  };
}

function textOf({ streamId, attempt, frame }: DeploymentFrame): string {
  const detail = frame.case === "failed" ? ` ${frame.value.failure?.message ?? ""}` : "";
  return `${String(streamId)}@${String(attempt?.counter)} ${String(frame.case)}${detail}`;
}

function answerWaiting({ request, response }: Received): void {
  const { streamId, attempt } = request.frames[0] ?? create(ServerFrameSchema);
  const frame = { case: "waiting" as const, value: { awaiting: { completionIds: [1] } } };
  const message = create(DeploymentFrameSchema, {
    streamId,
    ...(attempt === undefined ? {} : { attempt }),
    frame: frame as never,
  });
  response.writeHead(200, { "content-type": "application/proto" });
  response.end(toBinary(invoke.output, create(invoke.output, { frames: [message] })));
}

function answerStatus(status: number, headers: Record<string, string> = {}, body = "") {
  return ({ response }: Received): void => {
    response.writeHead(status, headers).end(body);
  };
}

test.each([
  ["HTTP/1.1", false],
  ["HTTP/2", true],
])("an attempt is one request over %s, and its frames are the answer", async (_, http2) => {
  const bench = await benchOf(answerWaiting, { http2, headers: { "x-mine": "1" } });
  expect(bench.link.open).toBe(true);
  bench.start(7);
  expect(await bench.told.next()).toBe("7@2 waiting");
  const { path, headers, request } = await bench.asked.next();
  expect(path).toBe("/mounted/here/perdure.protocol.v1.Deployment/Invoke");
  expect(headers).toMatchObject({
    "content-type": "application/proto",
    "connect-protocol-version": "1",
    "x-mine": "1",
  });
  expect(request.hello?.softwareVersion).toMatch(/^perdure-server\//);
  expect(request.frames.map(({ frame }) => frame.case)).toEqual(["start"]);
});

test("what can't be told to a request is passed over, and an abort cancels it", async () => {
  const bench = await benchOf(() => undefined);
  bench.start(3);
  const { response } = await bench.asked.next();
  const gone = new Promise((resolve) => response.once("close", resolve));
  const $typeName = "perdure.protocol.v1.Notify";
  bench.link.send(
    create(ServerFrameSchema, {
      streamId: 3,
      frame: { case: "notify", value: { $typeName, index: 1 } },
    }),
  );
  bench.link.send(
    create(ServerFrameSchema, {
      streamId: 3,
      frame: { case: "abort", value: { $typeName: "perdure.protocol.v1.Abort", reason: "killed" } },
    }),
  );
  await gone;
  bench.link.close();
  // Nothing was told of the attempt itself: whoever aborts knows.
  expect(await bench.told.next()).toBe("lost all");
});

test.each([429, 502, 503, 504])(
  "a service that answers %s is away: the attempt is lost, and the next waits until it is back",
  async (status) => {
    let away = true;
    const bench = await benchOf((received) => {
      (away ? answerStatus(status) : answerWaiting)(received);
    });
    bench.start();
    expect(await bench.told.next()).toBe("lost 1");
    expect(bench.link.open).toBe(false);
    away = false;
    expect(await bench.told.next()).toBe("opened");
    expect(bench.discoveries()).toBe(1);

    expect(bench.link.open).toBe(true);
    bench.start(2);
    // One goes first: it is not known yet whether the service takes requests again.
    expect(bench.link.open).toBe(false);
    expect([await bench.told.next(), await bench.told.next()]).toEqual(["opened", "2@2 waiting"]);
    expect(bench.link.open).toBe(true);
  },
);

test("one that goes first and is aborted lets the next go", async () => {
  let mode: "away" | "silent" = "away";
  const bench = await benchOf((received) => {
    if (mode === "away") answerStatus(503)(received);
  });
  bench.start();
  expect(await bench.told.next()).toBe("lost 1");
  mode = "silent";
  expect(await bench.told.next()).toBe("opened");
  bench.start(2);
  expect(bench.link.open).toBe(false);
  bench.link.send(
    create(ServerFrameSchema, {
      streamId: 2,
      frame: { case: "abort", value: { $typeName: "perdure.protocol.v1.Abort", reason: "killed" } },
    }),
  );
  expect(await bench.told.next()).toBe("opened");
  expect(bench.link.open).toBe(true);
});

test("an answer that can't be read fails the attempt: another try would bring the same", async () => {
  const bench = await benchOf(({ response }) => {
    response.writeHead(200, { "content-type": "application/proto" }).end("\xff\xff\xff");
  });
  bench.start();
  expect(await bench.told.next()).toMatch(/^1@2 failed PDR2040: .*can't be read/);
  expect(bench.link.open).toBe(true);
});

test("a connection that breaks costs no failure", async () => {
  let broken = true;
  const bench = await benchOf((received) => {
    if (broken) received.response.destroy();
    else answerWaiting(received);
  });
  bench.start();
  expect(await bench.told.next()).toBe("lost 1");
  broken = false;
  expect(await bench.told.next()).toBe("opened");
  bench.start(2);
  expect([await bench.told.next(), await bench.told.next()]).toEqual(["opened", "2@2 waiting"]);
});

test("a service that stays away is asked with back-off, and the log says so once", async () => {
  let discoverStatus = 503;
  const bench = await benchOf(answerStatus(503), { discoverStatus: () => discoverStatus });
  bench.start();
  expect(await bench.told.next()).toBe("lost 1");
  await until(() => bench.discoveries() >= 2);
  discoverStatus = 404;
  expect(await bench.told.next()).toBe("opened");
  const warnings = bench.log.filter((line) => line.startsWith("warn"));
  expect(warnings).toEqual([expect.stringMatching(/does not answer \(status 503\)/)]);
});

test("a deployment that has moved is not waited for where it was", async () => {
  const old = await benchOf(answerStatus(503, { "retry-after": "100" }));
  const moved = await benchOf(answerWaiting);
  old.start();
  expect(await old.told.next()).toBe("lost 1");
  expect(old.link.open).toBe(false);
  old.link.update(moved.link.deployment);
  expect(old.link.open).toBe(true);
  old.start(2);
  expect(await old.told.next()).toBe("2@2 waiting");
});

test("Retry-After says when to come back", async () => {
  const bench = await benchOf(answerStatus(429, { "retry-after": "1" }));
  const before = performance.now();
  bench.start();
  expect(await bench.told.next()).toBe("lost 1");
  expect(await bench.told.next()).toBe("opened");
  expect(performance.now() - before).toBeGreaterThan(900);
});

test.each([
  [401, "text/plain", "Unauthorized", "status 401: Unauthorized"],
  [404, "text/html", "<p>nothing here</p>", "status 404: <p>nothing here</p>"],
  [500, "application/json", '{"code":"internal","message":"boom"}', "status 500: boom"],
  [400, "text/plain", "", "status 400"],
  [200, "text/html", "<p>welcome</p>", "text/html"],
])("an answer of %s (%s) fails the attempt, and says where", async (status, type, body, reason) => {
  const bench = await benchOf(answerStatus(status, { "content-type": type }, body));
  bench.start(5);
  const told = await bench.told.next();
  expect(told).toMatch(/^5@2 failed PDR2040: deployment dp_1 at http:\/\/127/);
  expect(told).toContain(reason);
  expect(bench.link.open).toBe(true);
});

test("an instance of another protocol version fails the attempt", async () => {
  const hello = { minProtocolVersion: 900, maxProtocolVersion: 901 };
  const bench = await benchOf(({ response }) => {
    response.writeHead(200, { "content-type": "application/proto" });
    response.end(toBinary(invoke.output, create(invoke.output, { hello, frames: [] })));
  });
  bench.start();
  expect(await bench.told.next()).toContain("protocol versions 900 to 901");
});

test("an answer that does not say how the attempt ended fails it", async () => {
  const bench = await benchOf(({ response }) => {
    response.writeHead(200, { "content-type": "application/proto" }).end();
  });
  bench.start();
  expect(await bench.told.next()).toContain("does not say how the attempt ended");
});

test("closing ends what is under way", async () => {
  const bench = await benchOf(() => undefined);
  bench.start();
  const { response } = await bench.asked.next();
  const gone = new Promise((resolve) => response.once("close", resolve));
  bench.link.close();
  expect(await bench.told.next()).toBe("lost all");
  await gone;
  expect(bench.link.open).toBe(false);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
