import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  HandlerKind,
  ManifestSchema,
  ServiceKind,
  type HandlerSchema,
  type Manifest,
} from "@perdure/proto/manifest/v1/manifest";
import { describe, expect, test } from "vitest";
import { mergeManifests } from "./manifest-merge.js";

const json = "application/json";

function set(...files: readonly (readonly [name: string, syntax: string])[]): Uint8Array {
  const file = files.map(([name, syntax]) => ({ name, syntax }));
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}

interface Init {
  readonly name?: string;
  readonly kind?: ServiceKind;
  readonly handler?: MessageInitShape<typeof HandlerSchema>;
  readonly handlers?: readonly MessageInitShape<typeof HandlerSchema>[];
  readonly manifest?: MessageInitShape<typeof ManifestSchema>;
}

function manifestOf({
  name = "S",
  kind,
  handler = {},
  handlers,
  manifest = {},
}: Init = {}): Manifest {
  const one = { name: "h", kind: HandlerKind.SHARED, ...handler } as MessageInitShape<
    typeof HandlerSchema
  >;
  return create(ManifestSchema, {
    ...manifest,
    services: [
      { name, kind: kind ?? ServiceKind.SERVICE, handlers: handlers ? [...handlers] : [one] },
    ],
  } as MessageInitShape<typeof ManifestSchema>);
}

describe("from codegen is taken", () => {
  const generated = create(ManifestSchema, {
    services: [
      {
        name: "S",
        kind: ServiceKind.SERVICE,
        documentation: "of codegen",
        protoService: "t.v1.S",
        handlers: [
          {
            name: "h",
            kind: HandlerKind.SHARED,
            documentation: "of codegen",
            protoMethod: "H",
            input: { contentType: json, jsonSchema: '{"type":"string"}' },
            output: { contentType: json, jsonSchema: "{}" },
            steps: { complete: true },
          },
        ],
      },
      { name: "Other", kind: ServiceKind.SERVICE },
    ],
    descriptorSet: set(["t.proto", "proto3"]),
    contentHash: "sha256:1",
    generator: "codegen",
  });

  test("what the endpoint can't know", () => {
    const own = manifestOf({
      handler: { input: { contentType: json }, output: { contentType: json } },
    });

    const { manifest, differences } = mergeManifests(own, [generated]);

    expect(differences).toEqual([]);
    expect(manifest.services).toEqual(generated.services.slice(0, 1));
    expect(manifest.descriptorSet).toEqual(generated.descriptorSet);
    expect([manifest.contentHash, manifest.generator]).toEqual(["sha256:1", "codegen"]);
    expect(own.services[0]?.protoService).toBe("");
  });

  test("nothing that the endpoint says itself", () => {
    const own = manifestOf({
      handler: {
        documentation: "of the code",
        input: { contentType: json, jsonSchema: '{"type":"number"}' },
        output: { contentType: json },
      },
    });

    const [handler] = mergeManifests(own, [generated]).manifest.services[0]?.handlers ?? [];

    expect(handler).toMatchObject({
      documentation: "of the code",
      input: { jsonSchema: '{"type":"number"}', typesJsonSchema: '{"type":"string"}' },
      output: { jsonSchema: "{}", typesJsonSchema: "" },
      protoMethod: "H",
    });
  });

  test("nothing where there is none", () => {
    const own = manifestOf();
    expect(mergeManifests(own, []).manifest).toBe(own);
  });

  test("the files of several packages, each once", () => {
    const own = create(ManifestSchema, {
      services: ["A", "B"].map((name) => ({ name, kind: ServiceKind.SERVICE })),
    });
    const part = (name: string, file: string): Manifest =>
      create(ManifestSchema, {
        services: [{ name, kind: ServiceKind.SERVICE }],
        descriptorSet: set(["shared.proto", "proto3"], [file, "proto3"]),
        contentHash: `sha256:${name}`,
      });

    const { manifest, differences } = mergeManifests(own, [
      part("B", "b.proto"),
      part("A", "a.proto"),
    ]);

    const { file } = fromBinary(FileDescriptorSetSchema, manifest.descriptorSet);
    expect(file.map(({ name }) => name)).toEqual(["shared.proto", "b.proto", "a.proto"]);
    expect(manifest.contentHash).toBe("sha256:A sha256:B");
    expect(differences).toEqual([]);
  });
});

describe("a difference is", () => {
  const own = (init: MessageInitShape<typeof HandlerSchema>): Manifest =>
    manifestOf({ handler: init });

  test.each<readonly [string, Manifest, Manifest | Manifest[], readonly string[]]>([
    [
      "a service that no manifest has",
      manifestOf(),
      manifestOf({ name: "Other" }),
      ["service S is not in the manifest"],
    ],
    [
      "a service that two manifests have",
      manifestOf(),
      [manifestOf(), manifestOf()],
      ["service S is in the manifest more than once"],
    ],
    [
      "another kind",
      manifestOf(),
      manifestOf({ kind: ServiceKind.VIRTUAL_OBJECT }),
      ["S is a service in the code and a virtual object in the manifest"],
    ],
    [
      "a handler that one of them lacks",
      manifestOf({ handler: { name: "a" } }),
      manifestOf({ handler: { name: "b" } }),
      [
        "handler a of S is not in the manifest",
        "handler b of S is in the manifest and not in the code",
      ],
    ],
    [
      "another kind of handler",
      own({ kind: HandlerKind.SHARED }),
      own({ kind: HandlerKind.EXCLUSIVE }),
      ["handler h of S is shared in the code and exclusive in the manifest"],
    ],
    [
      "another content type",
      own({ input: { contentType: json }, output: { contentType: json } }),
      own({ input: { contentType: "image/png" }, output: { contentType: "text/plain" } }),
      [
        `the input of S/h has the content type "${json}" in the code and "image/png" in the manifest`,
        `the output of S/h has the content type "${json}" in the code and "text/plain" in the manifest`,
      ],
    ],
    [
      "an option that the manifest says",
      own({ options: { journalRetentionMs: 5n } }),
      own({
        options: { journalRetentionMs: 6n, ingressPrivate: true, retryPolicy: { maxAttempts: 2 } },
      }),
      [
        "the option journalRetention of S/h is 5 ms in the code and 6 ms in the manifest",
        "the option ingressPrivate of S/h is not set in the code and true in the manifest",
        "the option retryPolicy.maxAttempts of S/h is not set in the code and 2 in the manifest",
      ],
    ],
    [
      "another file under the same name",
      manifestOf({ manifest: { descriptorSet: set(["a.proto", "proto3"]) } }),
      manifestOf({ manifest: { descriptorSet: set(["a.proto", "proto2"]) } }),
      ["two manifests have a file a.proto, and not the same one"],
    ],
    [
      "another manifest than the one that the endpoint serves itself",
      manifestOf({ manifest: { contentHash: "sha256:1" } }),
      manifestOf({ manifest: { contentHash: "sha256:2" } }),
      ["the endpoint serves the manifest sha256:1 itself, and this one is sha256:2"],
    ],
  ])("%s", (_what, served, generated, differences) => {
    const list = Array.isArray(generated) ? generated : [generated];
    expect(mergeManifests(served, list).differences).toEqual(differences);
  });

  test.each<readonly [string, Manifest, Manifest]>([
    ["an option that only the code says", own({ options: { journalRetentionMs: 5n } }), own({})],
    [
      "an input and an output that the types don't have",
      own({ input: { contentType: json }, output: { contentType: json } }),
      own({ input: { contentType: "" }, output: { contentType: "" } }),
    ],
    [
      "a file of another release of protobuf itself",
      manifestOf({ manifest: { descriptorSet: set(["google/protobuf/any.proto", "proto3"]) } }),
      manifestOf({ manifest: { descriptorSet: set(["google/protobuf/any.proto", "proto2"]) } }),
    ],
    [
      "a serde that leaves the content type open",
      own({ input: { contentType: "*/*" }, output: { contentType: "" } }),
      own({ input: { contentType: json }, output: { contentType: json } }),
    ],
  ])("not %s", (_what, served, generated) => {
    expect(mergeManifests(served, [generated]).differences).toEqual([]);
  });
});
