// Manifests of one handler, S/h, whose request and response have a message each.

import { create, setExtension, toBinary } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MessageOptionsSchema,
  type DescriptorProto,
  type EnumDescriptorProtoSchema,
  type FieldDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import {
  HandlerKind,
  ManifestSchema,
  ServiceKind,
  type HandlerSchema,
  type Manifest,
  type ServiceSchema,
} from "@perdure/proto/manifest/v1/manifest";
import { message as messageForm, type Shape } from "@perdure/proto/typed/v1/typed";

export type FieldInit = MessageInitShape<typeof FieldDescriptorProtoSchema>;

export function field(name: string, number: number, init: FieldInit = {}): FieldInit {
  const base = { name, number, jsonName: name, type: Type.STRING, label: Label.OPTIONAL };
  return { ...base, ...init };
}

/** `optional`, with the oneof that stands for it. */
export function optional(name: string, number: number, init: FieldInit = {}): FieldInit {
  return field(name, number, { ...init, proto3Optional: true });
}

export function messageOf(
  name: string,
  fields: readonly FieldInit[],
  reserved: readonly number[] = [],
  shape?: Shape,
): DescriptorProto {
  let oneofs = 0;
  const desc = create(DescriptorProtoSchema, {
    name,
    field: fields.map((one) =>
      one.proto3Optional === true ? { ...one, oneofIndex: oneofs++ } : { ...one },
    ),
    oneofDecl: fields
      .filter((one) => one.proto3Optional === true)
      .map(({ name: of }) => ({ name: `_${of ?? ""}` })),
    reservedRange: reserved.map((start) => ({ start, end: start + 1 })),
  });
  if (shape !== undefined) {
    const options = create(MessageOptionsSchema);
    setExtension(options, messageForm, {
      $typeName: "perdure.typed.v1.MessageForm",
      shape,
      constants: [],
    });
    desc.options = options;
  }
  return desc;
}

export interface ManifestInit {
  readonly service?: MessageInitShape<typeof ServiceSchema>;
  readonly handler?: MessageInitShape<typeof HandlerSchema>;
  /** Of the type In, which the request has as `input`. Absent: there are no descriptors. */
  readonly input?: DescriptorProto;
  /** Of the type Out, which the response has as `output`. */
  readonly output?: DescriptorProto;
  readonly enums?: readonly MessageInitShape<typeof EnumDescriptorProtoSchema>[];
  readonly others?: readonly DescriptorProto[];
}

export function manifestOf(init: ManifestInit = {}): Manifest {
  const { input, output = messageOf("Out", []), enums = [], others = [] } = init;
  const isTyped = input !== undefined;
  const typeField = (name: string, type: string | undefined): FieldInit =>
    field(name, 1, { type: Type.MESSAGE, typeName: `.t.v1.${type ?? ""}` });
  const file = create(FileDescriptorProtoSchema, {
    name: "t/v1/t.proto",
    package: "t.v1",
    syntax: "proto3",
    messageType: [
      ...(isTyped ? [input] : []),
      output,
      ...others,
      messageOf("Request", [typeField("input", input?.name)]),
      messageOf("Response", [typeField("output", output.name)]),
    ],
    enumType: enums.map((one) => ({ ...one })),
    service: [
      {
        name: "S",
        method: [{ name: "H", inputType: ".t.v1.Request", outputType: ".t.v1.Response" }],
      },
    ],
  });
  return create(ManifestSchema, {
    services: [
      {
        name: "S",
        kind: ServiceKind.SERVICE,
        ...(isTyped ? { protoService: "t.v1.S" } : {}),
        handlers: [
          {
            name: "h",
            kind: HandlerKind.SHARED,
            ...(isTyped ? { protoMethod: "H" } : {}),
            ...init.handler,
          },
        ],
        ...init.service,
      } as MessageInitShape<typeof ServiceSchema>,
    ],
    ...(isTyped
      ? {
          descriptorSet: toBinary(
            FileDescriptorSetSchema,
            create(FileDescriptorSetSchema, { file: [file] }),
          ),
        }
      : {}),
  });
}
