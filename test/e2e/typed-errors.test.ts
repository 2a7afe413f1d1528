// The typed ingress of a real server under what a day brings: too much at once, too large, no message at all, kill -9
// while somebody waits, and a service that is replaced under load. What each refusal looks like on the wire is tested
// beside the code (server/src/ingress/typed).

import { connect } from "node:http2";
import { gzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { ServerReflection } from "@perdure/proto/grpc/reflection/v1/reflection";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import { GrpcClient } from "../harness/grpc-client.js";
import type { Answer } from "../harness/http.js";
import type { ServerProcess } from "../harness/server-process.js";
import {
  connectErrorOf,
  transports,
  typedClient,
  type TypedClient,
} from "../harness/typed-clients.js";
import { startTypedServices, type TypedServices } from "../harness/typed-services.js";

const bed = useBed("after all");
const mebibyte = 1024 * 1024;

let gates: Gates;
let desk: TypedServices;

beforeAll(async () => {
  gates = await bed.openGates();
  desk = await startTypedServices(bed, "desk", { PERDURE_TEST_GATES: gates.url });
});

async function startServer(flags: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await bed.startServer({ flags });
  await server.register(desk.services.url);
  return server;
}

function clientOf(
  server: ServerProcess,
  protocol: string,
  service: string,
  { registry } = desk,
): TypedClient {
  const transport = transports[protocol];
  if (transport === undefined) throw new Error(`no protocol ${protocol}`);
  return typedClient(transport(server.ingress.url), registry.getService(`desk.v1.${service}`));
}

const protocols = Object.keys(transports);

describe("sizes", () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await startServer();
  });

  // Connect's client takes its time with base64: JSON is below.
  const binary = protocols.filter((protocol) => !protocol.includes("JSON"));
  describe.each(binary)("%s", (protocol) => {
    test("20 MiB go in and out; more than 32 MiB are refused, and harm nobody", async () => {
      const client = clientOf(server, protocol, "FrontDesk");
      const tooLarge = new Uint8Array(33 * mebibyte);

      const taken = await client["measure"]?.({ input: tooLarge.subarray(0, 20 * mebibyte) });
      const given = await client["fill"]?.({ input: 20 * mebibyte });
      const refused = await connectErrorOf(client["measure"]?.({ input: tooLarge }));
      const next = await client["greet"]?.({ input: { name: "Ada" } });

      expect(taken?.output).toBe(20 * mebibyte);
      expect(given?.output).toHaveLength(20 * mebibyte);
      expect([refused.code, refused.errorCode]).toEqual([Code.ResourceExhausted, "PDR3014"]);
      expect(next?.output).toBe("Hi Ada");
    });
  });

  test("JSON has the same limit", async () => {
    const post = (bytes: number): Promise<Answer> =>
      server.ingress.post("/desk.v1.FrontDesk/Measure", {
        input: Buffer.alloc(bytes).toString("base64"),
      });

    const taken = await post(20 * mebibyte);
    const refused = await post(25 * mebibyte);

    expect(taken).toMatchObject({ status: 200, json: { output: 20 * mebibyte } });
    expect(refused).toMatchObject({ status: 429, json: { code: "resource_exhausted" } });
    expect(refused.headers.get("x-perdure-error-code")).toBe("PDR3014");
  });

  test("a client that sends all of what is too large gets its answer, and its stream back", async () => {
    // Node's own limit for all that waits to be sent on a connection is 10 MB.
    const session = connect(server.ingress.url, { maxSessionMemory: 200 });
    const post = (body: Uint8Array): Promise<number> =>
      new Promise((resolve, reject) => {
        const stream = session.request({
          ":method": "POST",
          ":path": "/desk.v1.FrontDesk/Measure",
          "content-type": "application/proto",
        });
        let status = 0;
        stream.on("response", (headers) => (status = Number(headers[":status"])));
        stream.on("error", reject);
        stream.on("close", () => resolve(status));
        stream.resume().end(body);
      });

    const statuses = [await post(new Uint8Array(60 * mebibyte)), await post(new Uint8Array(0))];
    session.close();

    expect(statuses).toEqual([429, 200]);
  });

  test("a bomb of gzip is refused before it has gone off", async () => {
    const bomb = gzipSync(new Uint8Array(256 * mebibyte), { level: 1 });

    const answer = await server.ingress.send("/desk.v1.FrontDesk/Greet", {
      body: bomb,
      headers: { "content-type": "application/proto", "content-encoding": "gzip" },
    });

    expect([answer.status, answer.json.code]).toEqual([429, "resource_exhausted"]);
  });
});

describe("too much at once", () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await startServer({ "ingress-requests-max": "1" });
  });

  test.each(protocols)("is RESOURCE_EXHAUSTED over %s, until a slot is free", async (protocol) => {
    const client = clientOf(server, protocol, "FrontDesk");
    const gate = `busy ${protocol}`;
    gates.shut(gate);
    const waiting = client["wait"]?.({ input: gate });
    await gates.reached(gate);

    const refused = await connectErrorOf(client["greet"]?.({ input: { name: "Ada" } }));
    gates.open(gate);
    const passed = await waiting;
    const later = await client["greet"]?.({ input: { name: "Ada" } });

    expect([refused.code, refused.errorCode]).toEqual([Code.ResourceExhausted, "PDR3018"]);
    expect(refused.metadata.get("retry-after")).toBe("1");
    expect(passed?.output).toBe(`passed ${gate}`);
    expect(later?.output).toBe("Hi Ada");
  });
});

describe("what is no message", () => {
  const contentTypes = [
    "application/proto",
    "application/json",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/connect+proto",
    "application/grpc",
    "application/grpc+json",
  ];
  const paths = ["FrontDesk/Echo", "Tally/Add", "Parcel/Submit", "Parcel/Nothing", "Nobody/Greet"];
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    // A frame whose length is a lie, or not.
    fc
      .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 32 }), fc.nat(64))
      .map(([flags, bytes, length]) => Uint8Array.from([flags, 0, 0, 0, length, ...bytes])),
    fc.json().map((text) => new TextEncoder().encode(text)),
  );
  const request = fc.record({
    contentType: fc.constantFrom(...contentTypes),
    path: fc.constantFrom(...paths),
    body,
    encoding: fc.constantFrom(undefined, "gzip", "identity", "br"),
  });

  test("is answered, whatever it is, and the next request is served", async () => {
    const server = await startServer();
    const session = connect(server.ingress.url);
    const statuses = new Set<number>();

    await fc.assert(
      fc.asyncProperty(request, async ({ contentType, path, body: bytes, encoding }) => {
        const isGrpc = contentType.startsWith("application/grpc");
        const stream = session.request({
          ":method": "POST",
          ":path": `/desk.v1.${path}`,
          "content-type": contentType,
          ...(encoding === undefined
            ? {}
            : { [isGrpc ? "grpc-encoding" : "content-encoding"]: encoding }),
        });
        const status = await new Promise<number>((resolve, reject) => {
          let answered = 0;
          stream.on("response", (headers) => (answered = Number(headers[":status"])));
          stream.on("error", reject);
          stream.on("close", () => resolve(answered));
          stream.resume().end(bytes);
        });
        statuses.add(status);
        expect([200, 400, 404, 415, 429, 501]).toContain(status);
      }),
      { numRuns: 400 },
    );
    session.close();

    expect(statuses.size).toBeGreaterThan(2);
    const client = clientOf(server, "gRPC", "FrontDesk");
    expect((await client["greet"]?.({ input: { name: "Ada" } }))?.output).toBe("Hi Ada");
    expect(server.process.exit).toBeUndefined();
    expect(server.process.output).not.toMatch(/PDR3022|unhandled|TypeError/i);
    await server.kill();
  });
});

describe("kill -9", () => {
  test.each(protocols)("while somebody attaches over %s: they attach again", async (protocol) => {
    const server = await startServer();
    const client = clientOf(server, protocol, "Parcel");
    const submitted = await client["submit"]?.({ key: "p", input: 3 });
    const attached = connectErrorOf(client["attach"]?.({ key: "p" }));
    // The server has the request once it answers what came after it on the same connection.
    await client["output"]?.({ key: "p" });

    await server.kill();
    const lost = await attached;
    await server.start();
    const again = client["attach"]?.({ key: "p" });
    await client["sign"]?.({ key: "p", input: "Bo" });

    expect([Code.Unavailable, Code.Aborted, Code.Internal, Code.Canceled]).toContain(lost.code);
    expect(await again).toMatchObject({
      output: { weight: 3, by: "Bo" },
      invocationId: submitted?.invocationId,
    });
    const resubmitted = await client["submit"]?.({ key: "p", input: 4 });
    expect(resubmitted?.newlyAccepted).toBe(false);
    await server.kill();
  });

  test("reflection tells the same after it", async () => {
    const server = await startServer();
    const ask = async (): Promise<unknown[]> => {
      const client = new GrpcClient(server.ingress.url.replace("http://", ""), ServerReflection);
      const answers = await client.exchange("ServerReflectionInfo", [
        { listServices: "" },
        { fileContainingSymbol: "desk.v1.Everything" },
      ]);
      client.close();
      return answers;
    };
    const before = await ask();
    await server.kill();
    await server.start();

    expect(JSON.stringify(before)).toContain("desk.v1.FrontDesk");
    expect(await ask()).toEqual(before);
    await server.kill();
  });
});

test("a service that is replaced under load has its new types at once, and no call fails", async () => {
  const server = await startServer();
  const next = await startTypedServices(bed, "desk-replaced");
  const answers: unknown[] = [];
  let isOver = false;
  const callers = protocols.map(async (protocol) => {
    const client = clientOf(server, protocol, "FrontDesk");
    while (!isOver) answers.push((await client["greet"]?.({ input: { name: "Ada" } }))?.output);
  });
  const calls = Promise.all(callers);
  const isAnswered = async (text: string): Promise<void> => {
    while (!answers.slice(-50).includes(text)) {
      // A caller that fails ends the wait.
      await Promise.race([calls, new Promise((resolve) => setImmediate(resolve))]);
    }
  };

  await isAnswered("Hi Ada");
  await server.register(next.services.url);
  const titled = clientOf(server, "gRPC", "FrontDesk", next);
  const greeted = await titled["greet"]?.({ input: { name: "Ada", title: "Dr" } });
  const left = await titled["leave"]?.({ input: { name: "Ada" } });
  await isAnswered("Hello Ada");
  const gone = await connectErrorOf(clientOf(server, "gRPC", "FrontDesk")["measure"]?.({}));
  const other = await clientOf(server, "gRPC", "Tally")["add"]?.({ key: "t", input: 1 });
  isOver = true;
  await calls;

  expect(greeted?.output).toBe("Hello Dr Ada");
  expect(left?.output).toBe("Bye Ada");
  expect(new Set(answers)).toEqual(new Set(["Hi Ada", "Hello Ada"]));
  // Nobody is told the old after the new, as one caller sees it.
  expect([gone.code, gone.errorCode]).toEqual([Code.Unimplemented, "PDR3029"]);
  expect(other?.output).toBe(1);
});
