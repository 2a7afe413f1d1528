import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { answers, post } from "../workloads/workload.js";
import type { Iteration } from "../workloads/workload.js";
import { ClosedLoop } from "./closed-loop.js";

const servers: http.Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serve(listener: http.RequestListener): Promise<number> {
  const server = http.createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** `count` calls of /echo, each of which must be answered with its own number. */
function echoCalls(count: number): () => Iteration | undefined {
  let index = 0;
  return () => {
    if (index === count) return undefined;
    const value = index++;
    return [{ request: post("/echo", value), isRight: answers(value) }];
  };
}

function echo(request: http.IncomingMessage, response: http.ServerResponse): void {
  request.pipe(response);
}

describe("ClosedLoop", () => {
  test("completes every iteration, with one latency each", async () => {
    const port = await serve(echo);

    const loop = new ClosedLoop({ port, clients: 7, next: echoCalls(100), requestTimeoutMs: 5000 });
    await loop.finished;

    expect(loop.totals).toMatchObject({ completed: 100, errors: 0, wrong: 0, unfinished: 0 });
    expect(loop.takeLatencies()).toHaveLength(100);
  });

  test("keeps one request in flight for each client, never more", async () => {
    const held: (() => void)[] = [];
    let heldMax = 0;
    const port = await serve((request, response) => {
      held.push(() => echo(request, response));
      heldMax = Math.max(heldMax, held.length);
      // Nothing is answered before all three clients wait: with fewer in flight this never ends.
      if (held.length === 3) for (const answer of held.splice(0)) answer();
    });

    const loop = new ClosedLoop({ port, clients: 3, next: echoCalls(60), requestTimeoutMs: 5000 });
    await loop.finished;

    expect(loop.totals.completed).toBe(60);
    expect(heldMax).toBe(3);
  });

  test("sends the requests of one iteration in order", async () => {
    const paths: (string | undefined)[] = [];
    const port = await serve((request, response) => {
      paths.push(request.url);
      echo(request, response);
    });
    const iterations: Iteration[] = [
      ["/a", "/b", "/c"].map((path) => ({ request: post(path, 1), isRight: answers(1) })),
    ];

    const loop = new ClosedLoop({
      port,
      clients: 1,
      next: () => iterations.pop(),
      requestTimeoutMs: 5000,
    });
    await loop.finished;

    expect(paths).toEqual(["/a", "/b", "/c"]);
    expect(loop.totals.completed).toBe(1);
  });

  test("counts a success with another content as wrong", async () => {
    const port = await serve((_request, response) => void response.end("null"));

    const loop = new ClosedLoop({ port, clients: 2, next: echoCalls(4), requestTimeoutMs: 5000 });
    await loop.finished;

    expect(loop.totals).toMatchObject({ completed: 0, wrong: 4, errors: 0 });
    expect(loop.totals.complaints[0]).toBe("POST /echo answered 200 null");
  });

  test("counts a failure status and a broken connection as errors, and goes on", async () => {
    let requests = 0;
    const port = await serve((request, response) => {
      requests++;
      if (requests === 1) response.writeHead(500).end("oops");
      else if (requests === 2) request.destroy();
      else echo(request, response);
    });

    const loop = new ClosedLoop({ port, clients: 1, next: echoCalls(5), requestTimeoutMs: 5000 });
    await loop.finished;

    expect(loop.totals).toMatchObject({ completed: 3, errors: 2, wrong: 0 });
  });

  test("gives up a request that is not answered in time", async () => {
    const port = await serve(() => undefined);

    const loop = new ClosedLoop({ port, clients: 1, next: echoCalls(1), requestTimeoutMs: 50 });
    await loop.finished;

    expect(loop.totals).toMatchObject({ completed: 0, errors: 1 });
  });

  test("counts what it cuts off when it is told to stop as unfinished", async () => {
    const port = await serve(() => undefined);

    const loop = new ClosedLoop({ port, clients: 3, next: echoCalls(9), requestTimeoutMs: 60_000 });
    await new Promise((resolve) => setImmediate(resolve));
    await loop.stop(0);

    expect(loop.totals).toMatchObject({ completed: 0, errors: 0, unfinished: 3 });
  });
});
