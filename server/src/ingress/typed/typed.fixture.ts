// An ingress with typed services to test against, and their descriptors as a client has them: a service, a virtual
// object and a workflow, as codegen writes them.

import { create, createFileRegistry, setExtension, toBinary } from "@bufbuild/protobuf";
import type { DescService, FileRegistry, MessageInitShape } from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodDescriptorProtoSchema,
  MethodOptionsSchema,
  ServiceDescriptorProtoSchema,
  ServiceOptionsSchema,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_timestamp,
} from "@bufbuild/protobuf/wkt";
import type {
  DescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
  FileDescriptorSet,
  MethodDescriptorProto,
  ServiceDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import type { ServiceSchema } from "@perdure/proto/manifest/v1/manifest";
import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { DeploymentSchema } from "@perdure/proto/storage/v1/records";
import type { Deployment } from "@perdure/proto/storage/v1/records";
import {
  Operation,
  file_perdure_typed_v1_typed,
  method as methodOption,
  service as serviceOption,
} from "@perdure/proto/typed/v1/typed";
import { createRegistryView } from "../../shard/registry-view.js";
import { openTestIngress } from "../ingress.fixture.js";
import type { TestIngress } from "../ingress.fixture.js";
import type { IngressOptions } from "../start-ingress.js";

const jsonRule = { required: false, contentType: "application/json", jsonSchema: "" };
const json = { input: jsonRule, output: { contentType: "application/json" } };

/** As a manifest has them. */
export const typedServices: MessageInitShape<typeof ServiceSchema>[] = [
  {
    name: "greeter",
    kind: ServiceKind.SERVICE,
    protoService: "tour.v1.Greeter",
    handlers: [
      { name: "greet", kind: HandlerKind.SHARED, protoMethod: "Greet", ...json },
      {
        name: "hidden",
        kind: HandlerKind.SHARED,
        protoMethod: "Hidden",
        options: { ingressPrivate: true },
        ...json,
      },
    ],
  },
  {
    name: "counter",
    kind: ServiceKind.VIRTUAL_OBJECT,
    protoService: "tour.v1.Counter",
    handlers: [{ name: "add", kind: HandlerKind.EXCLUSIVE, protoMethod: "Add", ...json }],
  },
  {
    name: "user-signup",
    kind: ServiceKind.WORKFLOW,
    protoService: "tour.v1.UserSignup",
    handlers: [{ name: "run", kind: HandlerKind.RUN, protoMethod: "Run", ...json }],
  },
];

const person = message("Person", [
  field("name", 1, Type.STRING),
  field("email", 2, Type.STRING, { proto3Optional: true }),
]);
const key = field("key", 1, Type.STRING);
const personInput = field("input", 2, Type.MESSAGE, { typeName: ".tour.v1.Person" });
const numberInput = field("input", 2, Type.DOUBLE);
const idempotencyKey = field("idempotency_key", 3, Type.STRING, { proto3Optional: true });
const scope = field("scope", 4, Type.STRING, { proto3Optional: true });
const limitKey = field("limit_key", 5, Type.STRING, { proto3Optional: true });
const delay = field("delay", 6, Type.MESSAGE, {
  typeName: ".google.protobuf.Duration",
  proto3Optional: true,
});
const textOutput = field("output", 1, Type.STRING);
const numberOutput = field("output", 1, Type.DOUBLE);
const invocationId = field("invocation_id", 2, Type.STRING);
const newlyAccepted = field("newly_accepted", 3, Type.BOOL);
const ready = field("ready", 4, Type.BOOL);
const executionTime = field("execution_time", 5, Type.MESSAGE, {
  typeName: ".google.protobuf.Timestamp",
  proto3Optional: true,
});
const envelope = [idempotencyKey, scope, limitKey, delay];
const submitted = [invocationId, newlyAccepted, executionTime];

export const tourFile: FileDescriptorProto = create(FileDescriptorProtoSchema, {
  name: "tour/v1/tour.proto",
  package: "tour.v1",
  syntax: "proto3",
  dependency: [
    "google/protobuf/duration.proto",
    "google/protobuf/timestamp.proto",
    "perdure/typed/v1/typed.proto",
  ],
  messageType: [
    person,
    message("GreeterGreetRequest", [personInput, ...envelope]),
    message("GreeterGreetResponse", [textOutput, ...submitted]),
    message("GreeterHiddenRequest", [personInput, ...envelope]),
    message("GreeterHiddenResponse", [textOutput, ...submitted]),
    message("CounterAddRequest", [key, numberInput, ...envelope]),
    message("CounterAddResponse", [numberOutput, ...submitted]),
    message("UserSignupRunRequest", [key, personInput, scope, limitKey]),
    message("UserSignupRunResponse", [textOutput, invocationId]),
    message("UserSignupSubmitRequest", [key, personInput, scope, limitKey, delay]),
    message("UserSignupSubmitResponse", submitted),
    message("UserSignupAttachRequest", [key, scope]),
    message("UserSignupAttachResponse", [textOutput, invocationId]),
    message("UserSignupOutputRequest", [key, scope]),
    message("UserSignupOutputResponse", [
      { ...textOutput, proto3Optional: true },
      invocationId,
      ready,
    ]),
  ],
  service: [
    service("Greeter", "greeter", [
      ["Greet", "greet", Operation.CALL],
      ["Hidden", "hidden", Operation.CALL],
    ]),
    service("Counter", "counter", [["Add", "add", Operation.CALL]]),
    service("UserSignup", "user-signup", [
      ["Run", "run", Operation.CALL],
      ["Submit", "run", Operation.SUBMIT],
      ["Attach", "run", Operation.ATTACH],
      ["Output", "run", Operation.OUTPUT],
    ]),
  ],
});

/** A file with all that it imports before it. */
export function descriptorSetOf(file: FileDescriptorProto): FileDescriptorSet {
  return create(FileDescriptorSetSchema, {
    file: [
      file_google_protobuf_descriptor.proto,
      file_google_protobuf_duration.proto,
      file_google_protobuf_timestamp.proto,
      file_perdure_typed_v1_typed.proto,
      file,
    ],
  });
}

export const tourRegistry: FileRegistry = createFileRegistry(descriptorSetOf(tourFile));

/** @throws Error  there is none */
export function tourService(name: "Greeter" | "Counter" | "UserSignup"): DescService {
  const found = tourRegistry.getService(`tour.v1.${name}`);
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

/** A deployment that offers the typed services. */
export function typedDeployment(
  change: Partial<{
    id: string;
    revision: number;
    services: MessageInitShape<typeof ServiceSchema>[];
    file: FileDescriptorProto;
  }> = {},
): Deployment {
  const { id = "dp_10000000000000000000002", revision = 1 } = change;
  const { services = typedServices, file = tourFile } = change;
  return create(DeploymentSchema, {
    id,
    uri: "http://127.0.0.1:9081/",
    createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    minProtocolVersion: 1,
    maxProtocolVersion: 1,
    sdkVersion: "perdure-sdk/0.1.0",
    manifest: {
      services,
      descriptorSet: toBinary(FileDescriptorSetSchema, descriptorSetOf(file)),
    },
    revisions: Object.fromEntries(services.map(({ name = "" }) => [name, revision])),
  });
}

/** Opens an ingress on a free port that has the typed services. */
export function openTypedIngress(options: Partial<IngressOptions> = {}): Promise<TestIngress> {
  const view = createRegistryView([typedDeployment()]);
  return openTestIngress({ registry: () => view, ...options });
}

function message(name: string, fields: FieldDescriptorProto[]): DescriptorProto {
  const optional = fields.filter(({ proto3Optional }) => proto3Optional);
  return create(DescriptorProtoSchema, {
    name,
    field: fields.map((one) => {
      const at = optional.indexOf(one);
      return at === -1 ? one : { ...one, oneofIndex: at };
    }),
    oneofDecl: optional.map((one) => ({ name: `_${one.name}` })),
  });
}

function field(
  name: string,
  number: number,
  type: Type,
  more: { typeName?: string; proto3Optional?: boolean } = {},
): FieldDescriptorProto {
  const jsonName = name.replace(/_(.)/g, (_all, letter: string) => letter.toUpperCase());
  return create(FieldDescriptorProtoSchema, {
    name,
    number,
    type,
    jsonName,
    label: Label.OPTIONAL,
    ...more,
  });
}

function service(
  name: string,
  original: string,
  methods: readonly (readonly [name: string, handler: string, operation: Operation])[],
): ServiceDescriptorProto {
  const options = create(ServiceOptionsSchema);
  setExtension(options, serviceOption, {
    $typeName: "perdure.typed.v1.ServiceContract",
    name: original,
  });
  return create(ServiceDescriptorProtoSchema, {
    name,
    options,
    method: methods.map(([method, handler, operation]) =>
      methodOf(name, method, handler, operation),
    ),
  });
}

function methodOf(
  serviceName: string,
  name: string,
  handler: string,
  operation: Operation,
): MethodDescriptorProto {
  const options = create(MethodOptionsSchema);
  setExtension(options, methodOption, {
    $typeName: "perdure.typed.v1.MethodContract",
    handler,
    operation,
  });
  return create(MethodDescriptorProtoSchema, {
    name,
    inputType: `.tour.v1.${serviceName}${name}Request`,
    outputType: `.tour.v1.${serviceName}${name}Response`,
    options,
  });
}
