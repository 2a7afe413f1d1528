// Manifests with protobuf types, made by hand, and the services that a registry makes of them.

import { create, setExtension, toBinary } from "@bufbuild/protobuf";
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
  type DescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import {
  HandlerKind,
  ManifestSchema,
  ServiceKind,
  type Manifest,
} from "@perdure/proto/manifest/v1/manifest";
import { DeploymentSchema } from "@perdure/proto/storage/v1/records";
import {
  method as methodContract,
  Operation,
  service as serviceContract,
} from "@perdure/proto/typed/v1/typed";
import { createRegistryView, type RegistryView } from "../shard/registry-view.js";
import { TypesDraft, type MemberForm, type TypeForm } from "./type-forms.fixture.js";
import { typedServicesOf, type TypedMethod } from "./typed-services.js";

type Presence = Pick<MemberForm, "optional" | "nullable">;

export interface HandlerForm {
  readonly input?: TypeForm;
  readonly output?: TypeForm;
  readonly inputPresence?: Presence;
  readonly outputPresence?: Presence;
  readonly inputType?: string;
  readonly outputType?: string;
}

/** A virtual object "counter" = test.v1.Counter with the handler "add" = Add. */
export function manifestWith(form: HandlerForm, name = "counter"): Manifest {
  return manifestOf(fileWith(form, name), form, name);
}

export function manifestOf(
  file: FileDescriptorProto | readonly FileDescriptorProto[],
  form: HandlerForm = {},
  name = "counter",
): Manifest {
  const files = Array.isArray(file) ? [...file] : [file as FileDescriptorProto];
  return create(ManifestSchema, {
    descriptorSet: toBinary(
      FileDescriptorSetSchema,
      create(FileDescriptorSetSchema, { file: files }),
    ),
    services: [
      {
        name,
        kind: ServiceKind.VIRTUAL_OBJECT,
        protoService: "test.v1.Counter",
        handlers: [
          {
            name: "add",
            kind: HandlerKind.EXCLUSIVE,
            protoMethod: "Add",
            input: { contentType: form.inputType ?? "application/json" },
            output: { contentType: form.outputType ?? "application/json" },
          },
        ],
      },
    ],
  });
}

export function fileWith(form: HandlerForm, name = "counter"): FileDescriptorProto {
  const draft = new TypesDraft("test.v1");
  const request = create(DescriptorProtoSchema, { name: "AddRequest" });
  const response = create(DescriptorProtoSchema, { name: "AddResponse" });
  const { input, output } = form;
  addPlain(request, "key", 1, Type.STRING);
  if (input) draft.addField(request, { name: "input", number: 2 }, input, form.inputPresence);
  addPlain(request, "idempotency_key", 3, Type.STRING).proto3Optional = true;
  addPlain(request, "scope", 4, Type.STRING).proto3Optional = true;
  addPlain(request, "limit_key", 5, Type.STRING).proto3Optional = true;
  addPlain(request, "delay", 6, Type.MESSAGE, ".google.protobuf.Duration").proto3Optional = true;
  if (output) draft.addField(response, { name: "output", number: 1 }, output, form.outputPresence);
  addPlain(response, "invocation_id", 2, Type.STRING);
  addPlain(response, "newly_accepted", 3, Type.BOOL);
  addPlain(response, "execution_time", 5, Type.MESSAGE, ".google.protobuf.Timestamp");
  const service = create(ServiceDescriptorProtoSchema, {
    name: "Counter",
    options: create(ServiceOptionsSchema),
    method: [
      create(MethodDescriptorProtoSchema, {
        name: "Add",
        inputType: ".test.v1.AddRequest",
        outputType: ".test.v1.AddResponse",
        options: methodOptions("add", Operation.CALL),
      }),
    ],
  });
  setExtension(service.options ?? create(ServiceOptionsSchema), serviceContract, {
    $typeName: "perdure.typed.v1.ServiceContract",
    name,
  });
  return create(FileDescriptorProtoSchema, {
    name: "test/v1/test.proto",
    package: "test.v1",
    syntax: "proto3",
    dependency: [
      "google/protobuf/duration.proto",
      "google/protobuf/struct.proto",
      "google/protobuf/timestamp.proto",
      "perdure/typed/v1/typed.proto",
    ],
    messageType: [request, response, ...draft.messages],
    enumType: draft.enums,
    service: [service],
  });
}

export function methodOptions(
  handler: string,
  operation: Operation,
): ReturnType<typeof create<typeof MethodOptionsSchema>> {
  const options = create(MethodOptionsSchema);
  const value = { $typeName: "perdure.typed.v1.MethodContract", handler, operation } as const;
  setExtension(options, methodContract, value);
  return options;
}

function addPlain(
  message: DescriptorProto,
  name: string,
  number: number,
  type: Type,
  typeName = "",
): FieldDescriptorProto {
  const field = { name, number, type, typeName, label: Label.OPTIONAL };
  const made = create(FieldDescriptorProtoSchema, field);
  message.field.push(made);
  return made;
}

/** Deployments with these manifests, the later ones newer. */
export function viewOf(...manifests: readonly Manifest[]): RegistryView {
  return createRegistryView(
    manifests.map((manifest, at) =>
      create(DeploymentSchema, {
        id: `dp_${at}`,
        manifest,
        revisions: Object.fromEntries(manifest.services.map(({ name }) => [name, at + 1])),
      }),
    ),
  );
}

export function methodWith(form: HandlerForm): TypedMethod {
  const method = typedServicesOf(viewOf(manifestWith(form))).methods.get("/test.v1.Counter/Add");
  if (method === undefined) throw new Error("the types of the test are of no use");
  return method;
}
