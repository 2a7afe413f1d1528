// What codegen would write of the services under test: the manifest by which the server serves the greeter as
// bench.v1.Greeter. The others have no types; they stand here because a manifest has all that is served.
import { create, setExtension, toBinary } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodOptionsSchema,
  ServiceOptionsSchema,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_timestamp,
} from "@bufbuild/protobuf/wkt";
import { HandlerKind, ManifestSchema, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import type { Manifest } from "@perdure/proto/manifest/v1/manifest";
import {
  Operation,
  file_perdure_typed_v1_typed,
  method,
  service,
} from "@perdure/proto/typed/v1/typed";

const json = { contentType: "application/json" };

export function typedManifest(): Manifest {
  const { SHARED, EXCLUSIVE, RUN } = HandlerKind;
  const handlers = (kind: HandlerKind, ...names: readonly string[]) =>
    names.map((name) => ({ name, kind, input: json, output: json }));
  const greet = { ...handlers(SHARED, "greet")[0], protoMethod: "Greet" };
  const kind = ServiceKind.SERVICE;
  return create(ManifestSchema, {
    services: [
      { name: "Greeter", kind, handlers: [greet], protoService: "bench.v1.Greeter" },
      { name: "Steps", kind, handlers: handlers(SHARED, "one", "three", "ten") },
      {
        name: "Counter",
        kind: ServiceKind.VIRTUAL_OBJECT,
        handlers: [...handlers(EXCLUSIVE, "add"), ...handlers(SHARED, "get")],
      },
      {
        name: "Signup",
        kind: ServiceKind.WORKFLOW,
        handlers: [...handlers(RUN, "run"), ...handlers(SHARED, "click")],
      },
      { name: "Leaf", kind, handlers: handlers(SHARED, "echo") },
      { name: "Fan", kind, handlers: handlers(SHARED, "sum") },
      { name: "Sleeper", kind, handlers: handlers(SHARED, "sleep") },
    ],
    descriptorSet: descriptorSet(),
  });
}

function descriptorSet(): Uint8Array {
  const serviceOptions = create(ServiceOptionsSchema);
  setExtension(serviceOptions, service, {
    $typeName: "perdure.typed.v1.ServiceContract",
    name: "Greeter",
  });
  const methodOptions = create(MethodOptionsSchema);
  setExtension(methodOptions, method, {
    $typeName: "perdure.typed.v1.MethodContract",
    handler: "greet",
    operation: Operation.CALL,
  });
  const imports = [
    file_google_protobuf_descriptor.proto,
    file_google_protobuf_duration.proto,
    file_google_protobuf_timestamp.proto,
    file_perdure_typed_v1_typed.proto,
  ];
  const file = create(FileDescriptorProtoSchema, {
    name: "bench/v1/bench.proto",
    package: "bench.v1",
    syntax: "proto3",
    dependency: imports.slice(1).map(({ name }) => name),
    messageType: [
      {
        name: "GreeterGreetRequest",
        field: [
          field("input", "input", 2, Type.STRING),
          ...optional("idempotency_key", "idempotencyKey", 3, Type.STRING, 0),
          ...optional("scope", "scope", 4, Type.STRING, 1),
          ...optional("limit_key", "limitKey", 5, Type.STRING, 2),
          ...optional("delay", "delay", 6, Type.MESSAGE, 3, ".google.protobuf.Duration"),
        ],
        oneofDecl: ["_idempotency_key", "_scope", "_limit_key", "_delay"].map((name) => ({ name })),
      },
      {
        name: "GreeterGreetResponse",
        field: [
          field("output", "output", 1, Type.STRING),
          field("invocation_id", "invocationId", 2, Type.STRING),
          field("newly_accepted", "newlyAccepted", 3, Type.BOOL),
          ...optional(
            "execution_time",
            "executionTime",
            5,
            Type.MESSAGE,
            0,
            ".google.protobuf.Timestamp",
          ),
        ],
        oneofDecl: [{ name: "_execution_time" }],
      },
    ],
    service: [
      {
        name: "Greeter",
        options: serviceOptions,
        method: [
          {
            name: "Greet",
            inputType: ".bench.v1.GreeterGreetRequest",
            outputType: ".bench.v1.GreeterGreetResponse",
            options: methodOptions,
          },
        ],
      },
    ],
  });
  return toBinary(
    FileDescriptorSetSchema,
    create(FileDescriptorSetSchema, { file: [...imports, file] }),
  );
}

function field(name: string, jsonName: string, number: number, type: Type) {
  return { name, jsonName, number, type, label: Label.OPTIONAL };
}

function optional(
  name: string,
  jsonName: string,
  number: number,
  type: Type,
  oneofIndex: number,
  typeName = "",
) {
  const plain = field(name, jsonName, number, type);
  return [{ ...plain, proto3Optional: true, oneofIndex, typeName }];
}
