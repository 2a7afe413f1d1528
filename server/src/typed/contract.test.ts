// What a deployment may say of its protobuf types, and what is refused, in words and without harm.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodDescriptorProtoSchema,
  type DescriptorProto,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { Operation } from "@perdure/proto/typed/v1/typed";
import type { Manifest } from "@perdure/proto/manifest/v1/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ContractError } from "./contract-error.js";
import {
  fileWith,
  manifestOf,
  manifestWith,
  methodOptions,
  methodWith,
  viewOf,
} from "./contract.fixture.js";
import { checkContract } from "./contract.js";
import { number, string, type TypeForm } from "./type-forms.fixture.js";
import { typedServicesOf } from "./typed-services.js";

const empty = viewOf();
const user: TypeForm = {
  kind: "object",
  members: [
    { name: "name", type: string },
    { name: "friends", type: { kind: "list", of: { kind: "tree" } } },
  ],
};
const form = { input: user, output: { kind: "list", of: user } } as const;

function refusal(manifest: Manifest, view = empty): string {
  try {
    checkContract(manifest, view);
  } catch (error) {
    expect(error).toBeInstanceOf(ContractError);
    const { code, message } = error as ContractError;
    return `${code} ${message}`;
  }
  return "accepted";
}

function refusalOf(change: (file: FileDescriptorProto) => void): string {
  const file = fileWith(form);
  change(file);
  return refusal(manifestOf(file));
}

function refusalOfBytes(descriptorSet: Uint8Array): string {
  return refusal({ ...manifestWith(form), descriptorSet });
}

function messageOf(file: FileDescriptorProto, name: string): DescriptorProto {
  const found = file.messageType.find((message) => message.name === name);
  if (found === undefined) throw new Error(`the file has no ${name}`);
  return found;
}

function field(name: string, number: number, type: Type = Type.STRING, typeName = "") {
  return create(FieldDescriptorProtoSchema, {
    name,
    number,
    type,
    typeName,
    label: Label.OPTIONAL,
  });
}

describe("a contract", () => {
  test("is taken as codegen writes it, recursive types and all", () => {
    expect(refusal(manifestWith(form))).toBe("accepted");
  });

  test("is not needed", () => {
    const manifest = manifestWith(form);
    for (const service of manifest.services) {
      service.protoService = "";
      for (const handler of service.handlers) handler.protoMethod = "";
    }
    manifest.descriptorSet = new Uint8Array();

    expect(refusal(manifest)).toBe("accepted");
  });

  test("must be there where the manifest names it", () => {
    expect(refusalOfBytes(new Uint8Array())).toMatch(/^PDR4216 counter has a protobuf type, but/);
  });

  test.each<[string, (manifest: Manifest) => void, RegExp]>([
    [
      "a service that is not in the set",
      ({ services: [service] }) => service && (service.protoService = "test.v1.Other"),
      /^PDR4216 counter has the type test\.v1\.Other, which is not in/,
    ],
    [
      "a service of another name",
      ({ services: [service] }) => service && (service.name = "other"),
      /^PDR4216 test\.v1\.Counter is the type of "counter", not of other/,
    ],
    [
      "a method that is not in the service",
      ({ services: [service] }) =>
        service?.handlers[0] && (service.handlers[0].protoMethod = "Subtract"),
      /^PDR4216 handler add of counter has the method "Subtract"/,
    ],
    [
      "a handler that the manifest does not have",
      ({ services: [service] }) => service?.handlers[0] && (service.handlers[0].name = "plus"),
      /^PDR4216 test\.v1\.Counter\.Add is for the handler "add"/,
    ],
  ])("is refused with %s", (_, change, words) => {
    const manifest = manifestWith(form);
    change(manifest);

    expect(refusal(manifest)).toMatch(words);
  });

  test.each<[string, (file: FileDescriptorProto) => void, RegExp]>([
    [
      "a request without its key",
      (file) => messageOf(file, "AddRequest").field.shift(),
      /^PDR4216 .* has no key/,
    ],
    [
      "a key that is no string",
      (file) => Object.assign(messageOf(file, "AddRequest").field[0] ?? {}, { type: Type.INT32 }),
      /^PDR4216 test\.v1\.AddRequest\.key is not of the type/,
    ],
    [
      "a field in the request that nobody knows",
      (file) => messageOf(file, "AddRequest").field.push(field("tenant", 9)),
      /^PDR4216 test\.v1\.AddRequest has the field "tenant"/,
    ],
    [
      "a streaming method",
      (file) => Object.assign(file.service[0]?.method[0] ?? {}, { serverStreaming: true }),
      /^PDR4216 .* is streaming/,
    ],
    [
      "a method that does not say what it does",
      (file) => {
        file.service[0]?.method.push(
          create(MethodDescriptorProtoSchema, {
            name: "Other",
            inputType: ".test.v1.AddRequest",
            outputType: ".test.v1.AddResponse",
          }),
        );
      },
      /^PDR4216 .* does not say what it does/,
    ],
    [
      "two methods for one handler",
      (file) => {
        file.service[0]?.method.push(
          create(MethodDescriptorProtoSchema, {
            name: "Other",
            inputType: ".test.v1.AddRequest",
            outputType: ".test.v1.AddResponse",
            options: methodOptions("add", Operation.CALL),
          }),
        );
      },
      /^PDR4216 .* two methods that call add/,
    ],
    [
      "Submit of what is no workflow",
      (file) => {
        const [method] = file.service[0]?.method ?? [];
        if (method) method.options = methodOptions("add", Operation.SUBMIT);
      },
      /^PDR4216 .* is for a workflow's run, which add is not/,
    ],
    [
      "a type that is nowhere",
      (file) => file.messageType.pop(),
      /^PDR4215 the descriptor set can't be used: /,
    ],
    [
      "an import that is nowhere",
      (file) => file.dependency.push("other.proto"),
      /^PDR4215 .* before "other\.proto", which it imports, or not at all/,
    ],
    [
      "an import of itself",
      (file) => file.dependency.push(file.name),
      /^PDR4215 .* which it imports, or not at all/,
    ],
    ["another syntax", (file) => (file.syntax = "proto2"), /^PDR4215 .* not proto3/],
    [
      "a package of the server's own",
      (file) => (file.package = "perdure.ingress.v1"),
      /^PDR4217 .* is reserved/,
    ],
    [
      "a name that is there twice",
      (file) => file.messageType.push(create(DescriptorProtoSchema, { name: "AddRequest" })),
      /^PDR4215 .* test\.v1\.AddRequest twice/,
    ],
    [
      "a field that is there twice",
      (file) => messageOf(file, "AddRequest").field.push(field("another", 1)),
      /^PDR4215 .* a field of test\.v1\.AddRequest twice/,
    ],
    [
      "a method's name that is none",
      ({ service: [service] }) => service?.method[0] && (service.method[0].name = "Add/All"),
      /^PDR4215 .*"test\.v1\.Counter\.Add\/All", which is no name/,
    ],
    [
      "a name that is none",
      (file) => (messageOf(file, "Tree").name = "Tree.Leaf"),
      /^PDR4215 .* which is no name/,
    ],
    [
      "an enum that does not begin with 0",
      (file) =>
        file.enumType.push(
          create(EnumDescriptorProtoSchema, { name: "E", value: [{ name: "A", number: 1 }] }),
        ),
      /^PDR4215 .* whose first value is not 0/,
    ],
    [
      "a map by numbers",
      (file) => {
        const message = messageOf(file, "Tree");
        message.nestedType.push(
          create(DescriptorProtoSchema, {
            name: "ByNumberEntry",
            options: { mapEntry: true },
            field: [field("key", 1, Type.INT32), field("value", 2)],
          }),
        );
        message.field.push({
          ...field("by_number", 8, Type.MESSAGE, ".test.v1.Tree.ByNumberEntry"),
          label: Label.REPEATED,
        });
      },
      /^PDR4215 test\.v1\.Tree\.by_number has keys that are no strings/,
    ],
    [
      "more messages than anybody has",
      (file) => {
        for (let at = 0; at < 6_000; at++) {
          file.messageType.push(create(DescriptorProtoSchema, { name: `M${at}` }));
        }
      },
      /^PDR4215 .* more than 5000 messages and enums/,
    ],
    [
      "a message with more fields than anybody has",
      (file) => {
        const message = messageOf(file, "Tree");
        for (let at = 0; at < 1_001; at++) message.field.push(field(`f${at}`, 100 + at));
      },
      /^PDR4215 .* with more than 1000 fields/,
    ],
    [
      "types nested deeper than anybody nests them",
      (file) => {
        let message = messageOf(file, "Tree");
        for (let depth = 0; depth < 17; depth++) {
          const inner = create(DescriptorProtoSchema, { name: "Inner" });
          message.nestedType.push(inner);
          message = inner;
        }
      },
      /^PDR4215 .* nested/,
    ],
  ])("is refused with %s", (_, change, words) => {
    expect(refusalOf(change)).toMatch(words);
  });

  test("is refused where its service's name is another's", () => {
    const view = viewOf(manifestWith(form));

    expect(refusal(manifestWith(form), view)).toBe("accepted");
    expect(refusal(manifestWith(form, "account"), view)).toMatch(
      /^PDR4217 the protobuf service test\.v1\.Counter belongs to counter \(deployment dp_0\)/,
    );
  });

  test("has its own well-known types, whatever the set says they are", () => {
    const fake = create(FileDescriptorProtoSchema, {
      name: "google/protobuf/duration.proto",
      package: "google.protobuf",
      syntax: "proto3",
      messageType: [{ name: "Duration", field: [field("text", 1)] }],
    });

    expect(refusal(manifestOf([fake, fileWith(form)]))).toBe("accepted");
  });
});

describe("the bytes of a descriptor set", () => {
  test("are refused beyond 2 MiB", () => {
    expect(refusalOfBytes(new Uint8Array(2 * 1024 * 1024 + 1))).toMatch(/^PDR4215 .* bytes/);
  });

  test("are refused with messages 10,000 deep", () => {
    let bytes: Uint8Array = new Uint8Array();
    for (let depth = 0; depth < 10_000; depth++) bytes = element(3, bytes);

    expect(refusalOfBytes(element(1, element(4, bytes)))).toMatch(/^PDR4215 .* nested too deeply/);
  });

  test("are refused with groups 100,000 deep", () => {
    expect(refusalOfBytes(new Uint8Array(100_000).fill((99 << 3) | 3))).toMatch(/^PDR4215 /);
  });

  test("are refused with a million empty messages", () => {
    const messages = new Uint8Array(1_000_000);
    for (let at = 0; at < messages.length; at += 2) messages[at] = (4 << 3) | 2;

    expect(refusalOfBytes(element(1, messages))).toMatch(/^PDR4215 .* more than 150000 elements/);
  });

  test("are refused with a million things that nobody knows", () => {
    const unknown = new Uint8Array(1_000_000);
    for (let at = 0; at < unknown.length; at += 2) unknown[at] = (15 << 3) | 0;

    expect(refusalOfBytes(unknown)).toMatch(/^PDR4215 .* more than 150000 elements/);
  });

  test("are refused in words whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(refusalOfBytes(bytes)).toMatch(/^(?:PDR421[567] |accepted)/);
      }),
      { numRuns: 300 },
    );
  });

  test(
    "are refused in words, or of use, where bytes of good ones are changed",
    { timeout: 60_000 },
    () => {
      const good = manifestWith(form);
      fc.assert(
        fc.property(
          fc.array(
            fc.tuple(fc.nat(good.descriptorSet.length - 1), fc.integer({ min: 0, max: 255 })),
            {
              minLength: 1,
              maxLength: 4,
            },
          ),
          (changes) => {
            const descriptorSet = Uint8Array.from(good.descriptorSet);
            for (const [at, byte] of changes) descriptorSet[at] = byte;
            const manifest = { ...good, descriptorSet };
            if (refusal(manifest) !== "accepted") return;
            const method = typedServicesOf(viewOf(manifest)).methods.values().next().value;
            try {
              method?.readRequest(Uint8Array.of(10, 1, 65, 18, 0));
            } catch (error) {
              expect(error).toMatchObject({ name: "TranscodeError" });
            }
          },
        ),
        { numRuns: 400 },
      );
    },
  );

  test("are refused in words where the descriptors are changed", { timeout: 60_000 }, () => {
    const bytes = toBinary(FileDescriptorProtoSchema, fileWith(form));
    const values = fc.oneof(
      fc.constantFrom(0, -1, 1, 2, 3, 10, 11, 14, 99, true, false, "", "Tree", ".test.v1.Tree"),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    );
    fc.assert(
      fc.property(fc.nat(), values, (place, value) => {
        const file = fromBinary(FileDescriptorProtoSchema, bytes);
        const leaves = leavesOf(file).filter(
          ([object, name]) => typeof object[name] === typeof value,
        );
        const [object, name] = leaves[place % Math.max(leaves.length, 1)] ?? [{}, ""];
        object[name] = value;
        const set = create(FileDescriptorSetSchema, { file: [file] });
        expect(refusalOfBytes(toBinary(FileDescriptorSetSchema, set))).toMatch(
          /^(?:PDR421[567] |accepted)/,
        );
      }),
      { numRuns: 400 },
    );
  });
});

describe("the services of a view", () => {
  test("are the same object as long as the view is", () => {
    const view = viewOf(manifestWith(form));

    expect(typedServicesOf(view)).toBe(typedServicesOf(view));
  });

  test("keep their types where only the rest of the registry changes", () => {
    const before = typedServicesOf(viewOf(manifestWith(form))).services.get("test.v1.Counter");
    const after = typedServicesOf(viewOf(manifestWith(form))).services.get("test.v1.Counter");

    expect(after?.desc).toBe(before?.desc);
  });

  test("are of the newest deployment", () => {
    const view = viewOf(manifestWith(form), manifestWith({ input: number }));
    const method = typedServicesOf(view).methods.get("/test.v1.Counter/Add");

    expect(method?.service.deployment.id).toBe("dp_1");
    expect(method?.desc.input.field["input"]?.fieldKind).toBe("scalar");
  });

  test("leave out one whose types are of no use", () => {
    const manifest = { ...manifestWith(form), descriptorSet: Uint8Array.of(1, 2, 3) };

    expect(typedServicesOf(viewOf(manifest)).services.size).toBe(0);
  });

  test("come with their files, each after what it imports", () => {
    const view = viewOf(manifestWith(form));
    const names = typedServicesOf(view)
      .services.get("test.v1.Counter")
      ?.files.map(({ name }) => name);

    expect(names).toEqual([
      "google/protobuf/duration.proto",
      "google/protobuf/struct.proto",
      "google/protobuf/timestamp.proto",
      "google/protobuf/descriptor.proto",
      "perdure/typed/v1/typed.proto",
      "test/v1/test.proto",
    ]);
  });

  test("have their handlers and paths", () => {
    const method = methodWith(form);

    expect([
      method.path,
      method.operation,
      method.handler.name,
      method.service.service.name,
    ]).toEqual(["/test.v1.Counter/Add", "call", "add", "counter"]);
  });
});

function element(number: number, content: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(content).finish();
}

/** Every plain value in the message, as the object that holds it and its name there. */
function leavesOf(message: object): [Record<string, unknown>, string][] {
  return Object.entries(message).flatMap(([name, value]): [Record<string, unknown>, string][] => {
    if (name.startsWith("$")) return [];
    if (typeof value === "object" && value !== null) return leavesOf(value as object);
    return [[message as Record<string, unknown>, name]];
  });
}
