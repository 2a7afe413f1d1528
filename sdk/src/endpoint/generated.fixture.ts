// A manifest as codegen writes it: some services with Date, bigint and bytes in their types.

import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, type FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  HandlerKind,
  ManifestSchema,
  ServiceKind,
  type HandlerSchema,
  type Manifest,
} from "@perdure/proto/manifest/v1/manifest";

export const dateSchema = { type: "string", format: "date-time", "x-perdure-type": "Date" };
export const bigintSchema = { type: "string", "x-perdure-type": "bigint" };
export const bytesSchema = {
  type: "string",
  contentEncoding: "base64",
  "x-perdure-type": "Uint8Array",
};

/** A user with one of everything. */
export const userSchema = {
  $ref: "#/$defs/User",
  $defs: {
    User: {
      type: "object",
      properties: {
        name: { type: "string" },
        born: dateSchema,
        balance: bigintSchema,
        photo: bytesSchema,
      },
      required: ["name", "born", "balance", "photo"],
    },
  },
};

export const user = {
  name: "Ada",
  born: new Date("1815-12-10T00:00:00.000Z"),
  balance: 2n ** 62n,
  photo: new Uint8Array([0, 255, 128]),
};

/** As it travels. */
export const userJson = {
  name: "Ada",
  born: "1815-12-10T00:00:00.000Z",
  balance: "4611686018427387904",
  photo: "AP+A",
};

type HandlerInit = MessageInitShape<typeof HandlerSchema>;

/** A handler that takes and gives JSON, of these schemas. */
export function handlerOf(
  name: string,
  kind: HandlerKind,
  {
    input,
    output,
    ...more
  }: { input?: object; output?: object } & Omit<HandlerInit, "input" | "output"> = {},
): HandlerInit {
  const rule = (schema: object | undefined) => ({
    contentType: "application/json",
    jsonSchema: schema === undefined ? "" : JSON.stringify(schema),
  });
  return { name, kind, input: rule(input), output: rule(output), ...more } as HandlerInit;
}

export function descriptorSet(
  ...files: MessageInitShape<typeof FileDescriptorProtoSchema>[]
): Uint8Array {
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: files }));
}

/** One service: `Users`, with handlers `age` (a user -> bigint) and `echo` (a user -> the user). */
export function usersManifest(more: MessageInitShape<typeof ManifestSchema> = {}): Manifest {
  return create(ManifestSchema, {
    services: [
      {
        name: "Users",
        kind: ServiceKind.SERVICE,
        documentation: "Everybody who signed up.",
        protoService: "tour.v1.Users",
        handlers: [
          handlerOf("age", HandlerKind.SHARED, {
            documentation: "In days.",
            protoMethod: "Age",
            input: userSchema,
            output: bigintSchema,
            steps: { steps: [{ operation: "run", name: "look up" }], complete: true },
          }),
          handlerOf("echo", HandlerKind.SHARED, {
            protoMethod: "Echo",
            input: userSchema,
            output: userSchema,
          }),
        ],
      },
    ],
    descriptorSet: descriptorSet({ name: "tour/v1/tour.proto", package: "tour.v1" }),
    contentHash: "sha256:1234",
    generator: "@perdure/codegen 0.1.0",
    ...more,
  });
}
