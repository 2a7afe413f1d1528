// Reflection as grpcurl uses it: list, then the files of a symbol, and a registry built of them.

import { createFileRegistry, create, fromBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MessageOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ServerReflection } from "@perdure/proto/grpc/reflection/v1/reflection";
import type {
  ServerReflectionRequestSchema,
  ServerReflectionResponse,
} from "@perdure/proto/grpc/reflection/v1/reflection";
import { ServerReflection as ServerReflectionAlpha } from "@perdure/proto/grpc/reflection/v1alpha/reflection";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRegistryView } from "../../shard/registry-view.js";
import { testDeployment } from "../ingress.fixture.js";
import type { TestIngress } from "../ingress.fixture.js";
import { openTypedIngress, tourFile, typedDeployment, typedServices } from "./typed.fixture.js";

type Asked = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;
type Told = ServerReflectionResponse["messageResponse"];

describe.each([
  ["v1", ServerReflection],
  ["v1alpha", ServerReflectionAlpha as unknown as typeof ServerReflection],
])("%s", (_version, service) => {
  let ingress: TestIngress;
  let view = createRegistryView([]);
  beforeEach(async () => {
    view = createRegistryView([testDeployment, typedDeployment()]);
    ingress = await openTypedIngress({ registry: () => view, drainMs: 100 });
  });
  afterEach(() => ingress.port.close());

  /** Asks all in one stream. */
  async function ask(...asked: Asked[]): Promise<Told[]> {
    const client = createClient(service, createGrpcTransport({ baseUrl: ingress.url }));
    const told: Told[] = [];
    // oxlint-disable-next-line require-await -- the client takes asynchronous ones alone
    async function* requests(): AsyncGenerator<{ host: string; messageRequest: Asked }> {
      for (const messageRequest of asked) yield { host: "h", messageRequest };
    }
    for await (const response of client.serverReflectionInfo(requests())) {
      expect(response.validHost).toBe("h");
      expect(response.originalRequest?.messageRequest.case).toBe(asked[told.length]?.case);
      told.push(response.messageResponse);
    }
    return told;
  }
  async function filesOfSymbol(value: string): Promise<FileDescriptorProto[]> {
    const [told] = await ask({ case: "fileContainingSymbol", value });
    if (told?.case !== "fileDescriptorResponse") throw new Error(`${value}: ${String(told?.case)}`);
    return told.value.fileDescriptorProto.map((one) => fromBinary(FileDescriptorProtoSchema, one));
  }

  test("lists the typed services and the server's own, and none without types", async () => {
    const [told] = await ask({ case: "listServices", value: "" });

    if (told?.case !== "listServicesResponse") throw new Error(String(told?.case));
    expect(told.value.service.map(({ name }) => name)).toEqual([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "perdure.ingress.v1.Ingress",
      "tour.v1.Counter",
      "tour.v1.Greeter",
      "tour.v1.UserSignup",
    ]);
  });

  test.each([
    "tour.v1.Greeter",
    "tour.v1.Greeter.Greet",
    "tour.v1.Person",
    "tour.v1.Person.email",
    "perdure.typed.v1.Shape",
    "perdure.typed.v1.SHAPE_MAP",
    "perdure.typed.v1.message",
    "google.protobuf.FieldDescriptorProto.Type",
    "perdure.ingress.v1.Ingress",
    "grpc.health.v1.Health",
  ])("%s is found with all that it needs", async (symbol) => {
    const files = await filesOfSymbol(symbol);

    const registry = createFileRegistry(
      create(FileDescriptorSetSchema, { file: [...files].reverse() }),
    );
    expect([...registry.files].map(({ name }) => name)).toHaveLength(files.length);
    expect(symbol.startsWith(files[0]?.package ?? "-")).toBe(true);
  });

  test("files are found by name, extensions by number", async () => {
    const [file, extension, numbers, none] = await ask(
      { case: "fileByFilename", value: "tour/v1/tour.proto" },
      {
        case: "fileContainingExtension",
        value: { containingType: "google.protobuf.MethodOptions", extensionNumber: 50611 },
      },
      { case: "allExtensionNumbersOfType", value: "google.protobuf.MessageOptions" },
      { case: "allExtensionNumbersOfType", value: "tour.v1.Person" },
    );

    expect(file?.case).toBe("fileDescriptorResponse");
    expect(extension?.case).toBe("fileDescriptorResponse");
    expect(numbers).toMatchObject({
      case: "allExtensionNumbersResponse",
      value: { baseTypeName: MessageOptionsSchema.typeName, extensionNumber: [50611] },
    });
    expect(none).toMatchObject({ value: { extensionNumber: [] } });
  });

  test("what is not there is NOT_FOUND, and the stream goes on", async () => {
    const told = await ask(
      { case: "fileByFilename", value: "no.proto" },
      { case: "fileContainingSymbol", value: "tour.v1.Nope" },
      {
        case: "fileContainingExtension",
        value: { containingType: "google.protobuf.MethodOptions", extensionNumber: 1 },
      },
      { case: "allExtensionNumbersOfType", value: "tour.v1.Nope" },
      { case: "listServices", value: "" },
    );

    expect(
      told.map((one) => (one.case === "errorResponse" ? one.value.errorCode : one.case)),
    ).toEqual([5, 5, 5, 5, "listServicesResponse"]);
  });

  test("two deployments with one file name are each found in their own", async () => {
    const [greeter, counter] = typedServices;
    if (greeter === undefined || counter === undefined) throw new Error("no services");
    const message = { name: "Added" };
    const file = {
      ...tourFile,
      messageType: [...tourFile.messageType, ...additions(message.name)],
    };
    view = createRegistryView([
      typedDeployment({ services: [greeter, counter] }),
      typedDeployment({ id: "dp_20000000000000000000002", revision: 2, services: [counter], file }),
    ]);

    const [first] = await filesOfSymbol("tour.v1.Greeter");
    const [second] = await filesOfSymbol("tour.v1.Counter");
    const [request] = await filesOfSymbol("tour.v1.CounterAddRequest");

    expect(first?.name).toBe("tour/v1/tour.proto");
    expect(second?.name).toBe("tour/v1/tour.2.proto");
    expect(request?.name).toBe(second?.name);
    const hasAdded = (one: FileDescriptorProto | undefined): boolean | undefined =>
      one?.messageType.some(({ name }) => name === "Added");
    expect([hasAdded(first), hasAdded(second)]).toEqual([false, true]);
  });

  test("a newer registration is told at once", async () => {
    const [before] = await ask({ case: "fileContainingSymbol", value: "tour.v1.Added" });
    const file = { ...tourFile, messageType: [...tourFile.messageType, ...additions("Added")] };
    view = createRegistryView([typedDeployment({ revision: 2, file })]);
    const [after] = await ask({ case: "fileContainingSymbol", value: "tour.v1.Added" });

    expect([before?.case, after?.case]).toEqual(["errorResponse", "fileDescriptorResponse"]);
  });
});

function additions(name: string): FileDescriptorProto["messageType"] {
  return create(FileDescriptorProtoSchema, { messageType: [{ name }] }).messageType;
}
