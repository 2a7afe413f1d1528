// The tools that people have: grpcurl, `buf curl`, curl, @grpc/grpc-js. None of them is given a .proto; they learn the
// types of the services from the server.
//
// Needs grpcurl on the PATH or named by PERDURE_GRPCURL, and curl. Without the one or the other its tests are skipped,
// and say so.

import { create, createFileRegistry, fromBinary, fromJson } from "@bufbuild/protobuf";
import type { DescService, FileRegistry, JsonObject } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { status, type ServiceError } from "@grpc/grpc-js";
import {
  ServerReflection,
  ServerReflectionResponseSchema,
} from "@perdure/proto/grpc/reflection/v1/reflection";
import { FailureDetailSchema } from "@perdure/proto/ingress/v1/ingress";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { findProgram, outputOf, runCommand, type Finished } from "../harness/command.js";
import { GrpcClient } from "../harness/grpc-client.js";
import { bufBin } from "../harness/paths.js";
import { startTypedServices } from "../harness/typed-services.js";

const bed = useBed("after all");
const grpcurl = process.env["PERDURE_GRPCURL"] ?? findProgram("grpcurl");
const curl = findProgram("curl");

let url: string;
let address: string;

beforeAll(async () => {
  const [server, { services }] = await Promise.all([
    bed.startServer(),
    startTypedServices(bed, "desk"),
  ]);
  await server.register(services.url);
  url = server.ingress.url;
  address = url.replace("http://", "");
});

const everything = {
  at: "2026-01-02T03:04:05.678Z",
  count: "9007199254740993",
  bytes: "AAH/",
  mood: "EVERYTHING_MOOD_CROSS",
  shape: { square: { side: 2.5 } },
  tags: ["a", "é"],
  prices: { tea: 1.5 },
  pair: { item1: "x", item2: true },
  more: { any: [1, null] },
};

const invocationId: unknown = expect.stringMatching(/^inv_1/);

describe.skipIf(grpcurl === undefined)("grpcurl (needs grpcurl)", () => {
  const run = (...args: string[]): Promise<Finished> =>
    runCommand([grpcurl ?? "", "-plaintext", ...args]);
  const tell = (...args: string[]): Promise<string> =>
    outputOf([grpcurl ?? "", "-plaintext", ...args]);
  const call = async (method: string, data: object, ...flags: string[]): Promise<unknown> =>
    JSON.parse(await tell(...flags, "-d", JSON.stringify(data), address, method));

  test("lists the services and their methods", async () => {
    expect((await tell(address, "list")).trimEnd().split("\n")).toEqual([
      "desk.v1.FrontDesk",
      "desk.v1.Parcel",
      "desk.v1.Tally",
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "perdure.ingress.v1.Ingress",
    ]);
    expect((await tell(address, "list", "desk.v1.Parcel")).trimEnd().split("\n")).toEqual([
      "desk.v1.Parcel.Attach",
      "desk.v1.Parcel.Output",
      "desk.v1.Parcel.Run",
      "desk.v1.Parcel.Sign",
      "desk.v1.Parcel.Submit",
    ]);
  });

  test("describes services and messages with their documentation", async () => {
    // Versions of grpcurl, and builds of one version, differ in the blanks and commas of option values.
    const described = (await tell(address, "describe", "desk.v1.Tally"))
      .replaceAll(/(?<=\S) +/g, " ")
      .replaceAll(/(?<=\w): ?(?=["A-Z])/g, ":")
      .replaceAll(/(?<="), (?=\w)/g, " ");
    expect(described).toBe(
      [
        "desk.v1.Tally is a service:",
        "// Counts. The key is what is counted.",
        "service Tally {",
        '  option (.perdure.typed.v1.service) = { name:"tally" };',
        "  rpc Add ( .desk.v1.TallyAddRequest ) returns ( .desk.v1.TallyAddResponse ) {",
        '    option (.perdure.typed.v1.method) = { handler:"add" operation:OPERATION_CALL };',
        "  }",
        "}",
        "",
      ].join("\n"),
    );
    expect(await tell(address, "describe", "desk.v1.Person")).toBe(
      [
        "desk.v1.Person is a message:",
        "// Who is greeted.",
        "message Person {",
        "  string name = 1;",
        "  // Where they can be reached.",
        "  optional string email = 2;",
        "}",
        "",
      ].join("\n"),
    );
  });

  test("calls with every form of type", async () => {
    expect(await call("desk.v1.FrontDesk/Greet", { input: { name: "Ada" } })).toEqual({
      output: "Hi Ada",
      invocationId,
    });
    expect(await call("desk.v1.FrontDesk/Echo", { input: everything })).toEqual({
      output: everything,
      invocationId,
    });
  });

  test("gives a key as a field or as a header, and not two of them", async () => {
    const header = ["-H", "x-perdure-key: by tool"];

    expect(await call("desk.v1.Tally/Add", { key: "by tool", input: 2 })).toMatchObject({
      output: 2,
    });
    expect(await call("desk.v1.Tally/Add", { input: 3 }, ...header)).toMatchObject({ output: 5 });
    const data = JSON.stringify({ key: "another", input: 1 });
    const refused = await run(...header, "-d", data, address, "desk.v1.Tally/Add");

    expect(refused.code).not.toBe(0);
    expect(refused.said).toContain("Code: InvalidArgument");
    expect(refused.said).toContain('field "key" and header "x-perdure-key" differ');
  });

  test("submits a workflow, which is one for its key, and gets its result", async () => {
    const input = { key: "g1", input: 12 };
    const submitted = await call("desk.v1.Parcel/Submit", input);
    const again = await call("desk.v1.Parcel/Submit", input);
    const early = await call("desk.v1.Parcel/Output", { key: "g1" });
    await call("desk.v1.Parcel/Sign", { key: "g1", input: "Bo" });
    const attached = await call("desk.v1.Parcel/Attach", { key: "g1" });

    expect(submitted).toEqual({ invocationId, newlyAccepted: true });
    expect(again).toEqual({ invocationId });
    expect(early).toEqual({ invocationId });
    expect(attached).toEqual({ output: { weight: 12, by: "Bo" }, invocationId });
  });

  test("shows a handler's failure with its details", async () => {
    const { code, said } = await run("-d", '{"input":409}', address, "desk.v1.FrontDesk/Refuse");

    expect(code).not.toBe(0);
    expect(said).toContain("Code: Aborted");
    expect(said).toContain("Message: no such luck");
    expect(said).toMatch(/"@type":\s*"type.googleapis.com\/perdure.ingress.v1.FailureDetail"/);
    expect(said).toMatch(/"code":\s*409/);
    expect(said).toMatch(/"plan":\s*"gold"/);
  });

  test("asks for health", async () => {
    expect(await call("grpc.health.v1.Health/Check", { service: "desk.v1.Tally" })).toEqual({
      status: "SERVING",
    });
  });
});

describe.each(["connect", "grpc", "grpcweb"])("buf curl over %s", (protocol) => {
  const run = (method: string, data: object, ...more: string[]): Promise<Finished> => {
    const flags = ["--http2-prior-knowledge", "--protocol", protocol, ...more];
    const body = ["--data", JSON.stringify(data)];
    return runCommand([bufBin, "curl", ...flags, ...body, `${url}/${method}`]);
  };

  test("knows the types by reflection, and calls", async () => {
    const { stdout, said } = await run("desk.v1.FrontDesk/Echo", { input: everything });

    expect(said).toBe(stdout);
    expect(JSON.parse(stdout)).toEqual({ output: everything, invocationId });
  });

  test("gives a key as a header, and shows a failure with its details", async () => {
    const key = `buf ${protocol}`;
    const added = await run("desk.v1.Tally/Add", { input: 4 }, "-H", `x-perdure-key: ${key}`);
    const refused = await run("desk.v1.FrontDesk/Refuse", { input: 422 });

    expect(JSON.parse(added.stdout)).toEqual({ output: 4, invocationId });
    expect(refused.code).not.toBe(0);
    const error = JSON.parse(refused.said.slice(refused.said.indexOf("{"))) as JsonObject;
    expect(error).toMatchObject({ code: "invalid_argument", message: "no such luck" });
    const [{ type, value }] = error["details"] as [{ type: string; value: string }];
    expect(type).toBe("perdure.ingress.v1.FailureDetail");
    expect(fromBinary(FailureDetailSchema, Buffer.from(value, "base64"))).toMatchObject({
      code: 422,
      message: "no such luck",
      metadata: { plan: "gold" },
    });
  });
});

test("buf curl lists services and methods", async () => {
  const list = [bufBin, "curl", "--http2-prior-knowledge"];
  expect(await outputOf([...list, "--list-services", url])).toContain("desk.v1.FrontDesk\n");
  expect(await outputOf([...list, "--list-methods", url])).toContain("desk.v1.Parcel/Submit\n");
});

describe.skipIf(curl === undefined)("curl with Connect's JSON (needs curl)", () => {
  const run = async (method: string, data: unknown, ...flags: string[]) => {
    const body = typeof data === "string" ? data : JSON.stringify(data);
    const told = ["--silent", "--show-error", "--write-out", "\n%{http_code}", ...flags];
    const sent = ["--header", "content-type: application/json", "--data", body];
    const { stdout } = await runCommand([curl ?? "", ...told, ...sent, `${url}/${method}`]);
    const at = stdout.lastIndexOf("\n");
    return { status: Number(stdout.slice(at)), json: JSON.parse(stdout.slice(0, at)) as unknown };
  };

  test.each([
    ["HTTP/1.1", "--http1.1"],
    ["HTTP/2", "--http2-prior-knowledge"],
  ])("calls over %s", async (_, flag) => {
    expect(await run("desk.v1.FrontDesk/Echo", { input: everything }, flag)).toEqual({
      status: 200,
      json: { output: everything, invocationId },
    });
  });

  test("gets errors as JSON", async () => {
    expect(await run("desk.v1.FrontDesk/Refuse", { input: 404 })).toMatchObject({
      status: 404,
      json: { code: "not_found", message: "no such luck", details: [{ debug: { code: 404 } }] },
    });
    expect(await run("desk.v1.FrontDesk/Greet", { input: { name: 1 } })).toMatchObject({
      status: 400,
      json: { code: "invalid_argument", message: expect.stringContaining("name") },
    });
    expect(await run("desk.v1.FrontDesk/Greet", "{")).toMatchObject({
      status: 400,
      json: { code: "invalid_argument" },
    });
  });
});

describe("@grpc/grpc-js", () => {
  let tally: GrpcClient;
  let desk: GrpcClient;

  beforeAll(async () => {
    const reflected = await reflect("desk.v1.Tally");
    [tally, desk] = ["desk.v1.Tally", "desk.v1.FrontDesk"].map((name) => {
      const service = reflected.getService(name);
      if (service === undefined) throw new Error(`${name} was not reflected`);
      return new GrpcClient(address, service);
    }) as [GrpcClient, GrpcClient];
  });

  afterAll(() => {
    tally.close();
    desk.close();
  });

  test("calls by what reflection told it, and reads the id of the invocation early", async () => {
    const { response, headers } = await desk.call("Echo", { input: everything });

    expect(response).toEqual({ output: everything, invocationId });
    expect(headers.get("x-restate-id")).toEqual([response["invocationId"]]);
  });

  test("many calls share a connection, each with its own idempotency key", async () => {
    const calls = Array.from({ length: 50 }, (_, at) => `call ${at % 25}`);

    const answers = await Promise.all(
      calls.map((idempotencyKey) => tally.call("Add", { key: "js", input: 1, idempotencyKey })),
    );

    const counts = answers.map(({ response }) => response["output"] as number);
    expect(Math.max(...counts)).toBe(25);
    expect(new Set(counts).size).toBe(25);
  });

  test("gets errors with code, message and details", async () => {
    const refused = await errorOf(desk.call("Refuse", { input: 403 }));
    const keyless = await errorOf(tally.call("Add", { input: 1 }));

    expect(refused).toMatchObject({ code: status.PERMISSION_DENIED, details: "no such luck" });
    const [details] = refused.metadata.get("grpc-status-details-bin");
    expect(String(details)).toContain("perdure.ingress.v1.FailureDetail");
    expect(keyless.code).toBe(status.INVALID_ARGUMENT);
    expect(keyless.metadata.get("x-perdure-error-code")).toEqual(["PDR3007"]);
  });

  test("gives up after its deadline", async () => {
    const parcel = (await reflect("desk.v1.Parcel")).getService("desk.v1.Parcel");
    const client = new GrpcClient(address, parcel as DescService);

    const late = await errorOf(
      client.call("Run", { key: "late", input: 1 }, { deadline: Date.now() + 200 }),
    );
    client.close();

    expect(late.code).toBe(status.DEADLINE_EXCEEDED);
  });
});

/** All files of a symbol, asked for one by one, as tools do. */
async function reflect(symbol: string): Promise<FileRegistry> {
  const client = new GrpcClient(address, ServerReflection);
  const files = new Map<string, FileDescriptorProto>();
  const ask = async (request: JsonObject): Promise<void> => {
    const [answer] = await client.exchange("ServerReflectionInfo", [request]);
    const { messageResponse } = fromJson(ServerReflectionResponseSchema, answer as JsonObject);
    if (messageResponse.case !== "fileDescriptorResponse") throw new Error(messageResponse.case);
    for (const bytes of messageResponse.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
    for (const { dependency } of files.values()) {
      for (const name of dependency) if (!files.has(name)) await ask({ fileByFilename: name });
    }
  };
  await ask({ fileContainingSymbol: symbol });
  client.close();
  const ordered = new Set<FileDescriptorProto>();
  const add = (name: string): void => {
    const file = files.get(name);
    if (file === undefined || ordered.has(file)) return;
    for (const dependency of file.dependency) add(dependency);
    ordered.add(file);
  };
  for (const name of files.keys()) add(name);
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [...ordered] }));
}

async function errorOf(answer: Promise<unknown>): Promise<ServiceError> {
  return answer.then(
    (value) => {
      throw new Error(`no error, but ${JSON.stringify(value)}`);
    },
    (error: ServiceError) => error,
  );
}
